"""Whether a block of lines is regular: every line one record of the wanted width, quotes in pairs and in place.

Called by the reader for every block. Works on arrays of bytes, a slice at a time so that they stay in the cache; says
only yes or no, the exact parser finds out what is wrong and on which line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

_COMMA, _FEED, _RETURN, _QUOTE, _BLANK = 44, 10, 13, 34, 32
SLICE = 1 << 17
"""Bytes that are looked at together."""
_QUOTED_SLICE = 1 << 19
_BESIDE = np.zeros(256, dtype=np.bool_)
_BESIDE[[_COMMA, _FEED, _QUOTE]] = True
_AFTER = _BESIDE.copy()
_AFTER[_RETURN] = True
_EDGE = _AFTER.copy()
_EDGE[_BLANK] = True


@dataclass(frozen=True, slots=True)
class Shape:
    """What was found out about a block: may_be_regular, whether it has quotes, how many records and separators it has.

    It is regular when a reader that refuses long rows finds as many records in it: commas and line ends are counted only.
    """

    may_be_regular: bool
    has_quotes: bool
    records: int


def slices(data: bytes) -> Iterator[np.ndarray]:
    """The data as arrays that fit into the cache, each one byte longer than its part of the data."""
    signs = np.frombuffer(data, dtype=np.uint8)
    for start in range(0, len(signs), SLICE):
        yield signs[start : start + SLICE + 1]


def _own(part: np.ndarray) -> np.ndarray:
    return part[:SLICE]


def inspect(block: bytes, width: int, feeds: int) -> Shape:
    """Judge whole lines of text, line ends LF or CRLF; feeds: how many LF it has."""
    has_quotes = b'"' in block
    records = feeds + (not block.endswith(b"\n"))
    if has_quotes:
        commas = _commas_outside_quotes(block)
    else:
        commas = sum(int(np.count_nonzero(_own(part) == _COMMA)) for part in slices(block))
    # With one column a blank line looks like a record; no file of the standard has one.
    return Shape(commas == (width - 1) * records and width > 1, has_quotes, records)


def blank_beside(block: bytes) -> bool:
    """Whether a blank stands beside a separator, a quote or a line end, at either end of the block, or beside another blank."""
    data = np.frombuffer(block, dtype=np.uint8)
    if data[0] == _BLANK or data[-1] == _BLANK:
        return True
    for start in range(0, len(data), _QUOTED_SLICE):
        at = np.flatnonzero(data[start : start + _QUOTED_SLICE] == _BLANK) + start
        if bool(_EDGE[data[at - 1]].any() or _EDGE[data[at + 1]].any()):
            return True
    return False


def _commas_outside_quotes(block: bytes) -> int:
    """Number of commas that separate; -1 when a quote is out of place, or a line ends inside of quotes."""
    data = np.frombuffer(block, dtype=np.uint8)
    commas, is_open = 0, 0
    for start in range(0, len(data), _QUOTED_SLICE):
        own = data[start : start + _QUOTED_SLICE]
        quotes = own == _QUOTE
        at = np.flatnonzero(quotes)
        separating = _bits(own == _COMMA)
        if len(at) or is_open:
            inside = _running_parity(_bits(quotes), is_open)
            if bool((_bits(own == _FEED) & inside).any()):
                return -1
            separating &= ~inside
        if len(at):
            if not _in_place(data, at + start, is_open):
                return -1
            is_open = (is_open + len(at)) & 1
        commas += int(np.bitwise_count(separating).sum())
    return -1 if is_open else commas


def _bits(marks: np.ndarray) -> np.ndarray:
    """Marks as bits of 64-bit words, the first one lowest."""
    packed = np.packbits(marks, bitorder="little")
    return np.pad(packed, (0, -len(packed) % 8)).view("<u8")


def _running_parity(bits: np.ndarray, is_open: int) -> np.ndarray:
    """For each bit whether an odd number of bits is set up to it; is_open: one that was set before all of them."""
    odd = bits.copy()
    for step in (1, 2, 4, 8, 16, 32):
        odd ^= odd << np.uint64(step)
    carried = np.bitwise_xor.accumulate(np.concatenate(([np.uint64(is_open)], odd[:-1] >> np.uint64(63))))
    return np.asarray(odd ^ (np.uint64(0) - carried))


def _in_place(data: np.ndarray, at: np.ndarray, is_open: int) -> bool:
    """Whether each opening quote follows a separator and each closing one precedes a separator or a line end."""
    opening, closing = at[is_open::2], at[1 - is_open :: 2]
    before = opening[opening > 0] - 1
    after = closing[closing < len(data) - 1] + 1
    return bool(_BESIDE[data[before]].all() and _AFTER[data[after]].all())
