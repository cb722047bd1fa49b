"""Defects of categories.csv, lineItems.csv and results.csv."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from data_gen.defects.draft import Draft, Fields
from data_gen.defects.people import NOBODY
from data_gen.defects.registry import ONLY_1P1, cell_defect

LINE_ITEMS = "lineItems.csv"
RESULTS = "results.csv"


@cell_defect(
    "lineItems.unknown-class", trips="csv.reference", file=LINE_ITEMS, column="classSourcedId", source="D101"
)
def unknown_class(cell: str, row: Fields, draft: Draft) -> str | None:
    """A line item belongs to a class that is not in the file."""
    return NOBODY


@cell_defect(
    "lineItems.bad-number",
    trips="csv.number",
    file=LINE_ITEMS,
    column="resultValueMax",
    source="1.1 CSV tables, formats",
)
def bad_number(cell: str, row: Fields, draft: Draft) -> str | None:
    """The highest result is written with a decimal comma."""
    return f"{cell},0" if cell.isdigit() else None


@cell_defect(
    "categories.blank-title",
    trips="csv.required-value",
    file="categories.csv",
    column="title",
    source="1.1 CSV tables, categories.csv",
)
def blank_title(cell: str, row: Fields, draft: Draft) -> str | None:
    """A category has no title."""
    return ""


@cell_defect(
    "results.unknown-student", trips="csv.reference", file=RESULTS, column="studentSourcedId", source="D101"
)
def unknown_student(cell: str, row: Fields, draft: Draft) -> str | None:
    """A result belongs to nobody."""
    return NOBODY


@cell_defect(
    "results.bad-score", trips="csv.number", file=RESULTS, column="score", source="1.1 CSV tables, formats"
)
def bad_score(cell: str, row: Fields, draft: Draft) -> str | None:
    """A score is a letter grade."""
    return "B+" if cell else None


@cell_defect("lineItems.empty-range", trips="csv.score-bounds", file=LINE_ITEMS, column="resultValueMin", source="1.1 CSV tables, lineItems.csv")
def empty_range(cell: str, row: Fields, draft: Draft) -> str | None:
    """The lowest result is above the highest."""
    return f"{int(row['resultValueMax']) + 1}" if row["resultValueMax"].isdigit() else None


@cell_defect(
    "lineItems.term-not-a-grading-period", trips="csv.grading-period-type", file=LINE_ITEMS, column="gradingPeriodSourcedId",
    source="1.1 CSV tables, lineItems.csv", specs=ONLY_1P1,
)  # fmt: skip
def term_not_a_grading_period(cell: str, row: Fields, draft: Draft) -> str | None:
    """A line item falls into a term instead of a grading period."""
    sheet = draft.sheet("academicSessions.csv")
    every = (sheet.fields(number) for number in range(2, len(sheet.lines) + 1))
    return next((fields["sourcedId"] for fields in every if fields["type"] == "term"), None)


@cell_defect("lineItems.due-before-assigned", trips="csv.date-range", file=LINE_ITEMS, column="dueDate", source="D125")
def due_before_assigned(cell: str, row: Fields, draft: Draft) -> str | None:
    """Work is due before it is given."""
    return (date.fromisoformat(row["assignDate"]) - timedelta(days=1)).isoformat() if row["assignDate"] else None


@cell_defect("results.out-of-range", trips="csv.score-range", file=RESULTS, column="score", source="1.1 CSV tables, results.csv")
def out_of_range(cell: str, row: Fields, draft: Draft) -> str | None:
    """A score is above the highest result of its line item."""
    return f"{int(float(cell)) + 10_000}" if cell else None


@cell_defect("results.of-a-teacher", trips="csv.result-student", file=RESULTS, column="studentSourcedId", source="pain list, row 39")
def of_a_teacher(cell: str, row: Fields, draft: Draft) -> str | None:
    """A result belongs to a teacher."""
    sheet = draft.sheet("enrollments.csv")
    every = (sheet.fields(number) for number in range(2, len(sheet.lines) + 1))
    return next((fields["userSourcedId"] for fields in every if fields.get("role") == "teacher"), None)


@cell_defect("results.spreadsheet-id", trips="csv.spreadsheet-id", file=RESULTS, column="sourcedId", source="D179")
def spreadsheet_id(cell: str, row: Fields, draft: Draft) -> str | None:
    """A spreadsheet made a number with an exponent of an id; in 1.2 links to the result are lost with it."""
    return "1.23E+11" if all(field["sourcedId"] != "1.23E+11" for field in _rows(draft, RESULTS)) else None


def _rows(draft: Draft, name: str) -> Iterator[dict[str, str]]:
    sheet = draft.sheet(name)
    return map(sheet.fields, range(2, len(sheet.lines) + 1))


@cell_defect("results.bad-status", trips="csv.enumeration", file=RESULTS, column="scoreStatus", source="D88")
def bad_status(cell: str, row: Fields, draft: Draft) -> str | None:
    """The state of a score is one word of the vendor's own."""
    return "graded"
