"""Columns of a collection: the values of one field for every row, taken out once and kept in mapped files.

Called by filtering, sorting and relationships; never changes a record. What is worked out per column (moments, sort
keys, who holds a value) is kept beside it, so that a second question costs no second pass.
"""

from __future__ import annotations

import itertools
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from mock_server.collections import Numbers, Rows, parse
from mock_server.extraction import MOST_DISTINCT, Value, extract, value_at
from oneroster_standard.store import StoreCollection

__all__ = ["Column", "Columns", "Value", "has_value", "value_at"]
CHUNK = 1 << 16
"""Values that are tested at once."""
FEW = 2000
"""Rows whose records are read one by one rather than taking the column out of the whole collection."""
Mask = NDArray[np.bool_]
Array = NDArray[Any]


def has_value(found: Value, wanted: str) -> bool:
    """Whether a field has a value; a list has each of its values."""
    return wanted in found if isinstance(found, list) else found == wanted


class Column:
    """One field of all rows."""

    def __init__(self, values: StoreCollection, codes: NDArray[np.int32] | None, folder: Path) -> None:
        self._values = values
        self._codes = codes
        self._folder = folder
        self._kept: dict[str, Array] = {}
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self._values) if self._codes is None else len(self._codes)

    def __getitem__(self, row: int) -> Value:
        return self._value(row if self._codes is None else int(self._codes[row]))

    def _value(self, code: int) -> Value:
        found: Value = orjson.loads(self._values.record_bytes(code))
        return found

    def take(self, rows: Sequence[int] | Numbers) -> list[Value]:
        """Values of some rows."""
        known: dict[int, Value] = {}
        codes = [int(row) for row in rows] if self._codes is None else self._codes[np.asarray(rows, np.intp)].tolist()
        for code in codes:
            if code not in known:
                known[code] = self._value(code)
        return [known[code] for code in codes]

    def chunks(self) -> Iterator[list[Value]]:
        """The distinct values, some at a time."""
        for start in range(0, len(self._values), CHUNK):
            yield orjson.loads(b"[" + self._values.slice_bytes(start, start + CHUNK) + b"]")

    def spread(self, distinct: Array) -> Array:
        """What holds for each distinct value, as what holds for each row."""
        return distinct if self._codes is None else distinct[self._codes]

    def mask(self, test: Callable[[list[Value]], Sequence[bool]]) -> Mask:
        """Rows whose value passes a test; the test gets many values at once."""
        found = [np.fromiter(test(values), np.bool_, len(values)) for values in self.chunks()]
        return self.spread(np.concatenate(found) if found else np.empty(0, np.bool_))

    def kept(self, name: str, make: Callable[[Column], Array]) -> Array:
        """An array that is worked out from this column, made on first use and mapped from then on."""
        with self._lock:
            if name not in self._kept:
                made = make(self)
                if made.size:  # an empty file cannot be mapped
                    np.save(self._folder / f"{name}.npy", made)
                    made = np.load(self._folder / f"{name}.npy", mmap_mode="r")
                self._kept[name] = made
            return self._kept[name]

    def rows_with(self, value: str) -> Numbers:
        """Rows that hold a text, in order; a list holds each of its texts."""
        hashes = self.kept("hashes", _hashes)
        first, last = (int(np.searchsorted(hashes[0], hash(value), side)) for side in ("left", "right"))
        holders = [code for code in hashes[1, first:last].tolist() if has_value(self._value(code), value)]
        if self._codes is None:
            return np.array(holders, np.int32)
        order, starts = self.kept("by-code", _by_code), self.kept("starts", _starts)
        parts = [order[int(starts[code]) : int(starts[code + 1])] for code in holders]
        if len(parts) == 1:
            return parts[0]
        return np.sort(np.concatenate(parts)) if parts else np.empty(0, np.int32)

    def rows_by_code(self) -> NDArray[np.int32]:
        """The number of each row's value; the row itself where every row has its own value."""
        return np.arange(len(self), dtype=np.int32) if self._codes is None else self._codes


def _hashes(column: Column) -> Array:
    """The hash of every text of every distinct value, sorted, and below it the value's number."""
    hashes: list[int] = []
    codes: list[int] = []
    found = [np.empty((2, 0), np.int64)]
    for start, values in zip(itertools.count(0, CHUNK), column.chunks()):
        hashes.clear()
        codes.clear()
        for code, value in enumerate(values, start):
            texts = list(dict.fromkeys(map(_hashable, value))) if isinstance(value, list) else [value]
            for text in texts:
                if isinstance(text, str):
                    hashes.append(hash(text))
                    codes.append(code)
        found.append(np.array([hashes, codes], np.int64))
    both = np.concatenate(found, axis=1)
    return both[:, np.argsort(both[0], kind="stable")]


def _hashable(found: Any) -> str | None:
    return found if isinstance(found, str) else None


def _by_code(column: Column) -> Array:
    return np.argsort(column.rows_by_code(), kind="stable").astype(np.int32)


def _starts(column: Column) -> Array:
    return np.concatenate(([0], np.cumsum(np.bincount(column.rows_by_code(), minlength=1))))


class Columns:
    """Lazily extracted columns of one collection. folder: where they are kept; the caller removes it."""

    def __init__(self, rows: Rows, folder: Path, most_distinct: int = MOST_DISTINCT) -> None:
        self._rows = rows
        self._folder = folder
        self._most_distinct = most_distinct
        self._columns: dict[str, Column] = {}
        self._lock = threading.Lock()

    def discard(self) -> None:
        """Remove what was kept; whoever still reads a mapped column reads on."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def column(self, path: str) -> Column:
        """Values of a field for all rows."""
        with self._lock:
            if path not in self._columns:
                folder = self._folder / str(len(self._columns))
                self._columns[path] = Column(*extract(self._rows, path, folder, self._most_distinct), folder)
            return self._columns[path]

    def value(self, path: str, row: int) -> Value:
        """One row's value of a field."""
        return value_at(parse(self._rows.record_bytes(row)), path)

    def values(self, path: str, rows: Sequence[int] | Numbers) -> list[Value]:
        """Some rows' values of a field."""
        if path not in self._columns and len(rows) <= FEW:
            return [self.value(path, int(row)) for row in rows]
        return self.column(path).take(rows)

    def rows_with(self, path: str, value: str) -> Numbers:
        """Rows whose field holds a text, in order; a list holds each of its texts."""
        return self.column(path).rows_with(value)
