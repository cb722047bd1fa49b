"""Defects of academicSessions.csv, courses.csv, classes.csv and the resources that hang on them."""

from __future__ import annotations

from datetime import date, timedelta

from data_gen.defects.draft import Draft, Fields
from data_gen.defects.people import NOBODY
from data_gen.defects.registry import ONLY_1P1, cell_defect

SESSIONS = "academicSessions.csv"
COURSES = "courses.csv"
CLASSES = "classes.csv"


def _days_from(text: str, days: int) -> str:
    return (date.fromisoformat(text) + timedelta(days=days)).isoformat()


def _key_of(draft: Draft, file: str, column: str, value: str) -> str | None:
    """sourcedId of the first record with that value in a column."""
    sheet = draft.sheet(file)
    every = (sheet.fields(row) for row in range(2, len(sheet.lines) + 1))
    return next((fields["sourcedId"] for fields in every if fields.get(column) == value), None)


@cell_defect("academicSessions.bad-date", trips="csv.date", file=SESSIONS, column="startDate", source="D178")
def bad_date(cell: str, row: Fields, draft: Draft) -> str | None:
    """A date is written month first, with slashes."""
    year, month, day = cell.split("-")
    return f"{int(month)}/{int(day)}/{year}"


@cell_defect(
    "academicSessions.end-before-start",
    trips="csv.date-range",
    file=SESSIONS,
    column="endDate",
    source="D125",
)
def end_before_start(cell: str, row: Fields, draft: Draft) -> str | None:
    """A session ends before it begins."""
    return _days_from(row["startDate"], -1) if row["type"] == "gradingPeriod" else None


@cell_defect(
    "academicSessions.bad-year",
    trips="csv.year",
    file=SESSIONS,
    column="schoolYear",
    source="1.1 CSV tables, formats",
)
def bad_year(cell: str, row: Fields, draft: Draft) -> str | None:
    """The school year is written as a pair of years."""
    return f"{int(cell) - 1}-{cell[2:]}"


@cell_defect(
    "academicSessions.outside-parent",
    trips="csv.session-nesting",
    file=SESSIONS,
    column="startDate",
    source="D125",
)
def outside_parent(cell: str, row: Fields, draft: Draft) -> str | None:
    """A grading period begins before its term."""
    if row["type"] != "gradingPeriod":
        return None
    sheet = draft.sheet(SESSIONS)
    every = (sheet.fields(number) for number in range(2, len(sheet.lines) + 1))
    parents = {fields["sourcedId"]: fields["startDate"] for fields in every}
    return _days_from(parents[row["parentSourcedId"]], -30)


@cell_defect(
    "courses.unpaired-subjects", trips="csv.subject-pairs", file=COURSES, column="subjectCodes", source="D136"
)
def unpaired_subjects(cell: str, row: Fields, draft: Draft) -> str | None:
    """A course has more subject codes than subjects."""
    return f"{cell},02999" if cell else None


@cell_defect(
    "courses.year-not-a-school-year",
    trips="csv.school-year-type",
    file=COURSES,
    column="schoolYearSourcedId",
    source="D124",
)
def year_not_a_school_year(cell: str, row: Fields, draft: Draft) -> str | None:
    """A course hangs on a term instead of the school year."""
    return _key_of(draft, SESSIONS, "type", "term")


@cell_defect(
    "classes.unknown-term", trips="csv.reference", file=CLASSES, column="termSourcedIds", source="D97, D101"
)
def unknown_term(cell: str, row: Fields, draft: Draft) -> str | None:
    """A class runs in a term that is not in the file."""
    return ",".join([NOBODY, *cell.split(",")[1:]])


@cell_defect(
    "classes.school-is-district",
    trips="csv.school-type",
    file=CLASSES,
    column="schoolSourcedId",
    source="D121",
)
def school_is_district(cell: str, row: Fields, draft: Draft) -> str | None:
    """A class is held at the district instead of a school."""
    return _key_of(draft, "orgs.csv", "type", "district")


