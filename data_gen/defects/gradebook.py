"""Defects of categories.csv, lineItems.csv and results.csv."""

from __future__ import annotations

from data_gen.defects.draft import Draft, Fields
from data_gen.defects.people import NOBODY
from data_gen.defects.registry import cell_defect

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
