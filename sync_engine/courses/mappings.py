"""Mappings of courses, kept in the target: append-only, each with who, when and why.

Called by the alignment. The newest row of a course counts; the older ones stay.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields

from sync_engine.sql_text import quoted
from sync_engine.targets.session import Session

MAPPINGS = "_oneroster_course_mappings"
OURSELVES = "oneroster"
"""Who decides what needs no person."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """One decision on one course.

    code and title: of the course when it was decided. target: code of the catalogue, or the id of a custom course.
    kind: exact, given, sibling, custom, accepted or kept.
    """

    tenant: str
    course: str
    number: int
    code: str
    title: str
    target: str
    kind: str
    reason: str
    decided_by: str
    decided_at: str

    @property
    def is_custom(self) -> bool:
        """Whether the course has no counterpart in the catalogue."""
        return self.target.startswith("custom:")


_COLUMNS = tuple(one.name for one in fields(Mapping))


def current(session: Session, tenant: str) -> dict[str, Mapping]:
    """Course -> its newest mapping."""
    if not session.columns(MAPPINGS):
        return {}
    names = ", ".join(map(quoted, _COLUMNS))
    rows = session.query(f'SELECT {names} FROM {quoted(MAPPINGS)} WHERE "tenant" = ? ORDER BY "number"', (tenant,))
    return {mapping.course: mapping for mapping in (Mapping(*row) for row in rows)}


def keep(session: Session, decided: Iterable[Mapping]) -> None:
    """Add decisions inside the session's transaction."""
    columns = ", ".join(
        f"{quoted(name)} {'BIGINT' if name == 'number' else session.text_type} NOT NULL" for name in _COLUMNS
    )
    session.query(
        f'CREATE TABLE IF NOT EXISTS {quoted(MAPPINGS)} ({columns}, PRIMARY KEY ("tenant", "course", "number"))'
    )
    marks = ", ".join("?" for _ in _COLUMNS)
    for mapping in decided:
        session.query(f"INSERT INTO {quoted(MAPPINGS)} VALUES ({marks})", astuple(mapping))
