"""A vendor's own rendering of a collection: every record through the record hooks, written once.

Called by the provider when one of its quirks changes records; without such a quirk the district's store is served
as it is. Records are rendered in blocks, when a page, a filter or a look-up first needs them.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import orjson

from mock_server.collections import Numbers, Rows
from mock_server.quirks.hooks import Quirk, RecordContext
from oneroster_standard.marks import escaped, render
from oneroster_standard.standard import EntityClass, Standard
from oneroster_standard.store import SEPARATOR, sourced_id_of

BLOCK = 512
"""Records that are rendered at once: a page of 100 touches one or two blocks."""
_TEXTS = ("string", "uri")


def context_of(entity: EntityClass, row: int) -> RecordContext:
    """What a hook may know about a record of a class."""
    optional = [
        item for item in entity.properties if not item.required and item.kind not in ("metadata", "object")
    ]
    return RecordContext(
        row=row,
        texts=tuple(item.name for item in optional if item.kind in _TEXTS and not item.is_list),
        optional=tuple(item.name for item in optional if not item.is_list),
        lists=tuple(item.name for item in optional if item.is_list),
    )


def changes_records(quirk: Quirk) -> bool:
    """Whether a quirk overrides the record hook."""
    return type(quirk).record is not Quirk.record


class RenderedRows:
    """A collection with every record hook applied. A hook may change a sourcedId too, but not the order of a collection.

    folder: for the rendered blocks, which are read from there; the caller removes it. Memory does not grow with them.
    """

    def __init__(self, standard: Standard, name: str, rows: Rows, quirks: Sequence[Quirk], folder: Path) -> None:
        self._name = name
        self._rows = rows
        self._quirks = tuple(quirks)
        self._context = context_of(standard.collection(name), 0)
        self._lock = threading.Lock()
        path = folder / f"{name}.rendered"
        for old in (path, path.with_suffix(".places")):  # a reader may still have the earlier files
            old.unlink(missing_ok=True)
        self._file = path.open("w+b", buffering=0)
        self._end = 0
        # Where each record of a rendered block starts, and where the last one ends; 0 and 0 for a block that is not.
        blocks = -(-len(rows) // BLOCK)
        self._places = (
            np.memmap(path.with_suffix(".places"), np.uint64, "w+", shape=(blocks, BLOCK + 1)) if blocks else np.empty((0, 0), np.uint64)
        )

    def __len__(self) -> int:
        return len(self._rows)

    def _render(self, block: int) -> None:
        first = block * BLOCK
        records = orjson.loads(b"[" + escaped(self._rows.slice_bytes(first, first + BLOCK)) + b"]")
        base, found = self._context, []
        for row, record in enumerate(records, first):
            context = RecordContext(row, base.texts, base.optional, base.lists)
            for quirk in self._quirks:
                record = quirk.record(self._name, record, context)
            found.append(render(record))
        body = SEPARATOR.join(found) + SEPARATOR
        lengths = [len(one) + len(SEPARATOR) for one in found]
        os.pwrite(self._file.fileno(), body, self._end)
        places = np.cumsum([self._end, *lengths], dtype=np.uint64)
        self._places[block, : len(places)] = places
        self._end += len(body)

    def _block(self, block: int) -> list[int]:
        """Places of a block's records, rendered if need be."""
        if not self._places[block, 1]:
            with self._lock:
                if not self._places[block, 1]:
                    self._render(block)
        places: list[int] = self._places[block].tolist()
        return places

    def slice_bytes(self, start: int, stop: int) -> bytes:
        """Joined records of a range."""
        start, stop = max(start, 0), min(stop, len(self))
        parts = []
        while start < stop:
            block, inside = divmod(start, BLOCK)
            upto = min(stop - block * BLOCK, BLOCK)
            places = self._block(block)
            parts.append(os.pread(self._file.fileno(), places[upto] - places[inside] - len(SEPARATOR), places[inside]))
            start = block * BLOCK + upto
        return parts[0] if len(parts) == 1 else SEPARATOR.join(parts)

    def record_bytes(self, row: int) -> bytes:
        """One rendered record; IndexError out of range."""
        if not 0 <= row < len(self):
            raise IndexError(row)
        return self.slice_bytes(row, row + 1)

    def gather(self, rows: Numbers) -> bytes:
        """Joined records of some rows, in the order given; neighbours are read at once."""
        if not len(rows):
            return b""
        breaks = (np.flatnonzero(np.diff(rows) != 1) + 1).tolist()
        runs = zip([0, *breaks], [*breaks, len(rows)], strict=True)
        return SEPARATOR.join([self.slice_bytes(int(rows[first]), int(rows[last - 1]) + 1) for first, last in runs])

    def find(self, sourced_id: str) -> int | None:
        """Row of a sourcedId, None when it is not there."""
        row = self._rows.find(sourced_id)
        if row is not None and self._id_of(row) == sourced_id:
            return row
        # A hook may have made this id: it is looked for among the rendered ones.
        wanted, low, high = sourced_id.encode("utf-8"), 0, len(self)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._id_of(middle).encode("utf-8") < wanted else (low, middle)
        return low if low < len(self) and self._id_of(low) == sourced_id else None

    def _id_of(self, row: int) -> str:
        return sourced_id_of(self.record_bytes(row))

    def iter_bytes(self) -> Iterator[bytes]:
        """All rendered records."""
        for start in range(0, len(self), BLOCK):
            yield from self.slice_bytes(start, start + BLOCK).split(SEPARATOR)
