"""One file of a bundle as frames of text columns with their physical line, and everything noted on the way.

Called by the judge, once per file; the clean path never holds rows as Python objects. Judges no cell.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import IO

import polars as pl

from conformance.csv_files.blocks import (
    BLOCK_BYTES,
    LINE_END,
    Block,
    LineTooLong,
    line_ends,
    read_blocks,
)
from conformance.csv_files.faults import Faults
from conformance.csv_files.header import Header, read_header
from conformance.csv_files.records import Parsed, RecordParser
from conformance.csv_files.shape import blank_beside, inspect
from oneroster_standard.standard import CsvFile

LINE = "@line"
BLANKS = " \t\u00a0\u200b\ufeff"
"""What is taken off around a value."""
LOST_LETTER = "\ufffd"
PIECE_BYTES = 1 << 20
"""A block that is not regular is read in pieces of this size, so that one fault does not slow the others down."""


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
    blanks: str = BLANKS
    """The blanks that may stand around values of the frame that was handed out last; none when there are none in it."""
    has_lost_letters: bool = True
    """Whether the sign of a lost letter may stand in that frame."""

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


@dataclass(frozen=True, slots=True)
class Prepared:
    """A block as text, and as a frame when it is regular."""

    data: bytes
    frame: pl.DataFrame | None = None
    blanks: str = BLANKS
    has_lost_letters: bool = True


def _blanks_in(data: bytes) -> str:
    """Blanks that occur in the data, none when the only kind is the common one and stands inside of values."""
    known = BLANKS[:2] if data.isascii() else BLANKS
    found = "".join(sign for sign in known if _holds(data, sign))
    return "" if found == " " and not blank_beside(data) else found


def _holds(data: bytes, sign: str) -> bool:
    """Whether a sign occurs in the data: its first byte is looked for first, which is far faster."""
    wanted = sign.encode()
    return wanted[:1] in data and wanted in data


def _ahead(blocks: Iterator[Block], prepare: Callable[[Block], Prepared]) -> Iterator[tuple[Block, Prepared]]:
    """Prepare the next block in a thread while the caller judges this one; order is kept."""
    waiting: deque[tuple[Block, Future[Prepared]]] = deque()
    too_long: LineTooLong | None = None
    with ThreadPoolExecutor(max_workers=1) as pool:
        try:
            for block in blocks:
                waiting.append((block, pool.submit(prepare, block)))
                if len(waiting) > 1:
                    done, future = waiting.popleft()
                    yield done, future.result()
        except LineTooLong as problem:
            too_long = problem
        while waiting:
            done, future = waiting.popleft()
            yield done, future.result()
    if too_long is not None:
        raise too_long


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
            self.reading.bytes += len(block.data)
            taken = self._take_header(block.data, block.first_line)
            if self.reading.stopped_by:
                return
            line = block.first_line + line_ends(block.data[:taken]).lines
            data = block.data[taken:]
            if data:
                yield from self._rows(Block(data, line, line_ends(data)))
            break
        else:
            self.reading.header.is_empty = True
            self.reading.stopped_by = "no-header"
            return
        for block, prepared in _ahead(blocks, self._prepare):
            self.reading.bytes += len(block.data)
            if self.rest:
                # A record is still open: what was prepared began in the middle of it.
                data, self.rest = self.rest + block.data, b""
                yield from self._rows(Block(data, self.rest_line, line_ends(data)))
            else:
                yield from self._rows(block, prepared)
        if self.rest:
            data, self.rest = self.rest, b""
            yield from self._exact(data, self.rest_line, is_last=True)

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

    def _prepare(self, block: Block) -> Prepared:
        """Parse a block when it is regular. Touches nothing of the reader: it may run ahead in a thread."""
        data, ends = block.data, block.ends
        if ends.returns and not ends.feeds:
            # Lines that end in CR alone are lines all the same: the fast path reads them as LF.
            data = data.replace(b"\r", b"\n")
        elif ends.returns != ends.pairs:
            return Prepared(data)
        feeds = ends.feeds or ends.returns
        shape = inspect(data, len(self.schema), feeds)
        if not shape.may_be_regular:
            return Prepared(block.data)
        try:
            frame = pl.read_csv(
                data, has_header=False, schema=self.schema, quote_char='"' if shape.has_quotes else None, empty_string_is_null=False
            )
        except pl.exceptions.PolarsError:
            # A long row beside a short one: the counts alone could not tell.
            return Prepared(block.data)
        if frame.height != shape.records:
            return Prepared(block.data)
        return Prepared(data, frame, _blanks_in(data), _holds(data, LOST_LETTER))

    def _rows(self, block: Block, prepared: Prepared | None = None, *, is_piece: bool = False) -> Iterator[pl.DataFrame]:
        line, ends = block.first_line, block.ends
        prepared = prepared or self._prepare(block)
        if prepared.frame is None:
            if not is_piece and len(block.data) > 2 * PIECE_BYTES:
                yield from self._pieces(block)
                return
            yield from self._exact(prepared.data, line, is_last=False)
            return
        self.reading.blanks, self.reading.has_lost_letters = prepared.blanks, prepared.has_lost_letters
        if ends.feeds > ends.pairs:
            at = block.data.find(b"\r\n")
            self.reading.note_line_end("\n", _first_bare_feed(block.data, line), ends.feeds - ends.pairs)
            self.reading.note_line_end("\r\n", line + block.data.count(b"\n", 0, max(at, 0)), ends.pairs)
        elif ends.feeds:
            self.reading.note_line_end("\r\n", line, ends.pairs)
        else:
            self.reading.note_line_end("\r", line, ends.returns)
        frame = prepared.frame
        yield self._named(frame, pl.int_range(line, line + frame.height, dtype=pl.UInt32, eager=True))

    def _pieces(self, block: Block) -> Iterator[pl.DataFrame]:
        """Read a block piece by piece; a record that is still open goes on in the next one."""
        line, start = block.first_line, 0
        while start < len(block.data):
            stop = block.data.find(b"\n", start + PIECE_BYTES) + 1 or len(block.data)
            data = block.data[start:stop]
            ends, start = line_ends(data), stop
            if self.rest:
                rest, self.rest = self.rest, b""
                yield from self._exact(rest + data, self.rest_line, is_last=False)
            else:
                yield from self._rows(Block(data, line, ends), is_piece=True)
            line += ends.lines

    def _exact(self, data: bytes, line: int, *, is_last: bool) -> Iterator[pl.DataFrame]:
        self.reading.blanks, self.reading.has_lost_letters = BLANKS, True
        parsed: Parsed = self.parser.parse(data.decode("utf-8"), line, is_last=is_last)
        self.reading.lost.extend(parsed.lost)
        if parsed.rest:
            self.rest, self.rest_line = parsed.rest.encode("utf-8"), parsed.rest_line
        if not parsed.records:
            return
        for record in parsed.records:
            self.reading.note_line_end(record.end, record.line)
        frame = pl.DataFrame([record.cells for record in parsed.records], schema=self.schema, orient="row")
        lines = pl.Series(LINE, [record.line for record in parsed.records], dtype=pl.UInt32)
        yield self._named(frame, lines)

    def _named(self, frame: pl.DataFrame, lines: pl.Series) -> pl.DataFrame:
        self.reading.rows += frame.height
        columns = [frame.to_series(position).alias(name) for position, name in enumerate(self.kept) if name]
        # Columns in unlike pieces would be joined again by every expression that is put to them.
        return pl.DataFrame([*columns, lines.alias(LINE)]).rechunk()
