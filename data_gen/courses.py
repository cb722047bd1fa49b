"""Courses: one per grade and subject of the shape, and those that students choose among; subject codes in the form of SCED.

Called by records.py and by the classes, which take their title, subjects and grades from their course. The district
owns them, or the state where there is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from data_gen.organisations import owner_id
from data_gen.references import Stamps, refer
from data_gen.resources import resources_of_course
from data_gen.shape import GRADES, District
from data_gen.shapes.model import Level
from data_gen.timetable import Slot, slots

FIRST_SECONDARY = 6
"""Place in GRADES from which a course's title does not start with its grade."""


@dataclass(frozen=True, slots=True)
class Course:
    """One course; grades: places in GRADES; slot: place among its level's subjects."""

    sourced_id: str
    grades: range
    slot: int
    title: str
    code: str
    subject_name: str
    subject_code: str


def course(slot: Slot, grade: int) -> Course:
    """The course of a subject in a grade, where a section has it together."""
    subject, code = slot.subject, slot.subject.codes.get(GRADES[grade], slot.subject.code)
    default = f"{subject.name} {grade}"
    if grade < FIRST_SECONDARY:
        default = f"{'Kindergarten' if grade == 0 else f'Grade {grade}'} {subject.name}"
    return Course(
        f"crs-{grade:02d}{slot.place}", range(grade, grade + 1), slot.place, subject.titles.get(GRADES[grade], default),
        f"{code}{GRADES[grade]}", subject.area, code,
    )  # fmt: skip


def elective(level_place: int, level: Level, slot: Slot, number: int) -> Course:
    """One of the courses to choose from, of all grades of the level."""
    title, code = slot.subject.electives[number]
    return Course(f"crs-e{level_place}{slot.place}{number:02d}", level.grades, slot.place, title, code, slot.subject.area, code)


def course_of(district: District, level_place: int, slot: Slot, grade: int, group: int) -> Course:
    """The course of a section's class. group: number within the school; sections at the same time have different courses to choose."""
    level, choices = district.levels[level_place], len(slot.subject.electives)
    if slot.subject.name in level.chosen and choices:
        return elective(level_place, level, slot, (group + group // level.periods) % choices)
    return course(slot, grade)


def every_course(district: District) -> list[Course]:
    """All courses in order of sourcedId."""
    taught = sorted({cohort.grade for cohort in district.cohorts if cohort.count})
    found: list[Course] = []
    for place, level in enumerate(district.levels):
        here = [grade for grade in taught if grade in level.grades]
        for slot in slots(level) if here else ():
            if slot.subject.name in level.chosen and slot.subject.electives:
                found += [elective(place, level, slot, number) for number in range(len(slot.subject.electives))]
            else:
                found += [course(slot, grade) for grade in here]
    return sorted(found, key=lambda one: one.sourced_id)


def courses(district: District, stamps: Stamps) -> Iterator[dict[str, Any]]:
    """Records of courses in order of sourcedId."""
    every = every_course(district)
    for found, modified in zip(every, stamps.of("courses", range(len(every))), strict=True):
        record: dict[str, Any] = {
            "sourcedId": found.sourced_id,
            "status": "active",
            "dateLastModified": modified,
            "title": found.title,
            "schoolYear": refer("academicSession", f"ses-{district.year_ends}"),
            "courseCode": found.code,
            "grades": [GRADES[grade] for grade in found.grades],
            "subjects": [found.subject_name],
            "org": refer("org", owner_id(district)),
            "subjectCodes": [found.subject_code],
        }
        linked = resources_of_course(found.grades[0], found.slot)
        if linked:
            record["resources"] = [refer("resource", resource) for resource in linked]
        yield record
