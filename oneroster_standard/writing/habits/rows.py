"""Habits of cells and rows that an export writes in its own way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from itertools import islice

from oneroster_standard.standard import load
from oneroster_standard.writing.plan import MANIFEST, Plan, Row, file_named, habit, place_of

LONG = 11
"""Digits from which a spreadsheet writes a number with an exponent."""


def _each_cell(plan: Plan, kind: Callable[[str, str], bool], change: Callable[[str], str]) -> None:
    """Change the filled cells of every column of a kind; kind is asked with file and header."""

    def changed(name: str, rows: Iterator[Row]) -> Iterator[Row]:
        header = next(rows)
        yield header
        places = [place for place, column in enumerate(header) if kind(name, column)]
        for row in rows:
            if places:
                row = [*row]
                for place in places:
                    row[place] = change(row[place]) if row[place] else row[place]
            yield row

    plan.row_changes.append(changed)


def _columns(test: Callable[[str, bool], bool]) -> Callable[[str, str], bool]:
    """Columns whose format and list form pass a test."""
    chosen = {
        (file.name, column.header)
        for file in load("1.1").csv_files.values()
        for column in file.columns
        if test(column.format, column.is_list)
    }
    return lambda file, header: (file, header) in chosen


_LISTS = _columns(lambda _, is_list: is_list)


@habit("list-repeats")
def list_repeats(plan: Plan, _argument: str) -> None:
    """101,101,205."""

    def change(text: str) -> str:
        first, comma, rest = text.partition(",")
        return f"{first},{first},{rest}" if comma else text

    # Subjects go in pairs with their codes: an item more there would be another fault.
    _each_cell(plan, lambda file, header: _LISTS(file, header) and not header.startswith("subject"), change)


@habit("list-semicolons")
def list_semicolons(plan: Plan, _argument: str) -> None:
    """101; 205, in the terms of a class."""
    _each_cell(plan, lambda _, header: header == "termSourcedIds", lambda text: "; ".join(text.split(",")))


@habit("bulk-status")
def bulk_status(plan: Plan, _argument: str) -> None:
    """Status and dateLastModified are filled."""
    stamp = f"{plan.moment:%Y-%m-%dT%H:%M:%S}.000Z"

    def changed(name: str, rows: Iterator[Row]) -> Iterator[Row]:
        header = next(rows)
        yield header
        if name == MANIFEST:
            yield from rows
            return
        status, modified = place_of(name, header, "status"), place_of(name, header, "dateLastModified")
        for row in rows:
            row = [*row]
            row[status], row[modified] = "active", stamp
            yield row

    plan.row_changes.append(changed)


@habit("boolean-upper")
def boolean_upper(plan: Plan, _argument: str) -> None:
    """TRUE and FALSE."""
    _each_cell(plan, lambda _, header: header in ("enabledUser", "primary"), str.upper)


@habit("dates-us")
def dates_us(plan: Plan, _argument: str) -> None:
    """8/17/2026."""

    def change(text: str) -> str:
        found = date.fromisoformat(text)
        return f"{found.month}/{found.day}/{found.year}"

    _each_cell(plan, lambda _, header: header in ("startDate", "endDate", "beginDate", "birthDate"), change)


@habit("leading-zeros-lost")
def leading_zeros_lost(plan: Plan, _argument: str) -> None:
    """00417 became 417, and a user's long id an exponent."""

    def number(text: str) -> str:
        if not text.isdigit():
            return text
        return f"{float(text):.2E}" if len(text) > LONG else str(int(text))

    _each_cell(plan, lambda _, header: header in ("identifier", "classCode", "location"), number)

    def change(cells: dict[str, str], row: int) -> None:
        if row == 1:
            cells["sourcedId"] = "1.23E+11"

    # A result is named by nothing else, so that only its own id is lost.
    plan.each_row("results.csv", change)


@habit("header-only")
def header_only(plan: Plan, argument: str) -> None:
    """A file keeps its header and loses its rows."""
    emptied = file_named(plan, argument, "courses.csv")
    plan.row_changes.append(lambda name, rows: islice(rows, 1) if name == emptied else rows)


@habit("session-own-parent")
def session_own_parent(plan: Plan, _argument: str) -> None:
    """The first term is its own parent."""
    seen: list[str] = []

    def change(cells: dict[str, str], _number: int) -> None:
        if cells["type"] in ("term", "semester") and cells["parentSourcedId"] and not seen:
            seen.append(cells["sourcedId"])
            cells["parentSourcedId"] = cells["sourcedId"]

    plan.each_row("academicSessions.csv", change)


@habit("session-types-flat")
def session_types_flat(plan: Plan, _argument: str) -> None:
    """Terms are called semesters."""

    def change(cells: dict[str, str], _number: int) -> None:
        cells["type"] = "semester" if cells["type"] == "term" else cells["type"]

    plan.each_row("academicSessions.csv", change)


@habit("title-composed")
def title_composed(plan: Plan, _argument: str) -> None:
    """26-27 | S1 | Algebra I | Per 3(A) | Sec 12."""
    year = plan.moment.year - (plan.moment.month < 7)

    def change(cells: dict[str, str], number: int) -> None:
        term = "S1" if cells["termSourcedIds"].count(",") == 0 else "YR"
        title = cells["title"].partition(" - ")[0]
        cells["title"] = (
            f"{year % 100}-{(year + 1) % 100} | {term} | {title} | Per {cells['periods'] or 'HR'}(A) | Sec {number}"
        )

    plan.each_row("classes.csv", change)


@habit("class-type-fixed")
def class_type_fixed(plan: Plan, _argument: str) -> None:
    """Every class is scheduled."""

    def change(cells: dict[str, str], _number: int) -> None:
        cells["classType"] = "scheduled"

    plan.each_row("classes.csv", change)
