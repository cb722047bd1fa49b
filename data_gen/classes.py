"""Classes: one per section and subject, with period, room, terms and teachers.

Called by records.py, the people (who teaches) and the gradebook. Arithmetic from the district's shape only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from data_gen.courses import Course, course_of
from data_gen.references import Stamps, refer
from data_gen.resources import resources_of_class
from data_gen.school_year import Session, summer_terms, terms
from data_gen.shape import GRADES, Cohort, District, class_id
from data_gen.timetable import (
    HOMEROOM_PERIOD,
    Post,
    Sharing,
    Slot,
    post_of,
    second_of,
    slots,
    substitute_of,
    summer_sections,
)


@dataclass(frozen=True, slots=True)
class Section:
    """One class: its numbers, its course and when it meets.

    group: number of its section of students within the school; teacher, co_teacher and substitute: keys of users, the last two may be empty.
    """

    number: int
    cohort: Cohort
    group: int
    slot: Slot
    course: Course
    period: str
    teacher: str
    co_teacher: str
    substitute: str


@dataclass(frozen=True)
class Sections:
    """The classes of a district."""

    district: District

    @cached_property
    def _sharing(self) -> Sharing:
        return Sharing(self.district)

    def each(self, every: int) -> Iterator[Section]:
        """Classes in order of their number, those whose number is a multiple only."""
        timetables = [slots(level) for level in self.district.levels]
        for cohort in self.district.cohorts:
            timetable = timetables[cohort.school.level]
            last = [summer_sections(self.district, cohort, slot) if slot.subject.is_summer else cohort.groups for slot in timetable]
            for place in range(cohort.groups):
                first = self.district.class_number(cohort.base + place, 0)
                for slot in timetable if every == 1 else timetable[-first % every :: every]:
                    if place < last[slot.place]:
                        yield self._section(cohort, place, slot)

    def _section(self, cohort: Cohort, place: int, slot: Slot) -> Section:
        school, group = cohort.school, cohort.group + place
        level = self.district.levels[school.level]
        teacher = post_of(self._sharing, school, slot, group)
        second, away = second_of(level, school, slot, group), substitute_of(self.district, teacher, slot)
        period = (group + slot.lane + int(self._sharing.shifts[school.number])) % level.periods + 1
        return Section(
            self.district.class_number(cohort.base + place, slot.place), cohort, group, slot,
            course_of(self.district, school.level, slot, cohort.grade, group),
            HOMEROOM_PERIOD if slot.lane < 0 else str(period), teacher.sourced_id, _key(second), _key(away),
        )  # fmt: skip


def _key(post: Post | None) -> str:
    return post.sourced_id if post else ""


def sections(district: District, every: int = 1) -> Iterator[Section]:
    """All classes in order of their number, or those whose number is a multiple."""
    return Sections(district).each(every)


def part_of(district: District, cohort: Cohort, group: int, slot: Slot) -> int:
    """Which part of the year a class runs in: sections that meet at the same times agree where a period is shared."""
    periods = district.levels[cohort.school.level].periods
    return ((group - cohort.group) % periods + slot.part if slot.is_chained else group) % slot.parts


def terms_of(district: District, section: Section) -> tuple[Session, ...]:
    """The terms a class runs: all of the year, a part of them, or those of the summer."""
    if section.slot.subject.is_summer:
        return summer_terms(district)
    every, parts = terms(district), section.slot.parts
    part, size = part_of(district, section.cohort, section.group, section.slot), len(every) // parts
    return every[part * size : (part + 1) * size]


def classes(district: District, stamps: Stamps) -> Iterator[dict[str, Any]]:
    """Records of classes in order of sourcedId."""
    total = sum(cohort.groups for cohort in district.cohorts) * district.shape.stride
    modified = stamps.of("classes", range(total))
    for section in sections(district):
        found, school = section.course, section.cohort.school
        record: dict[str, Any] = {
            "sourcedId": class_id(section.number),
            "status": "active",
            "dateLastModified": modified[section.number],
            "title": f"{found.title} - S{school.number:02d} Section {section.group + 1}",
            "classCode": f"{found.code}-{school.number:02d}-{section.group + 1:03d}",
            "classType": "homeroom" if section.slot.subject.is_homeroom else "scheduled",
            "location": f"Room {100 + section.group * 2 + section.slot.place % 2}",
            "grades": [GRADES[section.cohort.grade]],
            "subjects": [found.subject_name],
            "course": refer("course", found.sourced_id),
            "school": refer("org", school.sourced_id),
            "terms": [refer("academicSession", term.sourced_id) for term in terms_of(district, section)],
            "subjectCodes": [found.subject_code],
            "periods": [section.period],
        }
        linked = resources_of_class(section.number)
        if linked:
            record["resources"] = [refer("resource", resource) for resource in linked]
        yield record
