"""Bytes of one file as UTF-8 blocks of whole lines, whatever the file's own encoding is.

Called by the reader. Notes byte order marks, UTF-16 and UTF-32, bytes that are not UTF-8 and NUL bytes
with their physical line; hands on readable text so that one wrong byte does not hide every later fault.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import numpy as np

from conformance.csv_files.faults import Faults
from conformance.csv_files.shape import SLICE, slices

BLOCK_BYTES = 4 << 20
MAX_LINE_BYTES = 16 << 20
LINE_END = re.compile(rb"\r\n|\n|\r")
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class LineTooLong(Exception):
    """A line longer than MAX_LINE_BYTES: the rest of the file is not read."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line}")
        self.line = line


@dataclass(frozen=True, slots=True)
class LineEnds:
    """How many bytes of each kind: LF, CR, and CR LF pairs (counted in the first two as well)."""

    feeds: int
    returns: int
    pairs: int

    @property
    def lines(self) -> int:
        """Number of line ends: CRLF, LF or a lone CR."""
        return self.feeds + self.returns - self.pairs


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of text as UTF-8 without NUL; first_line is the physical line of its first byte."""

    data: bytes
    first_line: int
    ends: LineEnds


def line_ends(data: bytes) -> LineEnds:
    """Count the line ends of the data."""
    feeds = returns = pairs = 0
    for part in slices(data):
        is_feed = part == 10
        is_return = part == 13
        # The last byte of a part is the first one of the next.
        shared = len(part) > SLICE
        feeds += int(np.count_nonzero(is_feed)) - (shared and bool(is_feed[-1]))
        returns += int(np.count_nonzero(is_return)) - (shared and bool(is_return[-1]))
        pairs += int(np.count_nonzero(is_return[:-1] & is_feed[1:]))
    return LineEnds(feeds, returns, pairs)


def _wide_encoding(head: bytes) -> tuple[str, int] | None:
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name, len(mark)
    pairs = len(head) // 2
    if pairs >= 8:
        for start, name in ((1, "utf-16-le"), (0, "utf-16-be")):
            if head[start : 2 * pairs : 2].count(0) > 0.9 * pairs:
                return name, 0
    return None


def _read(stream: IO[bytes], size: int) -> bytes:
    """About so many bytes; of a plain file up to a line end, so that no line is joined from two reads."""
    if not isinstance(stream, io.BufferedReader) or not stream.seekable():
        return stream.read(size)
    start = stream.tell()
    stream.seek(start + size)
    more = len(stream.readline(size))
    stream.seek(start)
    return stream.read(size + more)


def _is_utf8(data: bytes) -> bool:
    """Whether the data is UTF-8. Only bytes that are not ASCII are looked at, each run of them by itself."""
    if data.isascii():
        return True
    runs: list[bytes] = []
    for start in range(0, len(data), SLICE):
        part = np.frombuffer(data, np.uint8, min(SLICE, len(data) - start), start)
        at = np.flatnonzero(part >= 128)
        if len(at):
            gaps = np.diff(at) > 1
            text = np.full(len(at) + int(gaps.sum()), 32, dtype=np.uint8)
            text[np.arange(len(at)) + np.concatenate(([0], np.cumsum(gaps)))] = part[at]
            # A character may lie across the border of two parts; then nothing stands between their runs.
            runs += [b" ", text.tobytes()] if at[0] or not start else [text.tobytes()]
            if at[-1] != len(part) - 1:
                runs.append(b" ")
    try:
        b"".join(runs).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _utf8_chunks(stream: IO[bytes], faults: Faults, size: int) -> Iterator[bytes]:
    """The stream's bytes, transcoded when it is UTF-16 or UTF-32; the byte order mark is dropped."""
    head = _read(stream, size)
    wide = _wide_encoding(head[:4096])
    if wide:
        name, skip = wide
        faults.add("wide-encoding", 1, remark=name.rpartition("-")[0].upper())
        decoder = codecs.getincrementaldecoder(name)(errors="replace")
        chunk = head[skip:]
        while chunk:
            yield decoder.decode(chunk).encode("utf-8", errors="replace")
            chunk = stream.read(size)
        return
    if head.startswith(codecs.BOM_UTF8):
        faults.add("byte-order-mark", 1, remark="EF BB BF at byte 0")
        head = head[3:]
    while head:
        yield head
        head = _read(stream, size)


def _mend(data: bytes, first_line: int, faults: Faults) -> bytes:
    """Note NUL bytes and bytes that are not UTF-8 by line; return readable UTF-8."""
    valid = _is_utf8(data)
    if valid and b"\0" not in data:
        return data
    lines: list[bytes] = []
    start = 0
    number = first_line
    while start < len(data):
        end = LINE_END.search(data, start)
        stop = end.end() if end else len(data)
        line = data[start:stop]
        if b"\0" in line:
            faults.add("nul-byte", number, remark=f"{line.count(0)} in the line")
            line = line.replace(b"\0", b"")
        if not valid:
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                faults.add("not-utf8", number, remark=f"byte {error.start + 1} of the line")
                line = line.decode("cp1252", errors="replace").encode("utf-8")
        lines.append(line)
        start = stop
        number += 1
    return b"".join(lines)


def read_blocks(stream: IO[bytes], faults: Faults, size: int = BLOCK_BYTES) -> Iterator[Block]:
    """Cut the stream into blocks of whole lines; only the last line may lack its line end.

    Raises LineTooLong after the blocks before it were handed on.
    """
    rest = b""
    line = 1
    for chunk in _utf8_chunks(stream, faults, size):
        data = rest + chunk if rest else chunk
        if rest and data.find(b"\n", len(rest)) > MAX_LINE_BYTES:
            raise LineTooLong(line)
        cut = data.rfind(b"\n") + 1
        if not cut:
            # A lone CR ends a line too, but the last byte may be the first half of a CRLF.
            cut = data.rfind(b"\r", 0, len(data) - 1) + 1
        rest = data[cut:]
        if cut:
            whole = data[:cut] if rest else data
            ends = line_ends(whole)
            yield Block(_mend(whole, line, faults), line, ends)
            line += ends.lines
        if len(rest) > MAX_LINE_BYTES:
            raise LineTooLong(line)
    if rest:
        yield Block(_mend(rest, line, faults), line, line_ends(rest))
