"""Habits of header rows: prefixes of the query, names of tables, more columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from string import ascii_lowercase

from oneroster_standard.writing.plan import MANIFEST, Plan, Row, habit

TABLES = {
    "orgs.csv": "SCHOOLS", "academicSessions.csv": "TERMS", "courses.csv": "COURSES", "classes.csv": "SECTIONS", "users.csv": "USERS",
    "enrollments.csv": "CC", "demographics.csv": "STUDENTS",
}  # fmt: skip
"""Tables that an export names before a column."""


def _rename(plan: Plan, named: Callable[[str, Row], Row]) -> None:
    def changed(name: str, rows: Iterator[Row]) -> Iterator[Row]:
        header = next(rows)
        return chain([header if name == MANIFEST else named(name, header)], rows)

    plan.header_changes.append(changed)


def letters(number: int) -> str:
    """a to z, then za, zb and so on, which sort after z."""
    return ascii_lowercase[number] if number < 26 else f"z{letters(number - 26)}"


@habit("header-prefixed")
def header_prefixed(plan: Plan, _argument: str) -> None:
    """a_sourcedId, b_status."""
    _rename(plan, lambda _, header: [f"{letters(place)}_{name}" for place, name in enumerate(header)])


@habit("header-table-name")
def header_table_name(plan: Plan, _argument: str) -> None:
    """CC.sourcedId."""
    _rename(
        plan, lambda file, header: [f"{TABLES[file]}.{name}" if file in TABLES else name for name in header]
    )


def _more_users_columns(plan: Plan, names: Row, values: Callable[[int], Row]) -> None:
    def changed(name: str, rows: Iterator[Row]) -> Iterator[Row]:
        if name != "users.csv":
            yield from rows
            return
        yield [*next(rows), *names]
        for number, row in enumerate(rows, start=1):
            yield [*row, *values(number)]

    plan.row_changes.append(changed)


@habit("metadata-columns")
def metadata_columns(plan: Plan, _argument: str) -> None:
    """Columns metadata.*, made by a preprocessor."""
    names = ["metadata.homeroom", "metadata.bus"]
    _more_users_columns(plan, names, lambda number: [f"H{number % 40 + 1:02d}", f"B{number % 7 + 1}"])


@habit("extra-columns")
def extra_columns(plan: Plan, _argument: str) -> None:
    """Columns relation and rowNumber."""
    _more_users_columns(plan, ["relation", "rowNumber"], lambda number: ["", str(number)])
