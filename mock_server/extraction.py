"""Taking one field out of every record of a collection, in bulk, into files that are mapped and not held in memory.

Called by columns.py. A column is its distinct values and a number per row; a field with nearly as many values as rows
has a value per row and no numbers. Values are kept as JSON, so that nothing about them is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import orjson
from numpy.typing import NDArray

from mock_server.collections import Rows
from oneroster_standard.marks import escaped
from oneroster_standard.store import CollectionWriter, StoreCollection

BATCH = 4096
"""Records that are read at once: about 2 MB."""
MOST_DISTINCT = 1 << 16
"""Distinct values that are numbered; beyond them the numbering costs more memory than it saves."""
_NULL = b"null"
Value = str | float | bool | None | list[Any]
Batch = Callable[[bytes], list[bytes]]


def value_at(record: Mapping[str, Any], path: str) -> Value:
    """The value behind a dotted path; through a list of objects a list of values; metadata by its longest key."""
    if path.startswith("metadata."):
        return _metadata(record.get("metadata"), path.removeprefix("metadata."))
    head, _, rest = path.partition(".")
    found = record.get(head)
    if not rest:
        return found
    if isinstance(found, list):
        inner = [value_at(item, rest) for item in found if isinstance(item, Mapping)]
        return [one for value in inner for one in (value if isinstance(value, list) else [value]) if one is not None]
    return value_at(found, rest) if isinstance(found, Mapping) else None


def _metadata(found: Any, path: str) -> Value:
    parts = path.split(".")
    for size in range(len(parts), 0, -1):
        key = ".".join(parts[:size])
        if isinstance(found, Mapping) and key in found:
            value = found[key]
            return value if size == len(parts) else _metadata(value, ".".join(parts[size:]))
    return None


class _Numbered(dict[bytes, int]):
    """Numbers values in the order of their first appearance."""

    def __missing__(self, raw: bytes) -> int:
        number = self[raw] = len(self)
        return number


class _Resolved(dict[bytes, bytes]):
    """A property's JSON -> the JSON of the value that a path reaches in it."""

    def __init__(self, head: str, path: str) -> None:
        super().__init__()
        self._head, self._path = head, path

    def __missing__(self, raw: bytes) -> bytes:
        if len(self) > BATCH:
            self.clear()
        found = self[raw] = orjson.dumps(value_at({self._head: orjson.loads(raw)}, self._path))
        return found


def _decoder(name: str, kind: Any) -> msgspec.json.Decoder[Any]:
    """Reads one property of each record and skips the others unparsed."""
    fields: list[tuple[str, Any, Any]] = [("value", kind, None)]
    return msgspec.json.Decoder(list[msgspec.defstruct("Part", fields, rename={"value": name}, gc=False)])  # type: ignore[misc]


def _raw(found: Any) -> bytes:
    return _NULL if found is None else bytes(found)


def _batch_reader(path: str) -> Batch:
    head, _, rest = path.partition(".")
    whole = _decoder(head, msgspec.Raw)
    resolved = _Resolved(head, path)

    def general(body: bytes) -> list[bytes]:
        raws = [_raw(found.value) for found in whole.decode(body)]
        return [resolved[raw] for raw in raws] if rest else raws

    if not rest or "." in rest or head == "metadata":
        return general
    part = msgspec.defstruct("Inner", [("value", msgspec.Raw, None)], rename={"value": rest}, gc=False)
    inner = _decoder(head, part | None)

    def reference(body: bytes) -> list[bytes]:
        try:
            found = inner.decode(body)
        except msgspec.ValidationError:  # a list of objects, or no object at all
            return general(body)
        return [_NULL if one.value is None else _raw(one.value.value) for one in found]

    return reference


def _batches(rows: Rows, path: str) -> Iterator[list[bytes]]:
    read = _batch_reader(path)
    for start in range(0, len(rows), BATCH):
        yield read(b"[" + escaped(rows.slice_bytes(start, start + BATCH)) + b"]")


def _number(rows: Rows, path: str, out: Path, most_distinct: int) -> _Numbered | None:
    """Write a number per row; None when the field has too many values for that."""
    numbers, seen = _Numbered(), 0
    with out.open("wb") as file:
        for raws in _batches(rows, path):
            file.write(np.fromiter(map(numbers.__getitem__, raws), np.int32, len(raws)).tobytes())
            seen += len(raws)
            if len(numbers) > most_distinct or (seen > most_distinct and len(numbers) > seen // 2):
                return None
    return numbers


def extract(
    rows: Rows, path: str, folder: Path, most_distinct: int = MOST_DISTINCT
) -> tuple[StoreCollection, NDArray[np.int32] | None]:
    """Write a field's values into a folder; returns the distinct ones and a number per row.

    Without numbers there is a value per row. The values' "records" are JSON values.
    """
    folder.mkdir(parents=True)
    codes = folder / "codes"
    numbers = _number(rows, path, codes, most_distinct) if most_distinct else None
    writer = CollectionWriter(folder, "values")
    for raws in [list(numbers)] if numbers is not None else _batches(rows, path):
        writer.extend(raws)
    writer.close()
    values = StoreCollection(folder, "values")
    if numbers is None:
        codes.unlink(missing_ok=True)
        return values, None
    return values, np.memmap(codes, np.int32, "r") if len(rows) else np.empty(0, np.int32)
