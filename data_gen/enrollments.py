"""Enrollments: every student's seven classes, then every class's teachers.

Called by records.py and the writers. Students' rows are filled into templates, many at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, TypeVar

import numpy as np

from data_gen.classes import sections, terms_of
from data_gen.columns import Lines, Template, Text, digits
from data_gen.references import Stamps, refer
from data_gen.rendering import csv_rows
from data_gen.seating import BLOCK, Seating, Seats
from data_gen.shape import SUBJECTS, District, class_id
from oneroster_standard.bundle_writer import csv_bytes
from oneroster_standard.marks import parse_all, render
from oneroster_standard.standard import load
from oneroster_standard.store import SEPARATOR

BATCH = 7 * 4096

T = TypeVar("T")


_STUDENT_ROWS: tuple[bytes | str, ...] = (
    b'{"sourcedId":"enr-', "student", b"-", "subject", b'","status":"active","dateLastModified":"', "modified",
    b'","user":{"href":"\x01/users/stu-', "student", b'","sourcedId":"stu-', "student", b'","type":"user"}',
    b',"class":{"href":"\x01/classes/cls-', "class", b'","sourcedId":"cls-', "class", b'","type":"class"}',
    b',"school":{"href":"\x01/orgs/', "school", b'","sourcedId":"', "school", b'","type":"org"}',
    b',"role":"student","beginDate":"', "begin", b'","endDate":"', "end", b'"}', SEPARATOR,
)  # fmt: skip
_STUDENT_LINES: tuple[bytes | str, ...] = (
    b"enr-", "student", b"-", "subject", b",,,cls-", "class", b",", "school", b",stu-", "student", b",student,,", "begin",
    b",", "end", b"\r\n",
)  # fmt: skip


def _student_texts(seating: Seating, seats: Seats) -> dict[str, Text]:
    return {
        "student": digits(seats.student, 7),
        "subject": digits(seats.subject, 1),
        "class": digits(seats.class_number, 7),
        "school": seating.schools.take(seats.school),
        "begin": seating.days.take(seats.begin),
        "end": seating.days.take(seats.end),
    }


def _widths(seating: Seating) -> dict[str, int]:
    return {
        "student": 7, "subject": 1, "class": 7, "school": seating.schools.width, "modified": 24, "begin": 10, "end": 10,
    }  # fmt: skip


def _student_rows(district: District, stamps: Stamps) -> Iterator[Lines]:
    seating = Seating(district)
    template = Template(_STUDENT_ROWS, _widths(seating), BLOCK * SUBJECTS)
    start = 0
    for seats in seating.blocks():
        count = len(seats.student)
        modified = stamps.column("enrollments/students", np.arange(start, start + count))
        yield template.fill({**_student_texts(seating, seats), "modified": modified})
        start += count


def enrollment_lines(district: District) -> Iterator[Lines]:
    """Rows of enrollments.csv, the same in both versions."""
    seating = Seating(district)
    template = Template(_STUDENT_LINES, _widths(seating), BLOCK * SUBJECTS)
    for seats in seating.blocks():
        yield template.fill(_student_texts(seating, seats))
    file = load("1.1").csv_files["enrollments.csv"]
    for _, teaching in _batches(_teaching(district)):
        yield Lines.of([csv_bytes([row]) for row in csv_rows(file, teaching)])


def enrollment_rows(district: District, stamps: Stamps) -> Iterator[Lines]:
    """Rendered records of enrollments in order of sourcedId, each with its separator."""
    yield from _student_rows(district, stamps)
    for batch in _teaching_records(district, stamps):
        yield Lines.of([render(record) + SEPARATOR for record in batch])


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


def _teaching_records(district: District, stamps: Stamps) -> Iterator[list[dict[str, Any]]]:
    for start, teaching in _batches(_teaching(district)):
        modified = stamps.of("enrollments/teachers", range(start, start + len(teaching)))
        for record, stamp in zip(teaching, modified, strict=True):
            record["dateLastModified"] = stamp
        yield teaching


def enrollments(district: District, stamps: Stamps) -> Iterator[dict[str, Any]]:
    """Records of enrollments in order of sourcedId: students (enr-), then teachers (ent-)."""
    for rows in _student_rows(district, stamps):
        yield from parse_all(rows.body)
    for batch in _teaching_records(district, stamps):
        yield from batch


def _batches(items: Iterator[T]) -> Iterator[tuple[int, list[T]]]:
    start = 0
    while batch := list(islice(items, BATCH)):
        yield start, batch
        start += len(batch)
