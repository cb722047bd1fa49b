"""Defects of enrollments.csv: who is in which class, as what, where and when."""

from __future__ import annotations

from datetime import date, timedelta

from data_gen.defects.draft import Draft, Fields, Place
from data_gen.defects.people import NOBODY
from data_gen.defects.registry import cell_defect, defect

ENROLLMENTS = "enrollments.csv"
DAYS_LATE = 90


@cell_defect(
    "enrollments.dangling-user",
    trips="csv.reference",
    file=ENROLLMENTS,
    column="userSourcedId",
    source="D101, D180",
)
def dangling_user(cell: str, row: Fields, draft: Draft) -> str | None:
    """A class has a student who is not in the file of users."""
    return NOBODY if row["role"] == "student" else None


@defect(
    "enrollments.two-primaries",
    trips="csv.primary-teacher",
    file=ENROLLMENTS,
    column="primary",
    stage="rows",
    source="D137",
)
def two_primaries(draft: Draft, count: int) -> list[Place]:
    """A class has two primary teachers at a time.

    The added enrollment is that of a teacher who otherwise teaches other classes.
    """
    sheet = draft.sheet(ENROLLMENTS)
    header = sheet.header
    user, key = header.index("userSourcedId"), header.index("sourcedId")
    teachers = sorted({fields["userSourcedId"] for _, fields in sheet.every() if fields["primary"] == "true"})
    if len(teachers) < 2:
        draft.choose(ENROLLMENTS, "enrollments.two-primaries", count, lambda row, fields: False)
    places = []
    rows = draft.choose(
        ENROLLMENTS, "enrollments.two-primaries", count, lambda row, fields: fields["primary"] == "true"
    )
    for row in rows:
        cells = sheet.cells(row)
        following = teachers.index(cells[user]) + 1
        cells[user] = teachers[following % len(teachers)]
        cells[key] += "-again"
        places.append(draft.place(ENROLLMENTS, sheet.append(cells), "primary"))
    return places


@cell_defect(
    "enrollments.primary-student",
    trips="csv.primary-role",
    file=ENROLLMENTS,
    column="primary",
    source="1.1 CSV tables, enrollments.csv",
)
def primary_student(cell: str, row: Fields, draft: Draft) -> str | None:
    """A student is the primary teacher of a class."""
    return "true" if row["role"] == "student" else None


@cell_defect(
    "enrollments.role-conflict",
    trips="csv.enrollment-role",
    file=ENROLLMENTS,
    column="role",
    source="D139",
)
def role_conflict(cell: str, row: Fields, draft: Draft) -> str | None:
    """A student is enrolled as a teacher.

    Whoever believes it shows the student the grades of the class.
    """
    return "teacher" if cell == "student" else None


@cell_defect(
    "enrollments.outside-term",
    trips="csv.enrollment-dates",
    file=ENROLLMENTS,
    column="endDate",
    source="D140, D142",
)
def outside_term(cell: str, row: Fields, draft: Draft) -> str | None:
    """An enrollment ends three months after the class does."""
    return (date.fromisoformat(cell) + timedelta(days=DAYS_LATE)).isoformat() if cell else None


@defect(
    "enrollments.repeated",
    trips="csv.enrollment-repeated",
    file=ENROLLMENTS,
    column="userSourcedId",
    stage="rows",
    source="D143",
)
def repeated(draft: Draft, count: int) -> list[Place]:
    """A student is enrolled in one class twice at the same time, under two ids."""
    sheet = draft.sheet(ENROLLMENTS)
    places = []
    for row in draft.choose(
        ENROLLMENTS, "enrollments.repeated", count, lambda row, fields: fields["role"] == "student"
    ):
        cells = sheet.cells(row)
        cells[sheet.header.index("sourcedId")] += "-again"
        places.append(draft.place(ENROLLMENTS, sheet.append(cells), "userSourcedId"))
    return places


@cell_defect(
    "enrollments.other-school",
    trips="csv.enrollment-school",
    file=ENROLLMENTS,
    column="schoolSourcedId",
    source="D145",
)
def other_school(cell: str, row: Fields, draft: Draft) -> str | None:
    """An enrollment names another school than its class."""
    orgs = draft.sheet("orgs.csv")
    every = (orgs.fields(number) for number in range(2, len(orgs.lines) + 1))
    schools = [fields["sourcedId"] for fields in every if fields["type"] == "school"]
    return next((school for school in schools if school != cell), None)
