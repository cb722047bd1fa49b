"""Cells on common ground: what a program landed and what the truth says, in one form that can be compared.

Called by the reader of landed rows and by the comparison. A list has no order, blanks around a text are none, and an
instant is the same in any zone; a date stays the text that it is.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from typing import Any

from oneroster_standard.moments import parse_instant
from oneroster_standard.standard import CsvColumn

Cell = str | tuple[str, ...] | None
_DATE_BEFORE_TIME = re.compile(r"^\d{4}-\d{2}-\d{2}[T ]")
_MIDNIGHT = re.compile(r"^(\d{4}-\d{2}-\d{2})[T ]00:00(:00(\.0+)?)?(Z|[+-]00:?00)?$")
_WORDS = {"t": "true", "1": "true", "f": "false", "0": "false"}


def cell_of(column: CsvColumn, value: Any) -> Cell:
    """A value in its comparable form; None for whatever is empty."""
    if value is None:
        return None
    if column.is_list or isinstance(value, list | tuple):
        return _list(column, value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = _moment(column, value) if isinstance(value, date) else str(value).strip()
    if not text or text.lower() in ("nan", "nat"):
        return None
    return _plain(column, text)


def _plain(column: CsvColumn, text: str) -> str:
    if column.format == "booleanToken":
        word = text.lower()
        return _WORDS.get(word, word)
    if column.format == "dateTime":
        return _instant(text)
    if column.format == "date":
        found = _MIDNIGHT.match(text)
        return found.group(1) if found else text
    if column.format == "float":
        return _number(text)
    return text


def _moment(column: CsvColumn, value: date) -> str:
    if isinstance(value, datetime):
        if column.format == "date":
            return value.date().isoformat() if value.time() == value.min.time() else value.isoformat()
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    return value.isoformat()


def _instant(text: str) -> str:
    try:
        return parse_instant(text).astimezone(UTC).isoformat()
    except ValueError:
        return text


def _number(text: str) -> str:
    try:
        return repr(float(text))
    except ValueError:
        return text


def _list(column: CsvColumn, value: Any) -> Cell:
    items = list(value) if isinstance(value, list | tuple) else _items(column, str(value).strip())
    found = sorted(text for item in items if (text := str(item).strip()))
    return tuple(found) or None


def _items(column: CsvColumn, text: str) -> list[Any]:
    if text.startswith("["):
        try:
            found = json.loads(text)
        except ValueError:
            return [text]
        return found if isinstance(found, list) else [text]
    if column.item_format.startswith("{"):
        return re.findall(r"\{[^}]*\}", text) or [text]
    return text.split(",")


def days_apart(one: Cell, other: Cell) -> int | None:
    """How many days a date lies after another one; None when one of them is no date. A time behind the date is cut off."""
    try:
        first, second = (date.fromisoformat(str(text)[:10]) for text in (one, other))
    except ValueError:
        return None
    return (first - second).days


def has_time(cell: Cell) -> bool:
    """Whether a date cell carries a time of day."""
    return isinstance(cell, str) and bool(_DATE_BEFORE_TIME.match(cell))
