"""The exact parser: strict RFC 4180 records with the physical line on which each starts.

Called by the reader for the header and for blocks that are not regular. A faulty record is noted and left out,
and reading goes on at the next physical line, so that one lost quote does not swallow the rest of the file.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from conformance.csv_files.faults import Faults

MAX_RECORD_LINES = 1_000
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")
_CELL = r'(?:"(?:[^"]|"")*+"|[^",\r\n]*+)'
_WHOLE = re.compile(rf"{_CELL}(?:,{_CELL})*+(?:\r\n|\n|\r)?\Z")
_OPEN = re.compile(rf'(?:{_CELL},)*+"(?:[^"]|"")*+\Z')


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its first physical line, its cells, and how its line ends."""

    line: int
    cells: list[str]
    end: str


@dataclass(slots=True)
class Parsed:
    """Records in order, the first cells of those left out, and text that waits for more lines."""

    records: list[Record] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    rest: str = ""
    rest_line: int = 0


def _line_end(line: str) -> str:
    if line.endswith("\r\n"):
        return "\r\n"
    return line[-1] if line.endswith(("\n", "\r")) else ""


def _first_cell(line: str) -> str:
    return line.split(",", 1)[0].strip('"\r\n')


class RecordParser:
    """Parses text of whole lines; keeps nothing between calls."""

    def __init__(self, faults: Faults, width: int = 0, names: Callable[[int], str] = str) -> None:
        self.faults = faults
        self.width = width
        self.names = names

    def parse(self, text: str, first_line: int, *, is_last: bool) -> Parsed:
        """Parse the text; a quoted record that is still open at its end comes back as rest, unless is_last."""
        parsed = Parsed()
        lines = _LINE.findall(text)
        at = 0
        while at < len(lines):
            line = lines[at]
            number = first_line + at
            if not line.strip("\r\n\t "):
                self.faults.add("blank-row", number)
                at += 1
                continue
            if '"' not in line:
                self._keep(parsed, number, line.rstrip("\r\n").split(","), _line_end(line))
                at += 1
                continue
            record, span, waits = self._quoted(lines, at, is_last=is_last)
            if waits:
                parsed.rest = "".join(lines[at:])
                parsed.rest_line = number
                break
            if record is None:
                self._lose(parsed, number, line, span)
                at += 1
                continue
            cells = next(csv.reader([record], strict=True))
            if span > 1:
                self._note_line_breaks(number, cells)
            self._keep(parsed, number, cells, _line_end(lines[at + span - 1]))
            at += span
        return parsed

    def _quoted(self, lines: list[str], at: int, *, is_last: bool) -> tuple[str | None, int, bool]:
        """The record that starts here: its text (None: broken), how many lines it takes, whether it waits."""
        line = lines[at]
        if line.count('"') % 2 == 0:
            return (line if _WHOLE.match(line) else None), 1, False
        if not _OPEN.match(line):
            return None, 1, False
        text = [line]
        odd = True
        for offset in range(1, MAX_RECORD_LINES):
            if at + offset >= len(lines):
                return None, offset, not is_last
            following = lines[at + offset]
            text.append(following)
            odd ^= following.count('"') % 2 == 1
            if not odd:
                record = "".join(text)
                return (record if _WHOLE.match(record) else None), offset + 1, False
        return None, MAX_RECORD_LINES, False

    def _keep(self, parsed: Parsed, number: int, cells: list[str], end: str) -> None:
        if self.width and len(cells) != self.width:
            kind = "short-row" if len(cells) < self.width else "long-row"
            self.faults.add(kind, number, remark=f"{len(cells)} cells, header has {self.width}")
            parsed.lost.append(cells[0])
            return
        parsed.records.append(Record(number, cells, end))

    def _lose(self, parsed: Parsed, number: int, line: str, span: int) -> None:
        remark = (
            "a quote that is opened here is never closed"
            if span > 1
            else "a quote inside an unquoted cell, or text after a closing quote"
        )
        self.faults.add("quoting", number, remark=remark)
        parsed.lost.append(_first_cell(line))

    def _note_line_breaks(self, number: int, cells: list[str]) -> None:
        for position, cell in enumerate(cells):
            if "\r" in cell:
                self.faults.add("carriage-return-in-cell", number, column=self.names(position))
            elif "\n" in cell:
                self.faults.add("line-feed-in-cell", number, column=self.names(position))
