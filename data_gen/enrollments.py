"""Enrollments: every student's classes, then every class's teachers.

Called by records.py and the writers. Rows are filled into templates, many at once; records are read from them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from data_gen.columns import Lines, Template, Text, digits, texts
from data_gen.references import Stamps
from data_gen.seating import BLOCK, Seating, Seats, Teaching
from data_gen.shape import District
from data_gen.timetable import KINDS
from oneroster_standard.marks import parse_all
from oneroster_standard.store import SEPARATOR

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


_TEACHER_ROWS: tuple[bytes | str, ...] = (
    b'{"sourcedId":"ent-', "class", b"-", "letter", b'","status":"active","dateLastModified":"', "modified",
    b'","user":{"href":"\x01/users/tch-', "teacher", b'","sourcedId":"tch-', "teacher", b'","type":"user"}',
    b',"class":{"href":"\x01/classes/cls-', "class", b'","sourcedId":"cls-', "class", b'","type":"class"}',
    b',"school":{"href":"\x01/orgs/', "school", b'","sourcedId":"', "school", b'","type":"org"}',
    b',"role":"teacher","primary":"', "primary", b'","beginDate":"', "begin", b'","endDate":"', "end", b'"}', SEPARATOR,
)  # fmt: skip
_TEACHER_LINES: tuple[bytes | str, ...] = (
    b"ent-", "class", b"-", "letter", b",,,cls-", "class", b",", "school", b",tch-", "teacher", b",teacher,", "primary",
    b",", "begin", b",", "end", b"\r\n",
)  # fmt: skip
_LETTERS, _PRIMARY, _KINDS = texts(["a", "b", "c"]), texts(["true", "false"]), texts(KINDS)


def _student_texts(seating: Seating, seats: Seats) -> dict[str, Text]:
    return {
        "student": digits(seats.student, 7),
        "subject": digits(seats.subject, 1),
        "class": digits(seats.class_number, 7),
        "school": seating.schools.take(seats.school),
        "begin": seating.days.take(seats.begin),
        "end": seating.days.take(seats.end),
    }


def _teacher_texts(seating: Seating, found: Teaching) -> dict[str, Text]:
    teacher = np.hstack(
        (digits(found.home, 4).matrix, _KINDS.take(found.kind).matrix, digits(found.number, 5).matrix)
    )
    return {
        "class": digits(found.class_number, 7),
        "letter": _LETTERS.take(found.place),
        "teacher": Text(teacher, False),
        "school": seating.schools.take(found.school),
        "primary": _PRIMARY.take(np.minimum(found.place, 1)),
        "begin": seating.days.take(found.begin),
        "end": seating.days.take(found.end),
    }


def _widths(seating: Seating) -> dict[str, int]:
    return {
        "student": 7, "subject": 1, "class": 7, "school": seating.schools.width, "modified": 24, "begin": 10, "end": 10,
        "letter": 1, "teacher": 10, "primary": 5,
    }  # fmt: skip


def enrollment_lines(district: District) -> Iterator[Lines]:
    """Rows of enrollments.csv, the same in both versions."""
    seating = Seating(district)
    template = Template(_STUDENT_LINES, _widths(seating), BLOCK * district.shape.stride)
    for seats in seating.blocks():
        yield template.fill(_student_texts(seating, seats))
    template = Template(_TEACHER_LINES, _widths(seating), 3 * BLOCK * district.shape.stride)
    for teaching in seating.teaching():
        yield template.fill(_teacher_texts(seating, teaching))


def enrollment_rows(district: District, stamps: Stamps) -> Iterator[Lines]:
    """Rendered records of enrollments in order of sourcedId, each with its separator: students, then teachers."""
    seating = Seating(district)
    template = Template(_STUDENT_ROWS, _widths(seating), BLOCK * district.shape.stride)
    start = 0
    for seats in seating.blocks():
        numbers = np.arange(start, start + len(seats.student))
        modified = stamps.column("enrollments/students", numbers)
        yield template.fill({**_student_texts(seating, seats), "modified": modified})
        start += len(numbers)
    template = Template(_TEACHER_ROWS, _widths(seating), 3 * BLOCK * district.shape.stride)
    start = 0
    for teaching in seating.teaching():
        numbers = np.arange(start, start + len(teaching.class_number))
        modified = stamps.column("enrollments/teachers", numbers)
        yield template.fill({**_teacher_texts(seating, teaching), "modified": modified})
        start += len(numbers)


def enrollments(district: District, stamps: Stamps) -> Iterator[dict[str, Any]]:
    """Records of enrollments in order of sourcedId: students (enr-), then teachers (ent-)."""
    for rows in enrollment_rows(district, stamps):
        yield from parse_all(bytes(rows.body))
