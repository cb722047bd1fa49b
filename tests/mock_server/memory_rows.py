"""A small collection held in memory, for tests of what works on any collection."""

from __future__ import annotations

from collections.abc import Iterator

from mock_server.collections import Numbers
from oneroster_standard.store import SEPARATOR


class MemoryRows:
    """Records by sourcedId, in its order."""

    def __init__(self, records: dict[str, bytes]) -> None:
        self._ids = sorted(records, key=lambda found: found.encode("utf-8"))
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
        return self._ids.index(sourced_id) if sourced_id in self._ids else None

    def gather(self, rows: Numbers) -> bytes:
        """Joined records of some rows, in the order given."""
        return SEPARATOR.join([self._records[row] for row in rows.tolist()])

    def iter_bytes(self) -> Iterator[bytes]:
        """All rendered records."""
        return iter(self._records)
