"""Records of a collection with changes laid over them, in order of their key.

Called by the world and by the writers of later days. Streams: one record is in memory at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from oneroster_standard.marks import parse
from oneroster_standard.store import StoreCollection, sourced_id_of

Record = dict[str, Any]
GONE = "tobedeleted"


def laid_over(rows: Iterable[bytes], changes: Mapping[str, bytes]) -> Iterator[Record]:
    """Records with changes over them and without what is gone; an empty change is one that is not there."""
    waiting = sorted(changes, key=lambda key: key.encode("utf-8"), reverse=True)
    for raw in rows:
        own = sourced_id_of(raw).encode("utf-8")
        while waiting and waiting[-1].encode("utf-8") < own:
            yield from _kept(changes[waiting.pop()])
        if waiting and waiting[-1].encode("utf-8") == own:
            yield from _kept(changes[waiting.pop()])
        else:
            yield parse(raw)
    while waiting:
        yield from _kept(changes[waiting.pop()])


def _kept(raw: bytes) -> Iterator[Record]:
    record = parse(raw) if raw else None
    if record is not None and record["status"] != GONE:
        yield record


def keys_with(rows: StoreCollection, prefix: str) -> list[str]:
    """Keys of a collection that begin with a prefix, by binary search."""
    wanted, low, high = prefix.encode("utf-8"), 0, len(rows)
    while low < high:
        middle = (low + high) // 2
        if sourced_id_of(rows.record_bytes(middle)).encode("utf-8") < wanted:
            low = middle + 1
        else:
            high = middle
    found: list[str] = []
    while low < len(rows) and (key := sourced_id_of(rows.record_bytes(low))).startswith(prefix):
        found.append(key)
        low += 1
    return found
