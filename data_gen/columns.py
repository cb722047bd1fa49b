"""Columns of bytes: many rows rendered at once, as a matrix with a template for what all rows share.

Called by the tables that are large: a row is filled in place of a text per cell, and a byte 0 stands for nothing. Never
decides what a row says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.uint8]
Numbers = NDArray[np.int64]
_AT_ONCE = 4
"""Digits that are looked up at once."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text per row, each padded with bytes 0 at its end; varies when any is."""

    matrix: Matrix
    varies: bool

    @property
    def width(self) -> int:
        """Bytes of the longest text."""
        return int(self.matrix.shape[1])

    def take(self, places: Numbers) -> Text:
        """The texts at places, one per place."""
        return Text(np.take(self.matrix, places, axis=0), self.varies)


@dataclass(frozen=True, slots=True)
class Lines:
    """Rendered rows one after the other, and the length of each.

    body: may be a view that the next rows of the same template write over.
    """

    body: bytes | memoryview
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Sequence[bytes]) -> Lines:
        """Rows that are rendered already."""
        return cls(b"".join(rows), np.fromiter(map(len, rows), np.int64, len(rows)))

    def __len__(self) -> int:
        return len(self.lengths)


def texts(found: Sequence[str]) -> Text:
    """Texts as a table to take from."""
    raw = [text.encode("utf-8") for text in found]
    width = max(map(len, raw), default=0)
    padded = b"".join(text.ljust(width, b"\0") for text in raw)
    matrix = np.frombuffer(padded, np.uint8).reshape(len(raw), width)
    return Text(matrix, any(len(text) < width for text in raw))


@cache
def _of_width(width: int) -> Matrix:
    """Every number of that many digits, with leading zeros."""
    return texts([f"{number:0{width}d}" for number in range(10**width)]).matrix


def digits(numbers: Numbers, width: int) -> Text:
    """Numbers with leading zeros; one that needs more than width digits is an error."""
    if width <= _AT_ONCE:
        try:
            return Text(np.take(_of_width(width), numbers, axis=0), False)
        except IndexError as error:
            raise ValueError("a number of more digits than its column has") from error
    upper, lower = np.divmod(numbers, 10**_AT_ONCE)
    found = np.empty((len(numbers), width), np.uint8)
    _items(found, width - _AT_ONCE, width)[:] = _whole(np.take(_of_width(_AT_ONCE), lower, axis=0))
    _items(found, 0, width - _AT_ONCE)[:] = _whole(digits(upper, width - _AT_ONCE).matrix)
    return Text(found, False)


def counted(numbers: Numbers, least: int) -> Text:
    """Numbers of at least that many digits and of eight at most, without more leading zeros."""
    found = digits(numbers, 8).matrix
    for place in range(8 - least):
        found[numbers < 10 ** (7 - place), place] = 0
    return Text(found, True)


def _items(rows: Matrix, start: int, stop: int) -> NDArray[np.void]:
    """A range of columns as one item per row: copied item by item, several times faster than byte by byte."""
    kind = np.dtype((np.void, stop - start))
    return np.ndarray((rows.shape[0],), kind, rows.data, start, (rows.shape[1],))


def _whole(matrix: Matrix) -> NDArray[np.void]:
    return _items(np.ascontiguousarray(matrix), 0, matrix.shape[1])


class Template:
    """The shape of a row: bytes that all rows share, and names of the texts between them.

    size: rows that are rendered at once, at most. A name may occur more than once.
    """

    def __init__(self, parts: Sequence[bytes | str], widths: Mapping[str, int], size: int) -> None:
        places: list[tuple[str, int, int]] = []
        row = bytearray()
        for part in parts:
            if isinstance(part, bytes):
                row += part
            elif widths[part]:
                places.append((part, len(row), len(row) + widths[part]))
                row += bytes(widths[part])
        self._rows: Matrix = np.tile(np.frombuffer(bytes(row), np.uint8), (size, 1))
        self._slots = [(name, _items(self._rows, start, stop)) for name, start, stop in places]

    def fill(self, values: Mapping[str, Text]) -> Lines:
        """Rows with these texts; every value has the same number of them."""
        count = len(next(iter(values.values())).matrix)
        rows = self._rows[:count]
        whole = {name: _whole(value.matrix) for name, value in values.items() if value.width}
        for name, slot in self._slots:
            slot[:count] = whole[name]
        width = rows.shape[1]
        if not any(value.varies for value in values.values()):
            return Lines(rows.data.cast("B"), np.full(count, width, np.int64))
        held = rows != 0
        return Lines(rows[held].tobytes(), np.count_nonzero(held, axis=1))


def chunks(total: int, size: int) -> Iterator[range]:
    """Numbers 0 to total - 1 in ranges of at most size."""
    for start in range(0, total, size):
        yield range(start, min(start + size, total))
