"""Dates and instants of a column as numbers: microseconds since 1970.

Called by filtering and sorting. Reads what parse_instant reads; the two usual forms in bulk, any other one by one.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from mock_server.columns import Column, Value
from mock_server.texts import all_text
from oneroster_standard.moments import parse_instant

NEVER = np.iinfo(np.int64).min
"""What an absent value and a text that is no moment have."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FORMS = {24: "0000-00-00T00:00:00.000Z", 10: "0000-00-00"}


def microseconds(moment: datetime) -> int:
    """A moment as microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _one(value: Value) -> int:
    if value is None:
        return NEVER
    try:
        return microseconds(parse_instant(str(value)))
    except (ValueError, OverflowError):
        return NEVER


def _in_bulk(values: list[Value]) -> NDArray[np.int64] | None:
    """Values that all have the same usual form; None for any others."""
    size = len(values[0]) if values and isinstance(values[0], str) else 0
    if size not in _FORMS or not all_text(values) or set(map(len, values)) != {size}:
        return None
    try:
        letters = np.array(values, dtype=f"S{size}")
        form = np.frombuffer(_FORMS[size].encode(), np.uint8)
        read = letters.view(np.uint8).reshape(len(values), size)
        digits = form == ord("0")
        if not ((read == form) | (digits & (read >= ord("0")) & (read <= ord("9")))).all() or (read[:, :4] == ord("0")).all(axis=1).any():
            return None
        found: NDArray[np.int64] = letters.astype(f"S{min(size, 23)}").astype("datetime64[us]").view(np.int64)
    except ValueError:  # a day that does not exist, or a letter beyond ASCII
        return None
    return found


def moments_of(column: Column) -> NDArray[np.int64]:
    """The moment of each distinct value of a column."""
    parts = [np.empty(0, np.int64)]
    for values in column.chunks():
        found = _in_bulk(values)
        parts.append(np.fromiter(map(_one, values), np.int64, len(values)) if found is None else found)
    return np.concatenate(parts)
