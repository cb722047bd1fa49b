"""Records as bytes: compact JSON for the store, rows for the CSV files.

Called by districts.py and by the bundle's writer. The only place that knows how a record becomes a cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from oneroster_standard.cells import join_list, join_user_ids
from oneroster_standard.standard import CsvFile

_BULK_BLANK = ("status", "dateLastModified")


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def cell(value: Any) -> str:
    """One property's value as a CSV cell: references by key, lists joined, absent as nothing."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Mapping):
        return str(value["sourcedId"])
    items: Sequence[Any] = value
    if items and isinstance(items[0], Mapping):
        if "identifier" in items[0]:
            return join_user_ids(items)
        return join_list(item["sourcedId"] for item in items)
    return join_list(items)


def csv_rows(
    file: CsvFile, records: Iterable[Mapping[str, Any]], renamed: Mapping[str, str] = MappingProxyType({})
) -> Iterator[list[str]]:
    """Records as bulk rows: status and dateLastModified stay blank, instants of date columns become days.

    renamed: column -> property, where the names differ by more than the ending.
    """
    plan = [
        (
            "" if column.header in _BULK_BLANK else renamed.get(column.header, column.property),
            10 if column.format == "date" else None,
        )
        for column in file.columns
    ]
    for record in records:
        row: list[str] = []
        for name, size in plan:
            value = record.get(name)
            text = value if type(value) is str else cell(value)
            row.append(text[:size] if size else text)
        yield row
