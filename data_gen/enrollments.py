"""Enrollments: every student's seven classes, then every class's teachers.

Called by records.py and the gradebook. A student's classes lie in one school and grade and never clash.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Any, TypeVar

from data_gen.classes import sections, terms_of
from data_gen.people import student_id
from data_gen.references import Stamps, refer
from data_gen.school_year import terms
from data_gen.shape import SUBJECTS, Cohort, District, class_id, class_number, groups_of_students

LATE_PERCENT = 3
GONE_PERCENT = 1
BATCH = 7 * 4096

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Seat:
    """One student in one class."""

    student: int
    subject: int
    class_number: int
    school: str
    begin: str
    end: str


def _dates(district: District, cohort: Cohort, subject: int, group: int) -> tuple[date, date]:
    both = terms(district)
    if cohort.school.level == 0 or subject != SUBJECTS - 1:
        return both[0].start, both[1].end
    term = both[group % 2]
    return term.start, term.end


def seats(district: District) -> Iterator[Seat]:
    """All seats in order of student and subject."""
    for cohort in district.cohorts:
        if not cohort.count:
            continue
        numbers = range(cohort.first, cohort.first + cohort.count)
        taken = groups_of_students(district, cohort)
        late = district.draws.chance("enrollments/late", numbers, LATE_PERCENT)
        gone = district.draws.chance("enrollments/gone", numbers, GONE_PERCENT)
        days = district.draws.below("enrollments/days", numbers, 40)
        for place, student in enumerate(numbers):
            for subject in range(SUBJECTS):
                within = taken[place][subject]
                begin, end = _dates(district, cohort, subject, cohort.group + within)
                if late[place]:
                    begin += timedelta(days=1 + days[place])
                if gone[place]:
                    end -= timedelta(days=1 + days[place])
                yield Seat(
                    student, subject, class_number(cohort.base + within, subject), cohort.school.sourced_id,
                    begin.isoformat(), end.isoformat(),
                )  # fmt: skip


def _seat_record(seat: Seat, modified: str) -> dict[str, Any]:
    return {
        "sourcedId": f"enr-{seat.student:07d}-{seat.subject}",
        "status": "active",
        "dateLastModified": modified,
        "user": refer("user", student_id(seat.student)),
        "class": refer("class", class_id(seat.class_number)),
        "school": refer("org", seat.school),
        "role": "student",
        "beginDate": seat.begin,
        "endDate": seat.end,
    }


def _teaching(district: District) -> Iterator[dict[str, Any]]:
    for section in sections(district):
        own = terms_of(district, section)
        for letter, teacher in (("a", section.teacher), ("b", section.co_teacher)):
            if teacher:
                yield {
                    "sourcedId": f"ent-{section.number:07d}-{letter}",
                    "status": "active",
                    "dateLastModified": "",
                    "user": refer("user", teacher),
                    "class": refer("class", class_id(section.number)),
                    "school": refer("org", section.cohort.school.sourced_id),
                    "role": "teacher",
                    "primary": "true" if letter == "a" else "false",
                    "beginDate": own[0].start.isoformat(),
                    "endDate": own[-1].end.isoformat(),
                }


def enrollments(district: District, stamps: Stamps) -> Iterator[dict[str, Any]]:
    """Records of enrollments in order of sourcedId: students (enr-), then teachers (ent-)."""
    for start, batch in _batches(seats(district)):
        modified = stamps.of("enrollments/students", range(start, start + len(batch)))
        yield from map(_seat_record, batch, modified)
    for start, teaching in _batches(_teaching(district)):
        modified = stamps.of("enrollments/teachers", range(start, start + len(teaching)))
        for record, stamp in zip(teaching, modified, strict=True):
            record["dateLastModified"] = stamp
            yield record


def _batches(items: Iterator[T]) -> Iterator[tuple[int, list[T]]]:
    start = 0
    while batch := list(islice(items, BATCH)):
        yield start, batch
        start += len(batch)
