"""Habits of an export screen: delimiter, quotes, character set, line ends."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from oneroster_standard.writing.plan import Plan, Row, habit, place_of

ACCENTED = "classes.csv"


@habit("tab")
def tab(plan: Plan, _argument: str) -> None:
    """Tabs between cells."""
    plan.format.delimiter = "\t"


@habit("semicolon")
def semicolon(plan: Plan, _argument: str) -> None:
    """Semicolons between cells."""
    plan.format.delimiter = ";"


@habit("quotes-off")
def quotes_off(plan: Plan, _argument: str) -> None:
    """No quotes anywhere."""
    plan.format.quotes = "none"


@habit("quotes-on")
def quotes_on(plan: Plan, _argument: str) -> None:
    """Quotes around every cell."""
    plan.format.quotes = "all"


@habit("utf-8-bom")
def utf_8_bom(plan: Plan, _argument: str) -> None:
    """UTF-8 with its mark."""
    plan.format.mark = codecs.BOM_UTF8


@habit("utf-16")
def utf_16(plan: Plan, _argument: str) -> None:
    """UTF-16, little end first, with its mark."""
    plan.format.encoding, plan.format.mark = "utf-16-le", codecs.BOM_UTF16_LE


@habit("windows-1252")
def windows_1252(plan: Plan, _argument: str) -> None:
    """Windows-1252; a title makes sure that the difference shows."""
    plan.format.encoding, plan.format.mark = "cp1252", b""

    def changed(header: Row, rows: Iterator[Row]) -> Iterator[Row]:
        title = place_of(ACCENTED, header, "title")
        for number, row in enumerate(rows):
            yield [*row[:title], f"{row[title]} \u2013 Caf\u00e9", *row[title + 1 :]] if number == 0 else row

    plan.rows_of(ACCENTED, changed)


@habit("line-end-lf")
def line_end_lf(plan: Plan, _argument: str) -> None:
    """LF."""
    plan.format.line_ends = ("\n",)


@habit("line-end-cr")
def line_end_cr(plan: Plan, _argument: str) -> None:
    """CR."""
    plan.format.line_ends = ("\r",)


@habit("line-end-mixed")
def line_end_mixed(plan: Plan, _argument: str) -> None:
    """CRLF and LF by turns."""
    plan.format.line_ends = ("\r\n", "\n")


@habit("no-final-line-end")
def no_final_line_end(plan: Plan, _argument: str) -> None:
    """Nothing after the last row."""
    plan.format.final_line_end = False
