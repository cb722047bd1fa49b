"""Collections that the server pages through: mapped from a store, rendered for a vendor, or changed by writes.

Called by the provider; rows are in order of sourcedId. Never parses a record to page it.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import orjson

from oneroster_standard.store import ROOT, SEPARATOR

_MARK = "\x01"
_ESCAPED = orjson.dumps(_MARK)[1:-1]


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

    def iter_bytes(self) -> Iterator[bytes]:
        """All rendered records."""
        return iter(self._records)


def parse(record: bytes) -> dict[str, Any]:
    """A rendered record as a dictionary; the mark of the service root is kept in its hrefs."""
    found: dict[str, Any] = orjson.loads(record.replace(ROOT, _ESCAPED))
    return found


def render(record: dict[str, Any]) -> bytes:
    """A dictionary as a rendered record."""
    return orjson.dumps(record).replace(_ESCAPED, ROOT)


def gather(rows: Rows, numbers: Sequence[int]) -> bytes:
    """Joined records of some rows; a run of neighbours is one slice."""
    if not len(numbers):
        return b""
    first, last = int(numbers[0]), int(numbers[-1])
    if last - first == len(numbers) - 1 and all(a + 1 == b for a, b in itertools.pairwise(numbers)):
        return rows.slice_bytes(first, last + 1)
    return SEPARATOR.join(rows.record_bytes(int(number)) for number in numbers)
