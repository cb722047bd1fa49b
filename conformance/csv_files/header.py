"""The header row against the standard's columns: missing, misspelt, doubled, extra, out of order.

Called by the reader once per file. Judges names only; it accepts what it can tell and says what it accepted.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field

from oneroster_standard.standard import CsvFile

_SHOWABLE = re.compile(r"[A-Za-z][\w .:-]{0,60}\Z")
_NOISE = re.compile(r"[^a-z0-9]")
_PREFIX = re.compile(r"\A(?:[a-z]_|\w{1,12}\.)")
DELIMITERS = {";": "a semicolon", "\t": "a tab", "|": "a vertical bar"}


@dataclass(slots=True)
class Header:
    """What the header row says. positions: column of the standard -> index of the cell that holds it."""

    cells: list[str] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    misspelt: dict[str, str] = field(default_factory=dict)
    doubled: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    out_of_order: str = ""
    delimiter: str = ","
    is_present: bool = True
    is_empty: bool = False

    @property
    def is_readable(self) -> bool:
        """Whether rows below it can be given to columns."""
        return self.is_present and not self.is_empty and self.delimiter == ","

    @property
    def width(self) -> int:
        """Number of cells in the header row."""
        return len(self.cells)

    def name_at(self, position: int) -> str:
        """Name of the standard's column at a cell position, or the position itself."""
        for name, found in self.positions.items():
            if found == position:
                return name
        return f"column {position + 1}"


def showable(cell: str) -> str:
    """A header cell as it may be printed; anything that does not look like a column's name is left out."""
    return cell if _SHOWABLE.match(cell) else f"(a name of {len(cell)} characters)"


def _folded(name: str) -> str:
    return _NOISE.sub("", _PREFIX.sub("", name.strip()).lower())


def _nearest(cell: str, candidates: list[str]) -> str:
    folded = {_folded(name): name for name in candidates}
    bare = _folded(cell)
    if bare in folded:
        return folded[bare]
    # Some exports cut long names (30 characters is the length seen in the field).
    for short, name in folded.items():
        if len(bare) >= 12 and short.startswith(bare):
            return name
    close = difflib.get_close_matches(bare, list(folded), n=1, cutoff=0.8) if bare else []
    return folded[close[0]] if close else ""


def _other_delimiter(line: str, wanted: tuple[str, ...]) -> str:
    known = {_folded(name) for name in wanted}
    for delimiter in DELIMITERS:
        cells = [_folded(cell.strip('"')) for cell in line.split(delimiter)]
        if len(cells) > 1 and len(known & set(cells)) >= 2:
            return delimiter
    return ""


def read_header(cells: list[str], line: str, spec: CsvFile) -> Header:
    """Compare the first record with the file's columns; line is its raw text."""
    header = Header(cells=cells)
    wanted = spec.headers
    delimiter = _other_delimiter(line, wanted) if not set(cells) & set(wanted) else ""
    if delimiter:
        header.delimiter = delimiter
        return header
    unknown: list[int] = []
    for position, cell in enumerate(cells):
        if cell not in wanted:
            unknown.append(position)
        elif cell in header.positions:
            header.doubled.append(cell)
        else:
            header.positions[cell] = position
    for position in unknown:
        cell = cells[position]
        candidates = [name for name in wanted if name not in header.positions]
        near = "" if cell.startswith("metadata.") else _nearest(cell, candidates)
        if near:
            header.positions[near] = position
            header.misspelt[showable(cell)] = near
        elif _folded(cell) in {_folded(name) for name in wanted}:
            header.doubled.append(showable(cell))
        elif not cell.startswith("metadata."):
            header.extra.append(showable(cell))
        elif cell in cells[:position]:
            header.doubled.append(showable(cell))
    header.missing = [name for name in wanted if name not in header.positions]
    header.is_present = len(header.positions) * 3 >= len(wanted) or "sourcedId" in header.positions
    if header.is_present:
        header.out_of_order = _first_out_of_order(header, wanted)
    return header


def _first_out_of_order(header: Header, wanted: tuple[str, ...]) -> str:
    met = sorted(header.positions, key=lambda name: header.positions[name])
    expected = [name for name in wanted if name in header.positions]
    for found, due in zip(met, expected, strict=True):
        if found != due:
            return f"{found} where {due} belongs"
    last = max(header.positions.values(), default=-1)
    for position, cell in enumerate(header.cells):
        if cell.startswith("metadata.") and position < last:
            return f"metadata column at position {position + 1}, before the last standard column"
    return ""
