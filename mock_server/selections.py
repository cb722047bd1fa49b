"""Selections that were worked out: row numbers per request, kept so that the next page of a walk is a slice.

Called by the provider. Large ones are kept in mapped files; the least recently used go first.
"""

from __future__ import annotations

import ctypes
from collections import OrderedDict
from pathlib import Path

import numpy as np

from mock_server.collections import Numbers

Selection = Numbers | None
"""Row numbers in order; None means all rows in default order."""
Key = tuple[str | None, ...]
MOST = 512
MOST_BYTES = 2 << 30
SMALL_BYTES = 1 << 16
"""Up to this size a selection is held in memory; 512 of them are 32 MB."""


def _give_back() -> None:
    """Let the C library return what working out a large selection has left free; others than GNU's do so by themselves."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


class Selections:
    """Selections by what was asked. folder: for large ones."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: OrderedDict[Key, Selection] = OrderedDict()
        self._files: dict[Key, Path] = {}
        self._count = 0

    def __contains__(self, key: Key) -> bool:
        return key in self._kept

    def get(self, key: Key) -> Selection:
        """A kept selection."""
        self._kept.move_to_end(key)
        return self._kept[key]

    def keep(self, key: Key, rows: Selection) -> None:
        """Keep a selection."""
        # What is mapped already, such as the rows of a typed view, stays where it is.
        if rows is not None and rows.nbytes > SMALL_BYTES and not isinstance(rows, np.memmap):
            rows = self._mapped(key, rows)
        self._kept[key] = rows
        while len(self._kept) > 1 and (len(self._kept) > MOST or self._bytes() > MOST_BYTES):
            self._drop(next(iter(self._kept)))

    def forget(self) -> None:
        """Drop them all."""
        for key in list(self._kept):
            self._drop(key)

    def _mapped(self, key: Key, rows: Numbers) -> Numbers:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._count += 1
        self._files[key] = self._folder / f"{self._count}.npy"
        np.save(self._files[key], rows)
        mapped: Numbers = np.load(self._files[key], mmap_mode="r")
        _give_back()
        return mapped

    def _bytes(self) -> int:
        return sum(4 * len(rows) for key, rows in self._kept.items() if key in self._files and rows is not None)

    def _drop(self, key: Key) -> None:
        self._kept.pop(key)
        path = self._files.pop(key, None)
        if path is not None:
            path.unlink(missing_ok=True)
