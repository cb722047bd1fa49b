"""Classes: one per group of students and subject, with period, room, terms and teachers.

Called by records.py, the people (who teaches) and the gradebook. Arithmetic from the district's shape only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from data_gen.courses import Course, course
from data_gen.references import Stamps, refer
from data_gen.resources import resources_of_class
from data_gen.school_year import Session, terms
from data_gen.shape import GRADES, SUBJECTS, TEACHER_LOAD, Cohort, District, class_id, class_number, period_of

SPECIALIST_SUBJECTS = (5, 6)
HOMEROOM_SUBJECTS = 5
CO_TAUGHT_EVERY = 12


@dataclass(frozen=True, slots=True)
class Section:
    """One class: its numbers, its course and when it meets.

    group: number of its group within the school; teacher and co_teacher: keys of users, co_teacher may be empty.
    """

    number: int
    cohort: Cohort
    group: int
    subject: int
    course: Course
    teacher: str
    co_teacher: str

    @property
    def period(self) -> int:
        """Period of the day, from 1."""
        return period_of(self.group, self.subject)


def teacher_id(school: int, kind: str, number: int) -> str:
    """Key of a teacher: h homeroom, s subject or specialist, c co-teacher."""
    return f"tch-{school:04d}{kind}{number:05d}"


def _teacher(cohort: Cohort, group: int, subject: int) -> str:
    school = cohort.school
    if school.level == 0 and subject < HOMEROOM_SUBJECTS:
        return teacher_id(school.number, "h", group)
    return teacher_id(school.number, "s", (group // TEACHER_LOAD) * 10 + subject)


def _co_teacher(cohort: Cohort, group: int, subject: int) -> str:
    if subject != 2 or group % CO_TAUGHT_EVERY != 1:
        return ""
    return teacher_id(cohort.school.number, "c", group // CO_TAUGHT_EVERY // TEACHER_LOAD)


def sections(district: District) -> Iterator[Section]:
    """All classes in order of their number."""
    for cohort in district.cohorts:
        for place in range(cohort.groups):
            group = cohort.group + place
            for subject in range(SUBJECTS):
                yield Section(
                    class_number(cohort.base + place, subject), cohort, group, subject, course(cohort.grade, subject),
                    _teacher(cohort, group, subject), _co_teacher(cohort, group, subject),
                )  # fmt: skip


def terms_of(district: District, section: Section) -> tuple[Session, ...]:
    """The terms a class runs: both, except electives of middle and high schools, which run one."""
    both = terms(district)
    if section.cohort.school.level == 0 or section.subject != SUBJECTS - 1:
        return both
    return (both[section.group % 2],)


def classes(district: District, stamps: Stamps) -> Iterator[dict[str, Any]]:
    """Records of classes in order of sourcedId."""
    total = sum(cohort.groups for cohort in district.cohorts) * SUBJECTS
    modified = stamps.of("classes", range(total))
    for section in sections(district):
        found, school = section.course, section.cohort.school
        record: dict[str, Any] = {
            "sourcedId": class_id(section.number),
            "status": "active",
            "dateLastModified": modified[section.number],
            "title": f"{found.title} - S{school.number:02d} Section {section.group + 1}",
            "classCode": f"{found.code}-{school.number:02d}-{section.group + 1:03d}",
            "classType": "homeroom" if school.level == 0 and section.subject == 0 else "scheduled",
            "location": f"Room {100 + section.group * 2 + section.subject % 2}",
            "grades": [GRADES[found.grade]],
            "subjects": [found.subject_name],
            "course": refer("course", found.sourced_id),
            "school": refer("org", school.sourced_id),
            "terms": [refer("academicSession", term.sourced_id) for term in terms_of(district, section)],
            "subjectCodes": [found.subject_code],
            "periods": [str(section.period)],
        }
        linked = resources_of_class(section.number)
        if linked:
            record["resources"] = [refer("resource", resource) for resource in linked]
        yield record
