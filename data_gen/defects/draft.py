"""A written bundle that may still be changed: files as physical lines, and the places where faults were planted.

Called by the defects. A file is read when a defect first asks for it; every other file is copied as it is.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data_gen.draws import Draws
from oneroster_standard.bundle_writer import csv_bytes

Fields = Mapping[str, str]
"""One record: column header -> cell."""
CRLF = b"\r\n"
CHUNK_BYTES = 1 << 20


@dataclass(slots=True)
class Place:
    """Where a fault lies. row: physical line from 1, None when no line bears it; column may be empty."""

    file: str
    row: int | None
    column: str = ""

    def document(self) -> dict[str, Any]:
        """The place as the answer key has it."""
        return {"file": self.file, "row": self.row, "column": self.column or None}


@dataclass
class Sheet:
    """One CSV file: lines without their line end, the header first, and what is done to its bytes at the end.

    taken: lines (from 1) that some defect has changed; transforms: applied in order to the whole file.
    """

    name: str
    lines: list[bytes]
    taken: set[int] = field(default_factory=set)
    places: list[Place] = field(default_factory=list)
    transforms: list[Callable[[bytes], bytes]] = field(default_factory=list)

    @property
    def header(self) -> list[str]:
        """Column names as they stand now."""
        return self.cells(1)

    def cells(self, row: int) -> list[str]:
        """Cells of the record on a physical line (from 1)."""
        return next(csv.reader([self.lines[row - 1].decode("utf-8")]), [])

    def fields(self, row: int) -> dict[str, str]:
        """Cells of a record by column header."""
        return dict(zip(self.header, self.cells(row), strict=False))

    def every(self) -> Iterator[tuple[int, dict[str, str]]]:
        """All records that no defect has changed, with their line."""
        for row in range(2, len(self.lines) + 1):
            if row not in self.taken:
                yield row, self.fields(row)

    def replace(self, row: int, cells: list[str]) -> None:
        """Write a record again."""
        self.lines[row - 1] = csv_bytes([cells]).removesuffix(CRLF)
        self.taken.add(row)

    def append(self, cells: list[str]) -> int:
        """Add a record at the end; returns its line."""
        self.lines.append(b"")
        self.replace(len(self.lines), cells)
        return len(self.lines)

    def insert(self, row: int, line: bytes) -> None:
        """Put a physical line at a place; everything planted at or below it moves down."""
        self.lines.insert(row - 1, line)
        self._shift(row, 1)
        self.taken.add(row)

    def remove(self, row: int) -> None:
        """Take a physical line away; everything planted below it moves up."""
        del self.lines[row - 1]
        self.taken.discard(row)
        self._shift(row + 1, -1)

    def _shift(self, row: int, by: int) -> None:
        self.taken = {line + by if line >= row else line for line in self.taken}
        for place in self.places:
            if place.row is not None and place.row >= row:
                place.row += by

    def each_record(self, change: Callable[[list[str]], list[str]]) -> None:
        """Change the cells of the header and of every record; lines must still be whole records."""
        for row in range(1, len(self.lines) + 1):
            self.lines[row - 1] = csv_bytes([change(self.cells(row))]).removesuffix(CRLF)

    def to_bytes(self) -> bytes:
        """The file as it will be written."""
        data = CRLF.join(self.lines) + CRLF
        for transform in self.transforms:
            data = transform(data)
        return data


class TooFew(Exception):
    """A bundle has fewer places for a defect than were asked for; the argument is how many there are."""


class Hides(Exception):
    """A defect would take away what another one planted; the argument is the file, empty for the whole bundle."""


class Draft:
    """A clean bundle in a folder, and what the defects make of it.

    names: file of the standard -> name in the bundle, None when it is left out. prefix: folder inside the bundle.
    extra: files that are no part of the bundle, by their path in it. worked_out: what a defect found by reading much.
    """

    def __init__(self, folder: Path, seed: int, out_name: str) -> None:
        self.folder = folder
        self.draws = Draws(seed)
        self.out_name = out_name
        self.names: dict[str, str | None] = {entry.name: entry.name for entry in sorted(folder.iterdir())}
        self.prefix = ""
        self.extra: dict[str, bytes] = {}
        self.archive_transforms: list[Callable[[bytes], bytes]] = []
        self.worked_out: dict[str, Any] = {}
        self._sheets: dict[str, Sheet] = {}

    @property
    def is_zip(self) -> bool:
        """Whether the bundle will be an archive."""
        return self.out_name.endswith(".zip")

    def sheet(self, name: str) -> Sheet:
        """One file, read on first use. Raises TooFew when the bundle has no such file."""
        if name not in self._sheets:
            if name not in self.names:
                raise TooFew(0)
            lines = self.folder.joinpath(name).read_bytes().split(CRLF)
            self._sheets[name] = Sheet(name, lines[:-1])
        return self._sheets[name]

    def clean_records(self, name: str) -> int:
        """How many lines below the header a file had before anything was planted. Raises TooFew when it is not there."""
        if name not in self.names:
            raise TooFew(0)
        if f"records of {name}" not in self.worked_out:
            self.worked_out[f"records of {name}"] = self.folder.joinpath(name).read_bytes().count(CRLF) - 1
        found: int = self.worked_out[f"records of {name}"]
        return found

    def require_untouched(self, name: str = "") -> None:
        """Raise Hides when a fault was planted in a file, or in any file when no name is given."""
        sheets = [self._sheets[name]] if name in self._sheets else [] if name else self._sheets.values()
        if any(sheet.places or sheet.taken for sheet in sheets):
            raise Hides(name)

    def choose(self, name: str, path: str, count: int, serves: Callable[[int, Fields], bool]) -> list[int]:
        """Lines of records that serve and that no defect has changed, chosen by seed, in order.

        Raises TooFew when there are fewer than count.
        """
        sheet = self.sheet(name)
        records = len(sheet.lines) - 1
        found: list[int] = []
        for number in range(count):
            start = self.draws.one(f"defects/{path}", number, max(records, 1))
            row = next((row for row in self._from(sheet, start) if serves(row, sheet.fields(row))), None)
            if row is None:
                raise TooFew(number)
            sheet.taken.add(row)
            found.append(row)
        return sorted(found)

    @staticmethod
    def _from(sheet: Sheet, start: int) -> Iterator[int]:
        records = len(sheet.lines) - 1
        for step in range(records):
            row = 2 + (start + step) % records
            if row not in sheet.taken:
                yield row

    def place(self, name: str, row: int | None, column: str = "") -> Place:
        """Remember a place in a file; its line follows when lines are put in or taken away above it."""
        found = Place(name, row, column)
        self.sheet(name).places.append(found)
        return found

    def members(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Names in the bundle and the bytes of each file."""
        for name, shown in self.names.items():
            if shown is not None:
                yield self.prefix + shown, self._chunks(name)
        for name, data in self.extra.items():
            yield name, iter([data])

    def _chunks(self, name: str) -> Iterator[bytes]:
        if name in self._sheets:
            yield self._sheets[name].to_bytes()
            return
        with self.folder.joinpath(name).open("rb") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                yield chunk

    def rows(self, clean: Mapping[str, int]) -> dict[str, int]:
        """Data lines by name in the bundle, blank ones left out."""
        found: dict[str, int] = {}
        for name, count in clean.items():
            shown = self.names[name]
            if shown is not None:
                sheet = self._sheets.get(name)
                found[shown] = sum(map(bool, sheet.lines[1:])) if sheet else count
        return found
