"""Rules about cells that hold tokens or codes, derived from the standard's enumerations."""

from __future__ import annotations

from conformance.csv_rules.cell_tests import Cell, CellTest, Distinct
from conformance.csv_rules.cells import bears_status
from conformance.csv_rules.rulebook import cell_rule


def _has_vocabulary(cell: Cell) -> bool:
    return cell.column.item_format == "enum" and not (bears_status(cell) and cell.mode == "bulk")


def _is_token(cell: Cell, value: str) -> bool:
    name = cell.column.enumeration
    allowed = cell.standard.enumerations[name]
    return value in allowed or (name in cell.standard.extensible and value.startswith("ext:"))


def _is_legacy(cell: Cell, value: str) -> bool:
    return value in cell.standard.legacy.get(cell.column.enumeration, ())


@cell_rule(
    "csv.enumeration",
    severity="error",
    section="CSV tables 1.1, enumerations",
    expected="a token of the column's vocabulary, in its letter case",
    why="A token that is not in the vocabulary is refused, or the record lands with the wrong meaning.",
)
def enumeration(cell: Cell) -> CellTest | None:
    """Values of an enumerated column are tokens of its vocabulary."""
    if not _has_vocabulary(cell):
        return None
    is_list = cell.column.is_list
    return Distinct(
        lambda value: (
            not all(
                _is_token(cell, item.strip()) or _is_legacy(cell, item.strip())
                for item in (value.split(",") if is_list else [value])
            )
        )
    )


@cell_rule(
    "csv.legacy-token",
    severity="warning",
    section="CSV tables 1.1, enumerations",
    expected="a token of the vocabulary's last revision",
    why="Older revisions had more enrollment roles; importers of today refuse them.",
)
def legacy_token(cell: Cell) -> CellTest | None:
    """Tokens are those of the vocabulary's last revision."""
    if not _has_vocabulary(cell):
        return None
    return Distinct(lambda value: _is_legacy(cell, value) and not _is_token(cell, value))


@cell_rule(
    "csv.grade-code",
    severity="warning",
    section="CSV tables 1.1, grades (CEDS entry grade level)",
    expected="CEDS grade codes such as KG, 01 or 12, joined by commas",
    why="Local grade names cannot be matched to a grade, so the student is in none.",
    specs=("1.1",),
)
def grade_code(cell: Cell) -> CellTest | None:
    """Grades are CEDS codes."""
    codes = set(cell.standard.enumerations.get("gradeCode", ()))
    if cell.column.header not in ("grades", "grade") or not codes:
        return None
    return Distinct(lambda value: not all(item.strip() in codes for item in value.split(",") if item))


@cell_rule(
    "csv.code-list",
    severity="warning",
    section="CSV tables 1.1, demographics",
    expected="a code of the recommended list",
    why="A code of another list cannot be reported on.",
    specs=("1.1",),
)
def code_list(cell: Cell) -> CellTest | None:
    """Coded text columns hold codes of the recommended list."""
    name = cell.column.enumeration
    if cell.column.item_format != "string" or not name or name == "gradeCode":
        return None
    codes = set(cell.standard.enumerations[name])
    return Distinct(lambda value: value not in codes)
