"""Puts many keys in order in little memory: sorted runs in a temporary file, merged in windows.

Called where a collection gets other keys. Memory does not grow with the number of keys.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

RUN = 1 << 17
WINDOW = 1 << 13
"""Entries of a run that are sorted, and that are looked at, at once."""
Entries = NDArray[np.void]
"""key: bytes, padded; row: number of the record; place: which of the records that are made of it."""


@dataclass(slots=True)
class _Run:
    """A sorted stretch of the file: what of it is read, and what is still to be read."""

    position: int
    stop: int
    window: Entries


@dataclass(slots=True)
class KeyOrder:
    """Collects keys of at most so many bytes; a context manager that removes its file.

    folder: where the file lies.
    """

    folder: Path
    width: int
    _file: Any = None
    _parts: list[Entries] = field(default_factory=list)
    _waiting: int = 0
    _written: int = 0
    _ends: list[int] = field(default_factory=list)
    _last: bytes = b""

    @property
    def _kind(self) -> np.dtype[np.void]:
        return np.dtype([("key", f"S{self.width}"), ("row", "<i8"), ("place", "u1")])

    def __enter__(self) -> Self:
        self._file = tempfile.TemporaryFile(dir=self.folder)
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, keys: NDArray[np.bytes_], rows: NDArray[np.int64], place: int = 0) -> None:
        """Add keys of some rows. Raises ValueError for a key that is too long."""
        if keys.dtype.itemsize > self.width:
            raise ValueError(f"a key of {keys.dtype.itemsize} bytes, expected at most {self.width}")
        part = np.empty(len(keys), self._kind)
        part["key"], part["row"], part["place"] = keys, rows, place
        self._parts.append(part)
        self._waiting += len(part)
        if self._waiting >= RUN:
            self._write()

    def _write(self) -> None:
        entries = np.concatenate(self._parts) if self._parts else np.empty(0, self._kind)
        self._parts, self._waiting = [], 0
        if not len(entries):
            return
        entries = entries[np.argsort(entries["key"], kind="stable")]
        if self._ends and self._last <= entries["key"][0]:
            self._ends.pop()
        self._file.write(entries.tobytes())
        self._written += len(entries)
        self._ends.append(self._written)
        self._last = bytes(entries["key"][-1])

    def _read(self, start: int, stop: int) -> Entries:
        size = self._kind.itemsize
        self._file.seek(start * size)
        return np.frombuffer(self._file.read((stop - start) * size), self._kind)

    def merged(self) -> Iterator[Entries]:
        """All entries in order of their keys, some thousands at a time."""
        self._write()
        places = pairwise([0, *self._ends])
        runs = [_Run(start, stop, np.empty(0, self._kind)) for start, stop in places]
        while True:
            for run in runs:
                if not len(run.window) and run.position < run.stop:
                    end = min(run.position + WINDOW, run.stop)
                    run.window, run.position = self._read(run.position, end), end
            runs = [run for run in runs if len(run.window)]
            if not runs:
                return
            open_ends = [bytes(run.window["key"][-1]) for run in runs if run.position < run.stop]
            taken = []
            for run in runs:
                count = len(run.window)
                if open_ends:
                    count = int(np.searchsorted(run.window["key"], np.bytes_(min(open_ends)), side="right"))
                taken.append(run.window[:count])
                run.window = run.window[count:]
            found = np.concatenate(taken)
            yield found if len(runs) == 1 else found[np.argsort(found["key"], kind="stable")]
