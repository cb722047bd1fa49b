"""The landed form: which tables and columns a roster lands in, and how an API record becomes a row of them.

Called by the sources and the targets. Columns come from the standard's CSV tables; never touches a database.
Every scalar lands as text, a list as an array of text, blank as null; `status` is never null.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from oneroster_standard.moments import format_instant, parse_instant
from oneroster_standard.standard import CsvColumn, load

CORE = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")
"""Entities without which nothing is synced."""
OPTIONAL = ("demographics", "resources", "categories", "lineItems", "results", "scoreScales")
"""Entities that a provider may leave out or withhold; score scales are of 1.2."""

NEVER_LANDED = ("password",)
"""Columns of the standard that no target has: who signs in does so with the district's identity provider."""

PRESENT, MISSING, INACTIVE, ARCHIVED = "present", "missing", "inactive", "archived"
"""Our own states of a row: there; absent from the last whole read; told to be deleted, or absent for longer; long gone."""
ACTIVE, TOBEDELETED = "active", "tobedeleted"

RENAMED = {"preferredGivenName": "preferredFirstName", "preferredFamilyName": "preferredLastName"}
"""Columns of 1.2 whose fact an API calls by another name."""
_PAIRS = (("type", "identifier"), ("itemValueLHS", "itemValueRHS"))

Lander = Callable[[Any], Any]

_DATE_WITH_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]", re.ASCII)
_PLAIN_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z\Z", re.ASCII)


@dataclass(frozen=True)
class Table:
    """One landed table. columns: the standard's, in order; `_state` follows, `tenant` stands first."""

    name: str
    columns: tuple[CsvColumn, ...]

    @property
    def headers(self) -> tuple[str, ...]:
        """Names of the standard's columns."""
        return tuple(column.header for column in self.columns)

    @property
    def content(self) -> tuple[str, ...]:
        """The standard's columns and `_state`: what a row is compared by, within a tenant."""
        return (*self.headers, "_state")

    def is_list(self, header: str) -> bool:
        """Whether a column holds an array."""
        return any(column.is_list for column in self.columns if column.header == header)

    @cached_property
    def landers(self) -> tuple[tuple[str, Lander], ...]:
        """Per column the JSON property that it comes from and how its value lands.

        Kept, since reading a provider spends most of its own time here.
        """
        return tuple((RENAMED.get(column.property, column.property), _lander(column)) for column in self.columns)


@cache
def tables(version: str) -> Mapping[str, Table]:
    """Landed tables of a version of the standard, by name, in the order of its CSV files."""
    return {
        file.entity: Table(file.entity, tuple(one for one in file.columns if one.header not in NEVER_LANDED))
        for file in load(version).csv_files.values()
        if file.name != "manifest.csv"
    }


def dropped_note(entity: str, column: str, rows: int) -> str:
    """What a run tells of a column that never lands, although the source filled it."""
    return f"{entity}: {rows:,} rows bring a {column}, which is not kept; ask the district to stop sending it"


def text(value: Any) -> str | None:
    """One scalar as it lands: trimmed, blank as None, booleans as words, whole numbers without a point."""
    if isinstance(value, str):
        return value.strip() or None
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value).strip() or None


def _item(value: Any) -> str | None:
    if isinstance(value, dict):
        for left, right in _PAIRS:
            if right in value:
                return f"{{{text(value.get(left)) or ''}:{text(value[right]) or ''}}}"
        return text(value.get("sourcedId"))
    return text(value)


def _scalar(value: Any) -> str | None:
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, list):
        value = value[0] if value else None
    return _item(value)


def _date(value: Any) -> str | None:
    found = _scalar(value)
    return found[:10] if found and _DATE_WITH_TIME.match(found) else found


def _instant(value: Any) -> str | None:
    found = _scalar(value)
    if found is None or _PLAIN_INSTANT.match(found):
        return found
    try:
        return format_instant(parse_instant(found))
    except ValueError:
        return found


def _list(value: Any) -> list[str] | None:
    if value is None:
        return None
    items = value if isinstance(value, list) else [value]
    return [found for found in map(_item, items) if found is not None] or None


def _joined(value: Any) -> str | None:
    """A list that is one text in a file: the grades of a user of 1.2."""
    return ",".join(_list(value) or ()) or None


def status_of(value: Any) -> str:
    """The landed status: tobedeleted only when the source says so, else active."""
    return TOBEDELETED if (text(value) or "").lower() == TOBEDELETED else ACTIVE


def _lander(column: CsvColumn) -> Lander:
    if column.header == "status":
        return status_of
    if column.is_list:
        return _list
    if column.property == "grades":
        return _joined
    return {"date": _date, "dateTime": _instant}.get(column.format, _scalar)


def land_record(table: Table, record: Mapping[str, Any]) -> list[Any]:
    """One API record as a row: values in order of `table.headers`.

    A missing sourcedId stays None; the snapshot sets such a row aside.
    """
    return [land(record.get(name)) for name, land in table.landers]
