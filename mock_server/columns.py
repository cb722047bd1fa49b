"""Columns of a collection: the values of one field for every row, taken out once and kept.

Called by filtering, sorting and relationships; never changes a record.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mock_server.collections import Rows, parse

Value = str | float | bool | None | list[Any]


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


def has_value(found: Value, wanted: str) -> bool:
    """Whether a field has a value; a list has each of its values."""
    return wanted in found if isinstance(found, list) else found == wanted


def _metadata(found: Any, path: str) -> Value:
    parts = path.split(".")
    for size in range(len(parts), 0, -1):
        key = ".".join(parts[:size])
        if isinstance(found, Mapping) and key in found:
            value = found[key]
            return value if size == len(parts) else _metadata(value, ".".join(parts[size:]))
    return None


class Columns:
    """Lazily extracted columns and look-ups of one collection."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._columns: dict[str, list[Value]] = {}
        self._lookups: dict[str, dict[str, list[int]]] = {}

    def column(self, path: str) -> list[Value]:
        """Values of a field for all rows, in order."""
        if path not in self._columns:
            self._columns[path] = [value_at(parse(record), path) for record in self._rows.iter_bytes()]
        return self._columns[path]

    def lookup(self, path: str) -> dict[str, list[int]]:
        """Value -> rows that hold it (in order); a list counts with each of its values."""
        if path not in self._lookups:
            found: dict[str, list[int]] = {}
            for row, value in enumerate(self.column(path)):
                for one in value if isinstance(value, list) else (value,):
                    if isinstance(one, str):
                        found.setdefault(one, []).append(row)
            self._lookups[path] = found
        return self._lookups[path]
