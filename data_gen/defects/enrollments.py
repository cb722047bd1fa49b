"""Defects of enrollments.csv: who is in which class, as what, where and when."""

from __future__ import annotations

from datetime import date, timedelta

from data_gen.defects.draft import Draft, Fields, Place, TooFew
from data_gen.defects.people import NOBODY
from data_gen.defects.registry import ONLY_1P1, cell_defect, defect

ENROLLMENTS = "enrollments.csv"
DAYS_LATE = 90
FEWEST_AT_LUNCH, MOST_AT_LUNCH = 110, 400


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


@cell_defect("enrollments.unknown-class", trips="csv.reference", file=ENROLLMENTS, column="classSourcedId", source="D101")
def unknown_class(cell: str, row: Fields, draft: Draft) -> str | None:
    """A student is enrolled in a class that is not in the file."""
    return NOBODY if row["role"] == "student" else None


@cell_defect("enrollments.end-before-begin", trips="csv.date-range", file=ENROLLMENTS, column="endDate", source="D140")
def end_before_begin(cell: str, row: Fields, draft: Draft) -> str | None:
    """An enrollment ends before it begins."""
    begin = row["beginDate"]
    return (date.fromisoformat(begin) - timedelta(days=1)).isoformat() if begin else None


@cell_defect(
    "enrollments.day-early", trips="csv.enrollment-dates", file=ENROLLMENTS, column="beginDate", source="pain list, row 36"
)
def day_early(cell: str, row: Fields, draft: Draft) -> str | None:
    """An enrollment begins a day before its class: a date went through a time zone."""
    if not cell or row["role"] != "student" or cell != _first_day(draft, row["classSourcedId"]):
        return None
    return (date.fromisoformat(cell) - timedelta(days=1)).isoformat()


def _first_day(draft: Draft, class_id: str) -> str:
    """First day of the terms of a class, empty when it is not known."""
    if "first days" not in draft.worked_out:
        sessions, classes = draft.sheet("academicSessions.csv"), draft.sheet("classes.csv")
        starts = {row["sourcedId"]: row["startDate"] for row in map(sessions.fields, range(2, len(sessions.lines) + 1))}
        draft.worked_out["first days"] = {
            row["sourcedId"]: min((starts.get(term, "") for term in row["termSourcedIds"].split(",")), default="")
            for row in map(classes.fields, range(2, len(classes.lines) + 1))
        }
    found: dict[str, str] = draft.worked_out["first days"]
    return found.get(class_id, "")


@cell_defect("enrollments.odd-id", trips="csv.guid-characters", file=ENROLLMENTS, column="sourcedId", source="pain list, row 22")
def odd_id(cell: str, row: Fields, draft: Draft) -> str | None:
    """An id holds a blank, a vertical bar, a percent sign and an accent, which links and separators do not survive."""
    return f"{cell}|a b%20é"


@cell_defect(
    "enrollments.bad-role", trips="csv.enumeration", file=ENROLLMENTS, column="role", source="D139"
)
def bad_role(cell: str, row: Fields, draft: Draft) -> str | None:
    """A role in a class is one of the vendor's own."""
    return "co-teacher" if cell == "teacher" and row["primary"] != "true" else None


@cell_defect(
    "enrollments.bad-primary", trips="csv.boolean", file=ENROLLMENTS, column="primary", source="D177"
)
def bad_primary(cell: str, row: Fields, draft: Draft) -> str | None:
    """Whether a teacher is primary is written in capitals."""
    return cell.upper() if cell else None


@cell_defect("enrollments.legacy-role", trips="csv.legacy-token", file=ENROLLMENTS, column="role", source="D139", specs=ONLY_1P1)
def legacy_role(cell: str, row: Fields, draft: Draft) -> str | None:
    """An aide is enrolled, which only older revisions of the vocabulary allowed."""
    return "aide" if cell == "teacher" and row["primary"] != "true" else None


@defect(
    "classes.lunchroom", trips="csv.class-size", file="classes.csv", column="sourcedId", stage="rows",
    source="pain list, runners-up: classes of hundreds",
)  # fmt: skip
def lunchroom(draft: Draft, count: int) -> list[Place]:
    """A class is a lunchroom: up to 400 students of the district are enrolled in it.

    The district must have more than a hundred students.
    """
    sheet = draft.sheet(ENROLLMENTS)
    key, user = sheet.header.index("sourcedId"), sheet.header.index("userSourcedId")
    seats = [(row, fields) for row, fields in sheet.every() if fields.get("role") == "student"]
    students = sorted({fields["userSourcedId"] for _, fields in seats})
    if len(students) < FEWEST_AT_LUNCH:
        raise TooFew(0)
    model = {fields["classSourcedId"]: row for row, fields in reversed(seats)}
    rows = draft.choose("classes.csv", "classes.lunchroom", count, lambda row, fields: fields["sourcedId"] in model)
    places = []
    for row in rows:
        own = draft.sheet("classes.csv").fields(row)["sourcedId"]
        seated = {fields["userSourcedId"] for _, fields in seats if fields["classSourcedId"] == own}
        for student in (found for found in students[:MOST_AT_LUNCH] if found not in seated):
            cells = sheet.cells(model[own])
            cells[key], cells[user] = f"{own}-{student}-lunch", student
            sheet.append(cells)
        places.append(draft.place("classes.csv", row, "sourcedId"))
    return places
