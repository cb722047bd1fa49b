"""Collections that the server pages through: mapped from a store, rendered for a vendor, or changed by writes.

Called by the provider; rows are in order of sourcedId. Never parses a record to page it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from oneroster_standard.marks import parse, render

__all__ = ["Numbers", "Rows", "numbers", "parse", "render"]
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
