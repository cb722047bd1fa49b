"""One file of a bundle as frames of text columns with their physical line, and everything noted on the way.

Called by the judge, once per file; the clean path never holds rows as Python objects. Judges no cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

import polars as pl

from conformance.csv_files.blocks import (
    BLOCK_BYTES,
    LINE_END,
    Block,
    LineTooLong,
    line_count,
    read_blocks,
)
from conformance.csv_files.faults import Faults
from conformance.csv_files.header import Header, read_header
from conformance.csv_files.records import Parsed, RecordParser
from conformance.csv_files.shape import inspect
from oneroster_standard.standard import CsvFile

LINE = "@line"
_PADDING = (b" ,", b", ", b" \r", b" \n", b"\n ", b'" ', b' "', b"\t", b"\xc2\xa0", b"\xe2\x80\x8b")


@dataclass(slots=True)
class FileReading:
    """What was read of one file. stopped_by: the kind of fault after which nothing more was read."""

    spec: CsvFile
    faults: Faults = field(default_factory=Faults)
    header: Header = field(default_factory=Header)
    rows: int = 0
    lines: int = 0
    bytes: int = 0
    lost: list[str] = field(default_factory=list)
    line_ends: dict[str, list[int]] = field(default_factory=dict)
    stopped_by: str = ""
    may_be_padded: bool = False

    @property
    def name(self) -> str:
        """The standard's name of the file."""
        return self.spec.name

    @property
    def has_rows_lost(self) -> bool:
        """Whether some rows could not be taken apart."""
        return bool(self.lost) or bool(self.stopped_by)

    def has(self, column: str) -> bool:
        """Whether the column can be judged."""
        return self.header.is_readable and column in self.header.positions

    def note_line_end(self, end: str, first_line: int, count: int = 1) -> None:
        """Count line ends of one kind; the first line that has it is kept."""
        if end and count:
            met = self.line_ends.setdefault(end, [0, first_line])
            met[0] += count


def read_frames(
    stream: IO[bytes], reading: FileReading, *, block_bytes: int = BLOCK_BYTES
) -> Iterator[pl.DataFrame]:
    """Read the file; yields frames of all columns that are known, as text, and LINE.

    Blank cells are empty strings. Faults, counts and the header are left in the reading.
    """
    try:
        yield from _Reader(reading).run(read_blocks(stream, reading.faults, block_bytes))
    except LineTooLong as problem:
        reading.faults.add("line-too-long", problem.line)
        reading.stopped_by = "line-too-long"


def _first_bare_feed(data: bytes, line: int) -> int:
    at = data.find(b"\n")
    while at > 0 and data[at - 1] == 13:
        line += 1
        at = data.find(b"\n", at + 1)
    return line


class _Reader:
    def __init__(self, reading: FileReading) -> None:
        self.reading = reading
        self.parser = RecordParser(reading.faults)
        self.rest = b""
        self.rest_line = 0
        self.schema: dict[str, type[pl.String]] = {}
        self.kept: list[str] = []

    def run(self, blocks: Iterator[Block]) -> Iterator[pl.DataFrame]:
        for block in blocks:
            data, line = block.data, block.first_line
            self.reading.bytes += len(data)
            if self.rest:
                data, line = self.rest + data, self.rest_line
                self.rest = b""
            if not self.schema:
                taken = self._take_header(data, line)
                if self.reading.stopped_by:
                    return
                line += line_count(data[:taken])
                data = data[taken:]
            if data:
                yield from self._rows(data, line, is_last=False)
        if self.rest:
            yield from self._rows(self.rest, self.rest_line, is_last=True)
        if not self.schema:
            self.reading.header.is_empty = True
            self.reading.stopped_by = "no-header"

    def _take_header(self, data: bytes, first_line: int) -> int:
        """Read the header row; returns the number of bytes up to the first data row."""
        taken = 0
        for found in LINE_END.finditer(data):
            is_blank = not data[taken : found.start()].strip()
            taken = found.end()
            if not is_blank:
                break
        else:
            taken = len(data)
        text = data[:taken].decode("utf-8")
        parsed = self.parser.parse(text, first_line, is_last=True)
        if not parsed.records:
            self.reading.header.is_empty = True
            self.reading.stopped_by = "no-header"
            return taken
        record = parsed.records[0]
        self.reading.lines = record.line
        self.reading.note_line_end(record.end, record.line)
        header = read_header(record.cells, text.strip("\r\n"), self.reading.spec)
        self.reading.header = header
        if header.delimiter != ",":
            self.reading.stopped_by = "delimiter"
        elif not header.is_present:
            self.reading.stopped_by = "no-header"
        self.parser = RecordParser(self.reading.faults, header.width, header.name_at)
        names = [header.name_at(position) for position in range(header.width)]
        self.schema = {f"{position}": pl.String for position in range(header.width)}
        self.kept = [name if name in header.positions else "" for name in names]
        return taken

    def _rows(self, data: bytes, line: int, *, is_last: bool) -> Iterator[pl.DataFrame]:
        returns = data.count(b"\r")
        feeds = data.count(b"\n")
        pairs = data.count(b"\r\n") if returns else 0
        if returns and not feeds:
            # Lines that end in CR alone are lines all the same: the fast path reads them as LF.
            self.reading.note_line_end("\r", line, returns)
            data, returns, feeds, noted = data.replace(b"\r", b"\n"), 0, returns, True
        else:
            noted = False
        # Blanks at a cell's end cannot be told from blanks in a list here: this only spares the search for them.
        self.reading.may_be_padded = (
            data.startswith(b" ") or data.endswith(b" ") or any(mark in data for mark in _PADDING)
        )
        shape = inspect(data, self.reading.header.width) if returns == pairs else None
        if shape is None or not shape.is_regular:
            yield from self._exact(data, line, is_last=is_last, noted=noted)
            return
        if not noted:
            if feeds > pairs:
                self.reading.note_line_end("\n", _first_bare_feed(data, line), feeds - pairs)
                line_of_pair = line + data.count(b"\n", 0, data.find(b"\r\n")) if pairs else line
                self.reading.note_line_end("\r\n", line_of_pair, pairs)
            else:
                self.reading.note_line_end("\r\n", line, pairs)
        frame = pl.read_csv(
            data,
            has_header=False,
            schema=self.schema,
            quote_char='"' if shape.has_quotes else None,
            empty_string_is_null=False,
        )
        yield self._named(frame, pl.int_range(line, line + frame.height, dtype=pl.UInt32, eager=True))

    def _exact(self, data: bytes, line: int, *, is_last: bool, noted: bool) -> Iterator[pl.DataFrame]:
        parsed: Parsed = self.parser.parse(data.decode("utf-8"), line, is_last=is_last)
        self.reading.lost.extend(parsed.lost)
        if parsed.rest:
            self.rest, self.rest_line = parsed.rest.encode("utf-8"), parsed.rest_line
        if not parsed.records:
            return
        if not noted:
            for record in parsed.records:
                self.reading.note_line_end(record.end, record.line)
        frame = pl.DataFrame([record.cells for record in parsed.records], schema=self.schema, orient="row")
        lines = pl.Series(LINE, [record.line for record in parsed.records], dtype=pl.UInt32)
        yield self._named(frame, lines)

    def _named(self, frame: pl.DataFrame, lines: pl.Series) -> pl.DataFrame:
        self.reading.rows += frame.height
        columns = [frame.to_series(position).alias(name) for position, name in enumerate(self.kept) if name]
        return pl.DataFrame([*columns, lines.alias(LINE)])