@cell_defect("classes.bad-type", trips="csv.enumeration", file=CLASSES, column="classType", source="D88")
def bad_type(cell: str, row: Fields, draft: Draft) -> str | None:
    """A class type is capitalised."""
    return cell.capitalize()


@cell_defect(
    "resources.blank-vendor-resource-id",
    trips="csv.required-value",
    file="resources.csv",
    column="vendorResourceId",
    source="1.1 CSV tables, resources.csv",
)
def blank_vendor_resource_id(cell: str, row: Fields, draft: Draft) -> str | None:
    """A resource has no id at its vendor."""
    return ""


@cell_defect(
    "classResources.unknown-resource",
    trips="csv.reference",
    file="classResources.csv",
    column="resourceSourcedId",
    source="D101",
)
def unknown_resource(cell: str, row: Fields, draft: Draft) -> str | None:
    """A class uses a resource that is not in the file."""
    return NOBODY


@cell_defect(
    "courseResources.duplicate-id",
    trips="csv.unique-id",
    file="courseResources.csv",
    column="sourcedId",
    source="D100",
)
def duplicate_link(cell: str, row: Fields, draft: Draft) -> str | None:
    """Two links of courses to resources share one id."""
    first = draft.sheet("courseResources.csv").fields(2)["sourcedId"]
    return first if cell != first else None


@cell_defect(
    "academicSessions.wrong-year",
    trips="csv.school-year-value",
    file=SESSIONS,
    column="schoolYear",
    source="pain list, runners-up: the year made up for the district",
)
def wrong_year(cell: str, row: Fields, draft: Draft) -> str | None:
    """A school year is named by the year in which it begins."""
    return str(int(cell) - 1) if row["type"] == "schoolYear" else None


@cell_defect(
    "academicSessions.parent-cycle", trips="csv.parent-cycle", file=SESSIONS, column="parentSourcedId", source="D102"
)
def session_cycle(cell: str, row: Fields, draft: Draft) -> str | None:
    """A term is its own parent."""
    return row["sourcedId"] if row["type"] in ("term", "semester") else None


@cell_defect(
    "classes.unknown-school", trips="csv.reference", file=CLASSES, column="schoolSourcedId", source="D101"
)
def unknown_school(cell: str, row: Fields, draft: Draft) -> str | None:
    """A class is held at a school that is not in the file, as when a school was switched off."""
    return NOBODY


@cell_defect(
    "classes.unknown-course", trips="csv.reference", file=CLASSES, column="courseSourcedId", source="D101"
)
def unknown_course(cell: str, row: Fields, draft: Draft) -> str | None:
    """A class is one of a course that is not in the file."""
    return NOBODY


@cell_defect("classes.long-title", trips="csv.cell-length", file=CLASSES, column="title", source="1.1 CSV tables, formats")
def long_title(cell: str, row: Fields, draft: Draft) -> str | None:
    """A title is longer than 255 characters."""
    return f"{cell} - {'period and room ' * 20}".strip()


@cell_defect("courses.unknown-org", trips="csv.reference", file=COURSES, column="orgSourcedId", source="D101")
def unknown_org(cell: str, row: Fields, draft: Draft) -> str | None:
    """A course belongs to an organisation that is not in the file."""
    return NOBODY


@cell_defect("courses.short-grade", trips="csv.grade-code", file=COURSES, column="grades", source="D86", specs=ONLY_1P1)
def short_grade(cell: str, row: Fields, draft: Draft) -> str | None:
    """A grade has lost its zero: 1 for 01."""
    return cell[1:] if cell.isdigit() and cell.startswith("0") else None


@cell_defect(
    "resources.closed-vocabulary", trips="csv.enumeration", file="resources.csv", column="importance", source="D88"
)
def closed_vocabulary(cell: str, row: Fields, draft: Draft) -> str | None:
    """A vocabulary that is closed in both versions is extended."""
    return "ext:tertiary"
