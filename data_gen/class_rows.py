"""Classes as columns: all sections of many groups at once, with course, room, period and terms.

Called by records.py. The same classes as classes.py tells one by one; tests hold the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import orjson

from data_gen.columns import Lines, Numbers, Template, Text, chunks, counted, digits, texts
from data_gen.courses import Course, course, elective, every_course
from data_gen.level_facts import LevelFacts, level_facts
from data_gen.references import Stamps, refer
from data_gen.resources import resources_of_class
from data_gen.school_year import Session, summer_terms, terms
from data_gen.shape import GRADES, District
from data_gen.timetable import HOMEROOM_PERIOD, Sharing, Slot, slots
from oneroster_standard.bundle_writer import csv_bytes
from oneroster_standard.cells import join_list
from oneroster_standard.marks import render
from oneroster_standard.store import SEPARATOR

BLOCK = 512
"""Groups of a block."""
_LINKS, _LINKED = 40, 3
"""Every so many classes one has resources; which."""
_ROWS: tuple[bytes | str, ...] = (
    b'{"sourcedId":"cls-', "number", b'","status":"active","dateLastModified":"', "modified", b'","title":"', "title", b" - S",
    "school", b" Section ", "section", b'","classCode":"', "code", b"-", "school", b"-", "section3", b'","classType":"', "type",
    b'","location":"Room ', "room", b'","grades":["', "grade", b'"],"subjects":["', "subject",
    b'"],"course":{"href":"\x01/courses/', "course", b'","sourcedId":"', "course", b'","type":"course"},"school":{"href":"\x01/orgs/',
    "org", b'","sourcedId":"', "org", b'","type":"org"},"terms":', "terms", b',"subjectCodes":["', "subject code",
    b'"],"periods":["', "period", b'"]', "resources", b"}", SEPARATOR,
)  # fmt: skip
_LINES: tuple[bytes | str, ...] = (
    b"cls-", "number", b",,,", "title", b" - S", "school", b" Section ", "section", "quote", b",", "grade", b",", "course", b",",
    "code", b"-", "school", b"-", "section3", "code quote", b",", "type", b",Room ", "room", b",", "org", b",", "terms", b",", "subject",
    b",", "subject code", b",", "period", b"\r\n",
)  # fmt: skip
_LINK_LINES: tuple[bytes | str, ...] = (
    b"cls-", "number", b"-", "resource", b",,,,cls-", "number", b",", "resource", b"\r\n",
)  # fmt: skip


def _json_cell(text: str) -> str:
    return orjson.dumps(text)[1:-1].decode()


def _csv_cell(text: str) -> str:
    return csv_bytes([[text, ""]])[:-3].decode()


def _open_cell(text: str) -> str:
    """The beginning of a cell that goes on."""
    return _csv_cell(text).removesuffix('"') if _csv_cell(text) != text else text


@dataclass(frozen=True, slots=True)
class Block:
    """Some classes in order: their numbers; group: within the school; place: among the level's subjects; terms: place in Classes.runs."""

    number: Numbers
    level: Numbers
    place: Numbers
    group: Numbers
    school: Numbers
    grade: Numbers
    course: Numbers
    period: Numbers
    terms: Numbers


