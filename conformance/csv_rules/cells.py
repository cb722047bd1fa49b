"""Rules about single cells, derived from the standard's columns: format, presence, length.

Each function says whether the rule applies to a column, and gives the test; it never sees a file.
"""

from __future__ import annotations

import re

from conformance.csv_rules.cell_tests import Cell, CellTest, Distinct, Noted, Whole
from conformance.csv_rules.rulebook import cell_rule
from oneroster_standard.moments import is_strict_instant, is_year, parse_date

FORMATS = "CSV tables 1.1, formats"
TABLES = "CSV tables 1.1, columns"
MAX_GUID = 255
MAX_STRING = 255
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\Z", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d+%?\Z", re.ASCII)
_EMAIL = r"^[^@\s,;<>]+@[^@\s,;<>.]+(?:\.[^@\s,;<>.]+)*$"
_PAIR = r"\{[^{}:]+:[^{}]+\}"


def bears_status(cell: Cell) -> bool:
    """Whether the column is one that is blank in bulk and filled in delta files."""
    return cell.column.required == "delta"


@cell_rule(
    "csv.required-value",
    severity="error",
    section=TABLES,
    expected="a value: the column is required",
    why="A record without a required value cannot be stored, or is stored as something else.",
)
def required_value(cell: Cell) -> CellTest | None:
    """A required column has a value in every row."""
    if cell.column.required != "yes":
        return None
    return Whole(lambda series: series == "", judges_blanks=True)


@cell_rule(
    "csv.bulk-status",
    severity="warning",
    section="CSV tables 1.1, bulk and delta",
    expected="nothing: status and dateLastModified stay blank in a bulk file",
    why="Some importers take a filled status for a delta and ignore the rows that are not listed.",
)
def bulk_status(cell: Cell) -> CellTest | None:
    """Status and dateLastModified are blank in bulk files."""
    if not bears_status(cell) or cell.mode != "bulk":
        return None
    return Whole(lambda series: series != "", judges_blanks=True)


@cell_rule(
    "csv.delta-status",
    severity="error",
    section="CSV tables 1.1, bulk and delta",
    expected="a value: status and dateLastModified are required in a delta file",
    why="Without it a consumer cannot tell a change from a removal.",
)
def delta_status(cell: Cell) -> CellTest | None:
    """Status and dateLastModified are filled in delta files."""
    if not bears_status(cell) or cell.mode != "delta":
        return None
    return Whole(lambda series: series == "", judges_blanks=True)


@cell_rule(
    "csv.boolean",
    severity="error",
    section=FORMATS,
    expected="true or false, in lower case",
    why="TRUE, yes or 1 is read as false by strict importers, which switches users off.",
)
def boolean(cell: Cell) -> CellTest | None:
    """Booleans are written true or false."""
    if cell.column.item_format != "booleanToken":
        return None
    return Distinct(lambda value: value not in ("true", "false"))


def _is_no_date(value: str) -> bool:
    try:
        parse_date(value)
    except ValueError:
        return True
    return False


@cell_rule(
    "csv.date",
    severity="error",
    section=FORMATS,
    expected="a day of the calendar as YYYY-MM-DD",
    why="Month and day of other forms are mixed up, or the row is refused.",
)
def date_form(cell: Cell) -> CellTest | None:
    """Dates are days of the calendar written YYYY-MM-DD."""
    return Distinct(_is_no_date) if cell.column.item_format == "date" else None


@cell_rule(
    "csv.date-time",
    severity="error",
    section=FORMATS,
    expected="an instant in UTC as YYYY-MM-DDThh:mm:ss.sssZ",
    why="Changes are put in order by this instant.",
)
def date_time(cell: Cell) -> CellTest | None:
    """Instants are written in UTC as YYYY-MM-DDThh:mm:ss.sssZ."""
    if cell.column.item_format != "dateTime" or cell.mode == "bulk" and bears_status(cell):
        return None
    return Distinct(lambda value: not is_strict_instant(value))


@cell_rule(
    "csv.year",
    severity="error",
    section=FORMATS,
    expected="a year of four digits, the one in which the school year ends",
    why="Sessions of one school year are brought together by it.",
)
def year(cell: Cell) -> CellTest | None:
    """Years are written with four digits."""
    return Distinct(lambda value: not is_year(value)) if cell.column.item_format == "year" else None


@cell_rule(
    "csv.number",
    severity="error",
    section=FORMATS,
    expected="a number with a full stop as its decimal sign",
    why="A score that is no number is lost, or stops the import.",
)
def number(cell: Cell) -> CellTest | None:
    """Numbers are written as numbers."""
    forms = {"float": _NUMBER, "integer": _INTEGER}
    form = forms.get(cell.column.item_format)
    return Distinct(lambda value: not form.match(value)) if form else None


