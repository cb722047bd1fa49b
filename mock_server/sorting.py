"""Carrying out a sort: the order of a selection's rows.

Called by the provider, which keeps the answer. Text by its folded letters, dates as instants, absent values last.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mock_server.columns import Columns, Value
from oneroster_standard.moments import parse_instant
from oneroster_standard.standard import Property


def _key(item: Property, value: Value) -> Any:
    if item.kind == "float":
        return float(value) if isinstance(value, int | float) else 0.0
    if item.kind in ("date", "dateTime"):
        try:
            return parse_instant(str(value)).timestamp()
        except ValueError:
            return 0.0
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    return (text.casefold(), text) if item.kind == "string" else text


def order(columns: Columns, item: Property, rows: Sequence[int], *, descending: bool) -> list[int]:
    """Rows in order of one property; equal values stay in order of sourcedId."""
    values = columns.column(item.name)
    present = [row for row in rows if values[row] is not None]
    absent = [row for row in rows if values[row] is None]
    present.sort(key=lambda row: _key(item, values[row]), reverse=descending)
    return present + absent