@dataclass(frozen=True)
class Classes:
    """The classes of a district."""

    district: District

    @cached_property
    def _levels(self) -> LevelFacts:
        return level_facts(self.district)

    @cached_property
    def _cohorts(self) -> dict[str, Numbers]:
        found = [one for one in self.district.cohorts if one.groups]
        facts = {
            "base": [one.base for one in found], "group": [one.group for one in found], "count": [one.count for one in found],
            "grade": [one.grade for one in found], "level": [one.school.level for one in found],
            "school": [one.school.number for one in found], "groups": [one.groups for one in found],
        }  # fmt: skip
        return {name: np.array(values, np.int64) for name, values in facts.items()}

    def _by_slot(self, of: Callable[[int, Slot], Any], absent: Any) -> list[list[Any]]:
        width = self._levels.width
        every = [[of(place, slot) for slot in slots(level)] for place, level in enumerate(self.district.levels)]
        return [[*row, *[absent] * (width - len(row))] for row in every]

    @cached_property
    def courses(self) -> list[Course]:
        """All courses in order of sourcedId."""
        return every_course(self.district)

    @cached_property
    def _course_places(self) -> Numbers:
        """Level, slot, grade and which of the electives -> place of the course."""
        places = {found.sourced_id: place for place, found in enumerate(self.courses)}
        most = max(len(subject.electives) for level in self.district.levels for subject in level.subjects)

        def of(place: int, slot: Slot) -> list[list[int]]:
            level = self.district.levels[place]
            if self._is_chosen(place, slot):
                told = [places.get(elective(place, level, slot, number).sourced_id, 0) for number in range(len(slot.subject.electives))]
                return [[*told, *[0] * (max(most, 1) - len(told))]] * len(GRADES)
            own = [places.get(course(slot, grade).sourced_id, 0) if grade in level.grades else 0 for grade in range(len(GRADES))]
            return [[one] * max(most, 1) for one in own]

        return np.array(self._by_slot(of, [[0] * max(most, 1)] * len(GRADES)), np.int64)

    def _is_chosen(self, place: int, slot: Slot) -> bool:
        return slot.subject.name in self.district.levels[place].chosen and bool(slot.subject.electives)

    @cached_property
    def _choices(self) -> Numbers:
        """How many electives a slot has, at least 1."""
        return np.array(self._by_slot(lambda place, slot: len(slot.subject.electives) if self._is_chosen(place, slot) else 1, 1), np.int64)

    @cached_property
    def _lanes(self) -> Numbers:
        return np.array(self._by_slot(lambda _place, slot: slot.lane, -1), np.int64)

    @cached_property
    def homerooms(self) -> Numbers:
        """Level and slot -> 1 for a homeroom."""
        return np.array(self._by_slot(lambda _place, slot: int(slot.subject.is_homeroom), 0), np.int64)

    @cached_property
    def shifts(self) -> Numbers:
        """Shift of each school's periods by its number."""
        return Sharing(self.district).shifts

    @cached_property
    def runs(self) -> list[tuple[Session, ...]]:
        """Terms that a class may run: by the first one and how many, then those of the summer."""
        every = terms(self.district)
        return [
            *(every[first : first + size] for first in range(len(every)) for size in range(len(every) + 1)),
            summer_terms(self.district),
        ]  # fmt: skip

    def blocks(self) -> Iterator[Block]:
        """All classes in order, of at most 512 groups at a time."""
        for numbers in chunks(sum(cohort.groups for cohort in self.district.cohorts), BLOCK):
            yield self._block(np.arange(numbers.start, numbers.stop, dtype=np.int64))

    def _block(self, base: Numbers) -> Block:
        facts, told = self._cohorts, self._levels
        cohort = np.searchsorted(facts["base"], base, side="right") - 1
        taken = base - facts["base"][cohort]
        group, level = facts["group"][cohort] + taken, facts["level"][cohort]
        school, grade, periods = facts["school"][cohort], facts["grade"][cohort], told.periods[facts["level"][cohort]]
        present, slot = told.present[level], np.broadcast_to(np.arange(told.width), (len(base), told.width))
        if told.has_summer:
            takers = facts["count"][cohort][:, None] * told.percent[level] // 100
            sections = np.minimum(facts["groups"][cohort][:, None], -(-takers // told.section_size[level][:, None]))
            present = present & (~told.summer[level] | (taken[:, None] < sections))
        lane = self._lanes[level]
        period = np.where(lane < 0, 0, (group[:, None] + lane + self.shifts[school][:, None]) % periods[:, None] + 1)
        choice = (group + group // periods)[:, None] % self._choices[level]
        counted_from = np.where(told.chained[level], (taken % periods)[:, None] + told.part[level], group[:, None])
        size = told.part_terms[level]
        run = counted_from % told.parts[level] * size * (told.regular_terms + 1) + size
        every = {
            "number": base[:, None] * self.district.shape.stride + slot, "level": level[:, None], "place": slot, "group": group[:, None],
            "school": school[:, None], "grade": grade[:, None], "period": period,
            "course": self._course_places[level[:, None], slot, grade[:, None], choice],
            "terms": np.where(told.summer[level], len(self.runs) - 1, run),
        }  # fmt: skip
        return Block(**{name: np.broadcast_to(values, present.shape)[present] for name, values in every.items()})


@dataclass(frozen=True)
class _Said:
    """What rows take from: texts by course, grade, terms, period and the rest of a class's number by 440."""

    classes: Classes
    is_csv: bool

    def _each_course(self, of: Callable[[Course], str]) -> Text:
        return texts([of(found) for found in self.classes.courses])

    @cached_property
    def _courses(self) -> dict[str, Text]:
        if self.is_csv:
            return {
                "title": self._each_course(lambda one: _open_cell(one.title)), "code": self._each_course(lambda one: _open_cell(one.code)),
                "quote": self._each_course(lambda one: '"' if _csv_cell(one.title) != one.title else ""),
                "code quote": self._each_course(lambda one: '"' if _csv_cell(one.code) != one.code else ""),
                "subject": self._each_course(lambda one: _csv_cell(join_list([one.subject_name]))),
                "subject code": self._each_course(lambda one: _csv_cell(join_list([one.subject_code]))),
                "course": self._each_course(lambda one: one.sourced_id),
            }  # fmt: skip
        return {
            "title": self._each_course(lambda one: _json_cell(one.title)), "code": self._each_course(lambda one: _json_cell(one.code)),
            "subject": self._each_course(lambda one: _json_cell(one.subject_name)),
            "subject code": self._each_course(lambda one: _json_cell(one.subject_code)),
            "course": self._each_course(lambda one: one.sourced_id),
        }  # fmt: skip

    def _run(self, run: Sequence[Session]) -> str:
        if self.is_csv:
            return _csv_cell(join_list([term.sourced_id for term in run]))
        return render({"": [refer("academicSession", term.sourced_id) for term in run]})[4:-1].decode()

    @cached_property
    def _tables(self) -> dict[str, Text]:
        most = max(level.periods for level in self.classes.district.levels)
        linked = [[refer("resource", one) for one in resources_of_class(_LINKED + _LINKS * turn)] for turn in range(11)]
        return {
            "terms": texts(list(map(self._run, self.classes.runs))), "grade": texts(GRADES), "type": texts(["scheduled", "homeroom"]),
            "org": texts(["", *(school.sourced_id for school in self.classes.district.schools)]),
            "period": texts([HOMEROOM_PERIOD, *(str(number) for number in range(1, most + 1))]),
            "resources": texts(["", *(f',"resources":{render({"": found})[4:-1].decode()}' for found in linked)]),
        }  # fmt: skip

    def values(self, block: Block) -> dict[str, Text]:
        """The columns of some classes, but for their stamps."""
        tables = self._tables
        has_links = block.number % _LINKS == _LINKED
        found = {
            **{name: table.take(block.course) for name, table in self._courses.items()},
            "number": digits(block.number, 7), "school": counted(block.school, 2), "section": counted(block.group + 1, 1),
            "section3": counted(block.group + 1, 3), "room": counted(100 + block.group * 2 + block.place % 2, 3),
            "grade": tables["grade"].take(block.grade), "org": tables["org"].take(block.school), "terms": tables["terms"].take(block.terms),
            "type": tables["type"].take(self.classes.homerooms[block.level, block.place]), "period": tables["period"].take(block.period),
        }  # fmt: skip
        if not self.is_csv:
            found["resources"] = tables["resources"].take(np.where(has_links, 1 + block.number // _LINKS % 11, 0))
        return found


def _template(parts: tuple[bytes | str, ...], values: dict[str, Text], classes: Classes) -> Template:
    return Template(parts, {name: text.width for name, text in values.items()}, BLOCK * classes.district.shape.stride)


def class_rows(district: District, stamps: Stamps) -> Iterator[Lines]:
    """Rendered records of classes in order of sourcedId, each with its separator."""
    classes = Classes(district)
    said, template = _Said(classes, is_csv=False), None
    for block in classes.blocks():
        values = said.values(block)
        values["modified"] = stamps.column("classes", block.number)
        template = template or _template(_ROWS, values, classes)
        yield template.fill(values)


def class_lines(district: District) -> Iterator[Lines]:
    """Rows of classes.csv of 1.1."""
    classes = Classes(district)
    said, template = _Said(classes, is_csv=True), None
    for block in classes.blocks():
        values = said.values(block)
        template = template or _template(_LINES, values, classes)
        yield template.fill(values)


def class_resource_lines(district: District) -> Iterator[Lines]:
    """Rows of classResources.csv, the same in both versions."""
    classes, template = Classes(district), None
    for block in classes.blocks():
        linked = block.number[block.number % _LINKS == _LINKED].tolist()
        pairs = [(number, resource) for number in linked for resource in resources_of_class(number)]
        if pairs:
            values = {
                "number": digits(np.array([number for number, _ in pairs], np.int64), 7),
                "resource": texts([resource for _, resource in pairs]),
            }
            template = template or _template(_LINK_LINES, values, classes)
            yield template.fill(values)
