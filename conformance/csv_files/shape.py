"""Whether a block of lines is regular: every line one record of the wanted width, quotes in pairs and in place.

Called by the reader for every block. Works on whole arrays of bytes; says only yes or no, the exact parser finds
out what is wrong and on which line.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_COMMA, _FEED, _RETURN, _QUOTE = 44, 10, 13, 34
_BLANKS = np.zeros(256, dtype=np.bool_)
# Blank and tab, and the bytes in which a no-break or zero-width space begins or ends: a reason to look, no verdict.
_BLANKS[[9, 32, 0xC2, 0xE2, 0xA0, 0x8B]] = True


@dataclass(frozen=True, slots=True)
class Shape:
    """What was found out about a block: is_regular, whether it has quotes, how many records."""

    is_regular: bool
    has_quotes: bool
    records: int
    may_be_padded: bool = True


def _quotes_in_place(data: np.ndarray, quotes: np.ndarray, inside: np.ndarray) -> bool:
    """Whether each opening quote follows a separator and each closing one precedes a separator or a line end."""
    opening = quotes & inside
    closing = quotes & ~inside
    before = np.empty(len(data), dtype=np.uint8)
    before[0] = _FEED
    before[1:] = data[:-1]
    after = np.empty(len(data), dtype=np.uint8)
    after[-1] = _FEED
    after[:-1] = data[1:]
    previous = before[opening]
    following = after[closing]
    opened_well = (previous == _COMMA) | (previous == _FEED) | (previous == _QUOTE)
    closed_well = (
        (following == _COMMA) | (following == _FEED) | (following == _RETURN) | (following == _QUOTE)
    )
    return bool(opened_well.all() and closed_well.all())


def _has_blanks_beside(data: np.ndarray, at: np.ndarray) -> bool:
    """Whether a blank may stand beside one of the positions, or at either end of the data."""
    if not len(at) or _BLANKS[data[0]] or _BLANKS[data[-1]]:
        return True
    before = data[np.maximum(at - 1, 0)]
    after = data[np.minimum(at + 1, len(data) - 1)]
    ends = at[before == _RETURN]
    return bool(_BLANKS[before].any() or _BLANKS[after].any() or _BLANKS[data[np.maximum(ends - 2, 0)]].any())


def inspect(block: bytes, width: int) -> Shape:
    """Judge whole lines of text, line ends LF or CRLF."""
    data = np.frombuffer(block, dtype=np.uint8)
    separators = (data == _COMMA) | (data == _FEED)
    has_quotes = b'"' in block
    if has_quotes:
        quotes = data == _QUOTE
        # A running count modulo 256 keeps its parity, and one byte per byte keeps it in the cache.
        inside = (np.cumsum(quotes, dtype=np.uint8) & 1).astype(np.bool_)
        if inside[-1] or not _quotes_in_place(data, quotes, inside):
            return Shape(False, True, 0)
        if bool(((data == _FEED) & inside).any()):
            return Shape(False, True, 0)
        separators &= ~inside
    at = np.flatnonzero(separators)
    marks = data[at]
    may_be_padded = (b" " in block or b"\t" in block or not block.isascii()) and (
        _has_blanks_beside(data, at)
        or (has_quotes and _has_blanks_beside(data, np.flatnonzero(data == _QUOTE)))
    )
    if not block.endswith(b"\n"):
        marks = np.append(marks, np.uint8(_FEED))
    records, over = divmod(len(marks), width)
    ends = marks[width - 1 :: width]
    is_regular = over == 0 and bool((ends == _FEED).all()) and int((marks == _FEED).sum()) == records
    # With one column a blank line looks like a record; no file of the standard has one.
    return Shape(is_regular and width > 1, has_quotes, records, may_be_padded)
