"""Collections that the server pages through: mapped from a store, rendered for a vendor, or changed by writes.

Called by the provider; rows are in order of sourcedId. Never parses a record to page it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from oneroster_standard.marks import parse, render
from oneroster_standard.store import SEPARATOR

__all__ = ["MemoryRows", "Numbers", "Rows", "numbers", "parse", "render"]
Numbers = NDArray[np.int32]
"""Row numbers of a collection."""


def numbers(rows: Iterable[int]) -> Numbers:
    """Row numbers as an array."""
    return np.array(list(rows), np.int32)


class Rows(Protocol):
    """What paging needs of a collection."""

    def __len__(self) -> int: ...

    def record_bytes(self, row: int) -> bytes:
        """One rendered record."""
        ...

    def slice_bytes(self, start: int, stop: int) -> bytes:
        """Joined records of a range."""
        ...

    def find(self, sourced_id: str) -> int | None:
        """Row of a sourcedId."""
        ...

    def gather(self, rows: Numbers) -> bytes:
        """Joined records of some rows, in the order given."""
        ...

    def iter_bytes(self) -> Iterator[bytes]:
        """All rendered records."""
        ...


class MemoryRows:
    """A small collection held in memory, for collections that clients write to."""

    def __init__(self, records: dict[str, bytes]) -> None:
        self._ids = sorted(records, key=lambda found: found.encode("utf-8"))
        self._keys = [found.encode("utf-8") for found in self._ids]
        self._records = [records[found] for found in self._ids]

    def __len__(self) -> int:
        return len(self._records)

    def record_bytes(self, row: int) -> bytes:
        """One rendered record."""
        return self._records[row]

    def slice_bytes(self, start: int, stop: int) -> bytes:
        """Joined records of a range."""
        return SEPARATOR.join(self._records[start:stop])

    def find(self, sourced_id: str) -> int | None:
        """Row of a sourcedId, None when it is not there."""
        place = bisect_left(self._keys, sourced_id.encode("utf-8"))
        return place if place < len(self._ids) and self._ids[place] == sourced_id else None

    def gather(self, rows: Numbers) -> bytes:
        """Joined records of some rows, in the order given."""
        return SEPARATOR.join([self._records[row] for row in rows.tolist()])

    def iter_bytes(self) -> Iterator[bytes]:
        """All rendered records."""
        return iter(self._records)
