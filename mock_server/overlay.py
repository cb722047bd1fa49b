"""A collection with what clients wrote laid over it: the district's own records stay where they are.

Called by the provider after a write. A change costs a search in the collection, not a new copy of it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mock_server.collections import Numbers, Rows
from oneroster_standard.store import SEPARATOR, sourced_id_of


@dataclass(frozen=True, slots=True)
class Change:
    """One written record. place: row of the district's record, or where it would stand; record: empty when removed."""

    place: int
    replaces: bool
    record: bytes


def change_of(rows: Rows, sourced_id: str, record: bytes, before: Change | None = None) -> Change:
    """The change that a write makes; before: an earlier one of the same record, whose place is known."""
    if before is not None:
        return Change(before.place, before.replaces, record)
    wanted = sourced_id.encode("utf-8")
    low, high = 0, len(rows)
    while low < high:
        middle = (low + high) // 2
        if sourced_id_of(rows.record_bytes(middle)).encode("utf-8") < wanted:
            low = middle + 1
        else:
            high = middle
    is_there = low < len(rows) and sourced_id_of(rows.record_bytes(low)) == sourced_id
    return Change(low, is_there, record)


class OverlayRows:
    """Rows of a collection and the changes over it, in order of sourcedId; a snapshot that never changes."""

    def __init__(self, rows: Rows, changes: Mapping[str, Change]) -> None:
        self._base = rows
        self._changes = changes
        self._written: dict[str, int] = {}
        # Pieces are runs of the district's rows or single written records: where each begins, in both countings.
        self._starts: list[int] = []
        self._pieces: list[tuple[int, int] | bytes] = []
        self._base_starts: list[int] = []
        self._base_pieces: list[int] = []
        self._length = 0
        done = 0
        for sourced_id in sorted(changes, key=lambda found: found.encode("utf-8")):
            change = changes[sourced_id]
            self._run(done, change.place)
            done = max(done, change.place + change.replaces)
            if change.record:
                self._written[sourced_id] = self._length
                self._piece(change.record, 1)
        self._run(done, len(rows))

    def _piece(self, piece: tuple[int, int] | bytes, size: int) -> None:
        self._starts.append(self._length)
        self._pieces.append(piece)
        self._length += size

    def _run(self, start: int, stop: int) -> None:
        if start < stop:
            self._base_starts.append(start)
            self._base_pieces.append(len(self._pieces))
            self._piece((start, stop), stop - start)

    def __len__(self) -> int:
        return self._length

    def _slices(self, start: int, stop: int) -> Iterator[bytes]:
        start, stop = max(start, 0), min(stop, self._length)
        number = bisect_right(self._starts, start) - 1
        while start < stop:
            piece, begin = self._pieces[number], self._starts[number]
            if isinstance(piece, bytes):
                yield piece
                start = begin + 1
            else:
                first = piece[0] + start - begin
                last = min(piece[1], piece[0] + stop - begin)
                yield self._base.slice_bytes(first, last)
                start = begin + last - piece[0]
            number += 1

    def record_bytes(self, row: int) -> bytes:
        """One rendered record; IndexError out of range."""
        if not 0 <= row < self._length:
            raise IndexError(row)
        return self.slice_bytes(row, row + 1)

    def slice_bytes(self, start: int, stop: int) -> bytes:
        """Joined records of a range."""
        return SEPARATOR.join(self._slices(start, stop))

    def gather(self, rows: Numbers) -> bytes:
        """Joined records of some rows, in the order given."""
        return SEPARATOR.join([self.record_bytes(row) for row in rows.tolist()])

    def find(self, sourced_id: str) -> int | None:
        """Row of a sourcedId, None when it is not there."""
        if sourced_id in self._changes:
            return self._written.get(sourced_id)
        row = self._base.find(sourced_id)
        if row is None:
            return None
        run = bisect_right(self._base_starts, row) - 1
        piece = self._base_pieces[run]
        return self._starts[piece] + row - self._base_starts[run]

    def iter_bytes(self) -> Iterator[bytes]:
        """All rendered records."""
        for piece in self._pieces:
            if isinstance(piece, bytes):
                yield piece
            else:
                for row in range(*piece):
                    yield self._base.record_bytes(row)
