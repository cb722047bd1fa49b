"""What a district offers: its courses with their classes, as they landed.

Called by the alignment. A bundle without courses is survived: classes are gathered by the course that they name, or
by code and title. Reads live rows only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sync_engine.courses.codes import code_heads, code_key, course_part, course_title, title_key
from sync_engine.live_rows import is_landed, live
from sync_engine.sql_text import quoted
from sync_engine.targets.session import Session

FROM_CLASSES = "class:"


@dataclass(frozen=True, slots=True)
class Section:
    """One class. teachers: who teach it at the same time."""

    id: str
    school: str
    teachers: int


@dataclass(frozen=True, slots=True)
class Offering:
    """One course of the district. id: its sourcedId, or `class:CODE:TITLE` when only classes tell of it.

    codes: what may be its code, the likeliest first; title: as the district writes it.
    """

    id: str
    codes: tuple[str, ...]
    title: str
    sections: tuple[Section, ...]
    is_landed: bool

    @property
    def code(self) -> str:
        """The likeliest code; empty when there is none."""
        return self.codes[0] if self.codes else ""

    @property
    def key(self) -> tuple[str, str]:
        """Code and title as they are compared."""
        return code_key(self.code), title_key(self.title)

    @property
    def schools(self) -> int:
        """How many schools give it."""
        return len({section.school for section in self.sections})


def read(session: Session, tenant: str) -> list[Offering]:
    """All offerings of a tenant, in order of their ids."""
    teachers = _teachers(session, tenant)
    classes = _rows(
        session, "classes", tenant, ("sourcedId", "courseSourcedId", "classCode", "title", "schoolSourcedId")
    )  # fmt: skip
    courses = _rows(session, "courses", tenant, ("sourcedId", "courseCode", "title"))
    known = {str(course) for course, _, _ in courses}
    of_course: dict[str, list[Section]] = defaultdict(list)
    adrift: dict[str, list[tuple[str, str, Section]]] = defaultdict(list)
    for id, course, code, title, school in classes:
        section = Section(id, school or "", teachers.get(id, 0))
        if course in known:
            of_course[course].append(section)
        else:
            gathered = course or f"{FROM_CLASSES}{code_key(course_part(code))}:{title_key(course_title(title))}"
            adrift[gathered].append((code or "", title or "", section))
    found = [
        Offering(id, (code,) if code else (), title or "", tuple(of_course[id]), True) for id, code, title in courses
    ]
    found += [_gathered(id, members) for id, members in adrift.items()]
    return sorted(found, key=lambda one: one.id)


def _gathered(id: str, members: Sequence[tuple[str, str, Section]]) -> Offering:
    """An offering that only its classes tell of."""
    heads = [code_heads(code) for code, _, _ in members]
    common = [head for head in heads[0] if all(head in others for others in heads[1:])]
    part = course_part(members[0][0])
    codes = dict.fromkeys([part, *common]) if part in common else dict.fromkeys(common)
    title = min(course_title(title) for _, title, _ in members)
    return Offering(id, tuple(code for code in codes if code), title, tuple(one for _, _, one in members), False)


def _rows(session: Session, table: str, tenant: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    if not is_landed(session, table):
        return []
    names = ", ".join(map(quoted, columns))
    sql = f'SELECT {names} FROM {quoted(table)} WHERE "tenant" = ? AND {live()} ORDER BY "sourcedId"'
    return sorted(session.query(sql, (tenant,)), key=lambda row: str(row[0]))


def _teachers(session: Session, tenant: str) -> dict[str, int]:
    """Class -> how many teach it at one time, at most; a successor is no second teacher."""
    if not is_landed(session, "enrollments"):
        return {}
    sql = (
        'SELECT "classSourcedId", "userSourcedId", "beginDate", "endDate" FROM "enrollments"'
        f" WHERE \"tenant\" = ? AND \"role\" = 'teacher' AND {live()}"
    )
    spans: dict[str, dict[str, list[tuple[str, str]]]] = defaultdict(lambda: defaultdict(list))
    for place, user, begin, end in session.query(sql, (tenant,)):
        spans[str(place)][str(user)].append((begin or "", end or "9999"))
    return {place: most_at_once(of_user.values()) for place, of_user in spans.items()}


def most_at_once(people: Iterable[Sequence[tuple[str, str]]]) -> int:
    """How many of these people overlap at most; spans of ISO dates, the end not included."""
    everybody = [list(spans) for spans in people]
    begins = [begin for spans in everybody for begin, _ in spans]
    counts = (
        sum(any(begin <= day < end or begin == day for begin, end in spans) for spans in everybody) for day in begins
    )
    return max(counts, default=0)
