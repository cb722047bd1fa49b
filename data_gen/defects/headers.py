"""Defects of header rows: missing, misspelt, doubled, extra or moved columns."""

from __future__ import annotations

from data_gen.defects.draft import Draft, Place
from data_gen.defects.registry import defect
from oneroster_standard.bundle_writer import csv_bytes

LONGEST_NAME = 30
"""Where some exports cut the name of a column."""


def _write_header(draft: Draft, name: str, cells: list[str]) -> None:
    sheet = draft.sheet(name)
    sheet.lines[0] = csv_bytes([cells]).rstrip(b"\r\n")


@defect(
    "header.missing",
    trips="csv.header-present",
    file="courseResources.csv",
    stage="files",
    source="D169",
    once=True,
)
def missing(draft: Draft, count: int) -> list[Place]:
    """A file has no header row."""
    draft.sheet("courseResources.csv").remove(1)
    return [draft.place("courseResources.csv", 1)]


@defect(
    "header.column-missing",
    trips="csv.header-columns",
    file="users.csv",
    column="middleName",
    stage="headers",
    source="D169",
    once=True,
)
def column_missing(draft: Draft, count: int) -> list[Place]:
    """An optional column is left out of a file."""
    sheet = draft.sheet("users.csv")
    position = sheet.header.index("middleName")
    sheet.each_record(lambda cells: cells[:position] + cells[position + 1 :])
    return [draft.place("users.csv", 1, "middleName")]


@defect(
    "header.order",
    trips="csv.header-order",
    file="courses.csv",
    column="courseCode",
    stage="headers",
    source="D169",
    once=True,
)
def order(draft: Draft, count: int) -> list[Place]:
    """Two columns stand in each other's place, cells included."""
    sheet = draft.sheet("courses.csv")
    first, second = sheet.header.index("title"), sheet.header.index("courseCode")

    def swap(cells: list[str]) -> list[str]:
        cells[first], cells[second] = cells[second], cells[first]
        return cells

    sheet.each_record(swap)
    return [draft.place("courses.csv", 1, "courseCode")]


@defect(
    "header.spelling",
    trips="csv.header-spelling",
    file="demographics.csv",
    column="nativeHawaiianOrOtherPacificIslander",
    stage="headers",
    source="D169",
    once=True,
)
def spelling(draft: Draft, count: int) -> list[Place]:
    """A long column name is cut after thirty characters."""
    header = draft.sheet("demographics.csv").header
    _write_header(
        draft, "demographics.csv", [name[:LONGEST_NAME] if len(name) > 30 else name for name in header]
    )
    return [draft.place("demographics.csv", 1, "nativeHawaiianOrOtherPacificIslander")]


@defect(
    "header.duplicate",
    trips="csv.header-unique",
    file="resources.csv",
    column="vendorId",
    stage="headers",
    source="D169",
    once=True,
)
def duplicate(draft: Draft, count: int) -> list[Place]:
    """Two columns bear one name, and another name is gone."""
    header = draft.sheet("resources.csv").header
    _write_header(
        draft, "resources.csv", ["vendorId" if name == "applicationId" else name for name in header]
    )
    return [draft.place("resources.csv", 1, "vendorId")]


@defect(
    "header.extra-column",
    trips="csv.extra-column",
    file="classes.csv",
    column="rowNumber",
    stage="headers",
    source="D176",
    once=True,
)
def extra_column(draft: Draft, count: int) -> list[Place]:
    """A file has a column that is neither of the standard nor metadata."""
    sheet = draft.sheet("classes.csv")
    sheet.each_record(lambda cells: [*cells, "rowNumber" if cells[0] == "sourcedId" else "1"])
    return [draft.place("classes.csv", 1, "rowNumber")]


@defect(
    "header.invisible",
    trips="csv.header-spelling",
    file="enrollments.csv",
    column="sourcedId",
    stage="headers",
    source="pain list, row 5",
    once=True,
)
def invisible(draft: Draft, count: int) -> list[Place]:
    """A character that nobody sees stands before the first column's name: readers find no ids at all."""
    header = draft.sheet("enrollments.csv").header
    _write_header(draft, "enrollments.csv", ["\u200b" + header[0], *header[1:]])
    return [draft.place("enrollments.csv", 1, "sourcedId")]
