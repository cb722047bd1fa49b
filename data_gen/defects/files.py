"""Defects of whole files: their presence, name, encoding, delimiter and line ends."""

from __future__ import annotations

import codecs

from data_gen.defects.draft import CRLF, Draft, Hides, Place
from data_gen.defects.registry import defect
from oneroster_standard.bundle_writer import csv_bytes


@defect(
    "file.missing",
    trips="csv.file-present",
    file="results.csv",
    stage="files",
    source="D166, D180",
    once=True,
)
def missing(draft: Draft, count: int) -> list[Place]:
    """A file that the manifest announces is not in the bundle.

    It must be read as unknown: to read it as empty would remove every record.
    """
    draft.require_untouched("results.csv")
    place = draft.place("results.csv", None)
    draft.names["results.csv"] = None
    return [place]


@defect("file.left-out", trips="csv.bulk-closed", file="resources.csv", stage="files", source="pain list, row 9", once=True)
def left_out(draft: Draft, count: int) -> list[Place]:
    """A file that others point to is not in the bundle, and the manifest calls it absent.

    Its records are unknown today; an importer that reads absent as empty retires all of them.
    """
    draft.require_untouched("resources.csv")
    manifest = draft.sheet("manifest.csv")
    for row in range(2, len(manifest.lines) + 1):
        if manifest.cells(row)[:1] == ["file.resources"]:
            if row in manifest.taken:
                raise Hides("manifest.csv")
            manifest.replace(row, ["file.resources", "absent"])
    place = draft.place("resources.csv", None)
    draft.names["resources.csv"] = None
    return [place]


@defect(
    "file.header-only",
    trips="csv.file-has-rows",
    file="classResources.csv",
    stage="files",
    source="D184",
    once=True,
)
def header_only(draft: Draft, count: int) -> list[Place]:
    """A file has a header and no rows."""
    draft.require_untouched("classResources.csv")
    sheet = draft.sheet("classResources.csv")
    del sheet.lines[1:]
    return [draft.place(sheet.name, 1)]


@defect("file.name-case", trips="csv.file-name", file="users.csv", stage="files", source="D168", once=True)
def name_case(draft: Draft, count: int) -> list[Place]:
    """users.csv is named Users.csv."""
    draft.names["users.csv"] = "Users.csv"
    return [Place("Users.csv", None)]


@defect(
    "file.windows-1252",
    trips="csv.encoding",
    file="users.csv",
    column="familyName",
    stage="lines",
    source="D171",
)
def windows_1252(draft: Draft, count: int) -> list[Place]:
    """Accented names are written in Windows-1252."""
    sheet = draft.sheet("users.csv")
    position = sheet.header.index("familyName")
    places = []
    for row in draft.choose("users.csv", "file.windows-1252", count, lambda row, fields: True):
        cells = sheet.cells(row)
        cells[position] += "é"
        accented = csv_bytes([cells]).removesuffix(CRLF)
        sheet.lines[row - 1] = accented.replace("é".encode(), "é".encode("cp1252"))
        places.append(draft.place("users.csv", row, "familyName"))
    return places


@defect("file.utf-16", trips="csv.encoding", file="resources.csv", stage="bytes", source="D171", once=True)
def utf_16(draft: Draft, count: int) -> list[Place]:
    """A file is written in UTF-16."""
    sheet = draft.sheet("resources.csv")
    sheet.transforms.append(
        lambda data: codecs.BOM_UTF16_LE + data.decode("utf-8", errors="replace").encode("utf-16-le")
    )
    return [draft.place(sheet.name, 1)]


@defect(
    "file.byte-order-mark",
    trips="csv.byte-order-mark",
    file="orgs.csv",
    stage="bytes",
    source="D171",
    once=True,
)
def byte_order_mark(draft: Draft, count: int) -> list[Place]:
    """A file starts with a byte order mark."""
    sheet = draft.sheet("orgs.csv")
    sheet.transforms.append(lambda data: codecs.BOM_UTF8 + data)
    return [draft.place(sheet.name, 1)]


@defect(
    "file.nul-byte",
    trips="csv.nul-byte",
    file="users.csv",
    column="givenName",
    stage="lines",
    source="D90",
)
def nul_byte(draft: Draft, count: int) -> list[Place]:
    """A name holds a NUL byte."""
    sheet = draft.sheet("users.csv")
    position = sheet.header.index("givenName")
    places = []
    for row in draft.choose("users.csv", "file.nul-byte", count, lambda row, fields: True):
        cells = sheet.cells(row)
        cells[position] += "\0"
        sheet.replace(row, cells)
        places.append(draft.place("users.csv", row, "givenName"))
    return places


@defect(
    "file.semicolon", trips="csv.delimiter", file="lineItems.csv", stage="bytes", source="D170", once=True
)
def semicolon(draft: Draft, count: int) -> list[Place]:
    """Semicolons separate the cells of a file."""
    sheet = draft.sheet("lineItems.csv")
    sheet.transforms.append(lambda data: data.replace(b",", b";"))
    return [draft.place(sheet.name, 1)]


@defect(
    "file.carriage-return-lines",
    trips="csv.line-endings",
    file="academicSessions.csv",
    stage="bytes",
    source="D172",
    once=True,
)
def carriage_return_lines(draft: Draft, count: int) -> list[Place]:
    """Lines of a file end in a carriage return alone."""
    sheet = draft.sheet("academicSessions.csv")
    sheet.transforms.append(lambda data: data.replace(CRLF, b"\r"))
    return [draft.place(sheet.name, 1)]
