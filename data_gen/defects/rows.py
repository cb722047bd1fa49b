"""Defects of lines and of how cells are written: width, quotes, line breaks, blanks."""

from __future__ import annotations

from collections.abc import Callable

from data_gen.defects.draft import CRLF, Draft, Fields, Place
from data_gen.defects.registry import cell_defect, defect
from oneroster_standard.bundle_writer import csv_bytes


def _lines(
    draft: Draft,
    name: str,
    id: str,
    count: int,
    serves: Callable[[Fields], bool],
    change: Callable[[bytes], bytes],
) -> list[Place]:
    sheet = draft.sheet(name)
    rows = draft.choose(name, id, count, lambda row, fields: serves(fields))
    for row in rows:
        sheet.lines[row - 1] = change(sheet.lines[row - 1])
    return [draft.place(name, row) for row in rows]


@defect("row.short", trips="csv.row-width", file="enrollments.csv", stage="lines", source="D173, D181")
def short(draft: Draft, count: int) -> list[Place]:
    """A row ends before its last cell."""
    return _lines(
        draft,
        "enrollments.csv",
        "row.short",
        count,
        lambda fields: True,
        lambda line: line.rpartition(b",")[0],
    )


@defect("row.long", trips="csv.row-width", file="users.csv", stage="lines", source="D173")
def long(draft: Draft, count: int) -> list[Place]:
    """A list is not quoted, and every later cell moves one column on."""
    return _lines(
        draft,
        "users.csv",
        "row.long",
        count,
        lambda fields: "," in fields.get("agentSourcedIds", ""),
        lambda line: line.replace(b'"', b""),
    )


@defect("row.blank", trips="csv.blank-row", file="enrollments.csv", stage="lines", source="D172")
def blank(draft: Draft, count: int) -> list[Place]:
    """A blank line lies between two rows."""
    sheet = draft.sheet("enrollments.csv")
    places = []
    for number in range(count):
        row = 2 + draft.draws.one("defects/row.blank", number, max(len(sheet.lines) - 1, 1))
        sheet.insert(row, b"")
        places.append(draft.place("enrollments.csv", row))
    return sorted(places, key=lambda place: place.row or 0)


@defect(
    "row.unclosed-quote",
    trips="csv.quoting",
    file="courses.csv",
    column="title",
    stage="lines",
    source="D170",
)
def unclosed_quote(draft: Draft, count: int) -> list[Place]:
    """A quote is opened before a title and never closed."""
    sheet = draft.sheet("courses.csv")
    places = []
    position = sheet.header.index("title")
    for row in draft.choose("courses.csv", "row.unclosed-quote", count, lambda row, fields: True):
        cells = [csv_bytes([[cell]]).removesuffix(CRLF) if cell else b"" for cell in sheet.cells(row)]
        cells[position] = b'"' + cells[position]
        sheet.lines[row - 1] = b",".join(cells)
        places.append(draft.place("courses.csv", row, "title"))
    return places


@defect(
    "cell.line-break",
    trips="csv.line-break",
    file="lineItems.csv",
    column="description",
    stage="lines",
    source="D172",
)
def line_break(draft: Draft, count: int) -> list[Place]:
    """A description goes on in a second line.

    The cell is quoted as it should be; readers that work line by line see two broken rows.
    """
    sheet = draft.sheet("lineItems.csv")
    places = []
    position = sheet.header.index("description")
    for row in reversed(draft.choose("lineItems.csv", "cell.line-break", count, lambda row, fields: True)):
        cells = sheet.cells(row)
        cells[position] += "\r\nsecond part"
        first, _, second = csv_bytes([cells]).removesuffix(CRLF).partition(CRLF)
        sheet.lines[row - 1] = first
        places.append(draft.place("lineItems.csv", row, "description"))
        sheet.insert(row + 1, second)
    return places[::-1]


@cell_defect(
    "cell.padded", trips="csv.padded-value", file="enrollments.csv", column="userSourcedId", source="D91"
)
def padded(cell: str, row: Fields, draft: Draft) -> str | None:
    """An id has a blank at its end: it looks the same and matches nothing."""
    return f"{cell} "


@cell_defect("list.spaces", trips="csv.list-form", file="users.csv", column="agentSourcedIds", source="D173")
def spaces(cell: str, row: Fields, draft: Draft) -> str | None:
    """The items of a list are joined by a comma and a blank."""
    return cell.replace(",", ", ") if "," in cell else None
