"""CSV files taken apart without loss: put together again unchanged, every byte is where it was.

Called by the anonymiser. Whatever a file's encoding, delimiter, quotes and line ends are, they are kept; a record that
cannot be read as CSV is one whose cells are its pieces between delimiters.
"""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

CHUNK_BYTES = 1 << 20
MOST_LINES = 1_000
"""Lines that one quoted record may take before its quote counts as never closed."""
LONGEST_LINE = 16 << 20
DELIMITERS = ",;\t|"
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)")


class Readable(Protocol):
    """Bytes that are read piece by piece."""

    def read(self, size: int, /) -> bytes:
        """The next bytes; none at the end."""


class LineTooLong(Exception):
    """A line of more than LONGEST_LINE characters."""


@dataclass(frozen=True, slots=True)
class Coding:
    """How a file's text is written: a codec and how it treats what it cannot read, losslessly."""

    name: str
    errors: str


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its cells as they stand in the file, quotes included, and its line end.

    is_whole: the cells follow the rules of CSV; otherwise they are mere pieces between delimiters.
    """

    raw: list[str]
    end: str
    is_whole: bool


def coding_of(head: bytes) -> Coding:
    """The coding of a file by its first bytes; what is not UTF-8 in a file of bytes survives as it is."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return Coding(name, "surrogatepass")
    pairs = len(head) // 2
    if pairs >= 8:
        for start, name in ((1, "utf-16-le"), (0, "utf-16-be")):
            if head[start : 2 * pairs : 2].count(0) > 0.9 * pairs:
                return Coding(name, "surrogatepass")
    return Coding("utf-8", "surrogateescape")


def lines(stream: Readable, coding: Coding) -> Iterator[str]:
    """Physical lines with their line ends; bytes that end in the middle of a sign are left out."""
    decoder = codecs.getincrementaldecoder(coding.name)(coding.errors)
    text = ""
    while chunk := stream.read(CHUNK_BYTES):
        text += decoder.decode(chunk)
        end = 0
        for found in _LINE.finditer(text):
            # A lone CR at the very end may be the first half of a CRLF.
            if found.end() == len(text) and found.group().endswith("\r"):
                break
            yield found.group()
            end = found.end()
        text = text[end:]
        if len(text) > LONGEST_LINE:
            raise LineTooLong
    if coding.errors == "surrogateescape":
        text += decoder.decode(b"", final=True)
    if text:
        yield text


class RecordReader:
    """Cuts lines into records by one delimiter."""

    def __init__(self, physical: Iterable[str], delimiter: str = ",") -> None:
        self._lines = iter(physical)
        self._ahead: deque[str] = deque()
        self.use(delimiter)

    def use(self, delimiter: str) -> None:
        """Go on with another delimiter."""
        sign = re.escape(delimiter)
        cell = rf'(?:"(?:[^"]|"")*+"|[^"{sign}\r\n]*+)'
        self.delimiter = delimiter
        self._whole = re.compile(rf"{cell}(?:{sign}{cell})*+\Z")
        self._open = re.compile(rf'(?:{cell}{sign})*+"(?:[^"]|"")*+\Z')

    def peek(self) -> str:
        """The next line, which stays there; empty at the end."""
        if not self._ahead:
            line = next(self._lines, "")
            if not line:
                return ""
            self._ahead.append(line)
        return self._ahead[0]

    def _next(self) -> str:
        return self._ahead.popleft() if self._ahead else next(self._lines, "")

    def __iter__(self) -> Iterator[Record]:
        while line := self._next():
            body, end = split_end(line)
            if '"' not in body:
                yield Record(body.split(self.delimiter), end, True)
            else:
                yield self._quoted(line)

    def _quoted(self, line: str) -> Record:
        body, end = split_end(line)
        if body.count('"') % 2 == 0:
            if self._whole.match(body):
                return Record(self._take_apart(body), end, True)
        elif self._open.match(line):
            taken = self._until_closed(line)
            if taken is not None:
                body, end = split_end(taken)
                return Record(self._take_apart(body), end, True)
            body, end = split_end(line)
        return Record(body.split(self.delimiter), end, False)

    def _until_closed(self, line: str) -> str | None:
        """The record that begins with the line, when a later line closes it; otherwise later lines stay ahead."""
        text, met = [line], 0
        is_open = True
        while is_open and met < MOST_LINES - 1:
            if met == len(self._ahead):
                following = next(self._lines, "")
                if not following:
                    return None
                self._ahead.append(following)
            text.append(self._ahead[met])
            is_open ^= self._ahead[met].count('"') % 2 == 1
            met += 1
        if is_open or not self._whole.match(split_end("".join(text))[0]):
            return None
        for _ in range(met):
            self._ahead.popleft()
        return "".join(text)

    def _take_apart(self, body: str) -> list[str]:
        cells: list[str] = []
        at = 0
        while True:
            if body.startswith('"', at):
                end = at + 1
                while True:
                    end = body.index('"', end) + 1
                    if not body.startswith('"', end):
                        break
                    end += 1
            else:
                end = body.find(self.delimiter, at)
                end = len(body) if end < 0 else end
            cells.append(body[at:end])
            if end >= len(body):
                return cells
            at = end + 1


def split_end(line: str) -> tuple[str, str]:
    """A line's text and its line end."""
    if line.endswith("\r\n"):
        return line[:-2], "\r\n"
    return (line[:-1], line[-1]) if line.endswith(("\n", "\r")) else (line, "")


def value_of(raw: str) -> str:
    """What a cell says, without its quotes."""
    if len(raw) >= 2 and raw[0] == raw[-1] == '"':
        return raw[1:-1].replace('""', '"')
    return raw


def written_like(raw: str, value: str) -> str:
    """A value written as the old cell was: in quotes when that was."""
    if len(raw) >= 2 and raw[0] == raw[-1] == '"':
        return '"' + value.replace('"', '""') + '"'
    return value
