"""Carrying out a sort: the order of a selection's rows.

Called by the provider, which keeps the answer. Text by its folded letters, dates as instants, absent values last.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mock_server.collections import Numbers
from mock_server.columns import Column, Columns, Value
from mock_server.moments import NEVER, moments_of
from mock_server.texts import ranks
from oneroster_standard.standard import Property

Keys = NDArray[Any]


def _absent(column: Column) -> Keys:
    return np.concatenate([np.empty(0, np.bool_), *(np.array([value is None for value in values], np.bool_) for values in column.chunks())])


def _numbers(column: Column) -> Keys:
    def number(value: Value) -> float:
        return float(value) if isinstance(value, int | float) else 0.0

    return np.concatenate([np.empty(0), *(np.fromiter(map(number, values), np.float64, len(values)) for values in column.chunks())])


def _moments(column: Column) -> Keys:
    found = column.kept("moments", moments_of)
    return np.where(found == NEVER, 0, found)


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _texts(column: Column, *, fold: bool) -> Keys:
    return ranks((list(map(_text, values)) for values in column.chunks()), fold=fold)


def _keys(column: Column, item: Property) -> Keys:
    """A number per distinct value whose order is that of the values."""
    makers: dict[str, Callable[[Column], Keys]] = {"float": _numbers, "date": _moments, "dateTime": _moments}
    if item.kind in makers:
        return column.kept(f"keys-{item.kind}", makers[item.kind])
    fold = item.kind == "string"
    return column.kept(f"keys-text-{fold}", lambda found: _texts(found, fold=fold))


def order(columns: Columns, item: Property, rows: Numbers, *, descending: bool) -> Numbers:
    """Rows in order of one property; equal values stay in order of sourcedId."""
    column = columns.column(item.name)
    absent = column.spread(column.kept("absent", _absent))[rows]
    present = rows[~absent]
    keys = column.spread(_keys(column, item))[present]
    places = np.argsort(-keys if descending else keys, kind="stable")
    return np.concatenate([present[places], rows[absent]])