@cell_rule(
    "csv.guid-length",
    severity="error",
    section=FORMATS,
    expected="fewer than 256 characters",
    why="A longer id is cut when it is stored, and then matches nothing or somebody else.",
)
def guid_length(cell: Cell) -> CellTest | None:
    """A record's sourcedId has fewer than 256 characters."""
    if cell.column.item_format != "guid" or cell.column.references:
        return None
    return Whole(lambda series: series.str.len_chars() > MAX_GUID)


@cell_rule(
    "csv.guid-characters",
    severity="warning",
    section="CSV binding 1.2, formats (1.1 leaves the characters open)",
    expected="digits, letters and . - _ / @",
    why="Other signs break links and file names of consumers, and are not allowed from 1.2 on.",
)
def guid_characters(cell: Cell) -> CellTest | None:
    """A record's sourcedId keeps to the characters that 1.2 allows."""
    if cell.column.item_format != "guid" or cell.column.references:
        return None
    return Whole(lambda series: series.str.contains(r"[^0-9A-Za-z._/@\-]"))


@cell_rule(
    "csv.spreadsheet-id",
    severity="warning",
    section="Field practice: files that went through a spreadsheet",
    expected="the id as the source system has it",
    why="A spreadsheet turns long numbers into 1.23E+11: many different ids become the same one.",
)
def spreadsheet_id(cell: Cell) -> CellTest | None:
    """Ids were not turned into scientific notation by a spreadsheet."""
    if cell.column.item_format != "guid" or cell.column.references:
        return None
    # The plus sign is none of the characters that the test before this one lets pass.
    return Whole(lambda series: series.str.contains(r"^[0-9](?:[.,][0-9]+)?E\+[0-9]{2}$"), given="csv.guid-characters")


@cell_rule(
    "csv.cell-length",
    severity="warning",
    section=FORMATS,
    expected="at most 255 characters: longer text may be cut",
    why="Consumers need to keep 255 characters only.",
)
def cell_length(cell: Cell) -> CellTest | None:
    """Text fits into 255 characters."""
    if cell.column.format != "string":
        return None
    return Whole(lambda series: series.str.len_chars() > MAX_STRING)


@cell_rule(
    "csv.list-form",
    severity="error",
    section="CSV tables 1.1, lists in a cell",
    expected="items joined by commas, without blanks or empty items",
    why="An id with a blank in front matches no record.",
)
def list_form(cell: Cell) -> CellTest | None:
    """Lists in a cell are joined by commas, without blanks and without empty items."""
    if not cell.column.is_list:
        return None
    semicolon = "|;" if cell.column.item_format == "guid" else ""
    pattern = rf"\s,|,\s|,,|^,|,${semicolon}"
    return Whole(lambda series: series.str.contains(pattern))


@cell_rule(
    "csv.user-ids-form",
    severity="error",
    section="CSV tables 1.1, users.csv",
    expected="{type:identifier} pairs joined by commas",
    why="Accounts are matched by these ids; another form is dropped as a whole.",
)
def user_ids_form(cell: Cell) -> CellTest | None:
    """User ids are pairs in braces."""
    if "{" not in cell.column.format:
        return None
    pattern = rf"^{_PAIR}(?:,\s*{_PAIR})*$"
    return Whole(lambda series: (series != "") & ~series.str.contains(pattern))


@cell_rule(
    "csv.email-form",
    severity="warning",
    section="CSV tables 1.1, users.csv (the standard asks for text only)",
    expected="one address of the form name@domain",
    why="Sign-in and invitations go by this address.",
)
def email_form(cell: Cell) -> CellTest | None:
    """E-mail cells hold one address."""
    if cell.column.header != "email":
        return None
    return Whole(lambda series: (series != "") & ~series.str.contains(_EMAIL))


@cell_rule(
    "csv.password-present",
    severity="warning",
    section="CSV tables 1.1, users.csv; sign-in goes by the district's identity provider",
    expected="nothing: passwords do not travel with rosters",
    why="A file with passwords is a leak wherever it is copied.",
)
def password_present(cell: Cell) -> CellTest | None:
    """No password is in the file."""
    if cell.column.header != "password":
        return None
    return Whole(lambda series: series != "", judges_blanks=True)


@cell_rule(
    "csv.padded-value",
    severity="warning",
    section=FORMATS,
    expected="the value without blanks around it",
    why="A blank at the end makes two ids different that look the same.",
)
def padded_value(cell: Cell) -> CellTest | None:
    """No value has blanks around it."""
    # The judge takes blanks off before it asks any rule, and so it has to tally them itself.
    return Noted()
