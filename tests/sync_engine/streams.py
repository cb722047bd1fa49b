"""The difference written a second time: two sorted streams of rows, walked side by side in plain Python.

The reference meaning of `sync_engine.comparison`; shares no line with it. Rows are dictionaries of landed cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]

IDENTITY = {
    "users": {
        "names": ("givenName", "familyName"), "ids": ("identifier", "userIds", "username"), "roles": ("role",),
        "schools": ("orgSourcedIds",),
    },
    "orgs": {"names": ("name",), "ids": ("identifier",), "types": ("type",)},
}  # fmt: skip
"""What tells who a row is, per entity of the tests, told a second time."""


@dataclass(frozen=True)
class Read:
    """What is compared. is_since: only what changed was read, each as a whole row. gone: sourcedId -> (whole reads without it, days). stages: (reads, days) to inactive, to archived."""

    entity: str
    source: Sequence[Row]
    target: Sequence[Row]
    is_delta: bool = False
    is_complete: bool = True
    aside: frozenset[str] = frozenset()
    gone: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    pinned_rows: frozenset[str] = frozenset()
    pinned_fields: frozenset[str] = frozenset()
    stages: tuple[tuple[int, int], tuple[int, int]] = ((2, 1), (3, 30))
    is_since: bool = False


def difference(read: Read) -> dict[str, tuple[str, bool, Row, str]]:
    """sourcedId -> (kind, whether the source has it, the row as it will be, what of its identity changes)."""
    found: dict[str, tuple[str, bool, Row, str]] = {}
    for key, new, old in _side_by_side(read.source, read.target):
        row: Row | None
        if new is None:
            assert old is not None
            kind, row = _absent(read, key, old)
        elif old is None:
            kind, row = ("" if read.is_delta and new["_state"] != "present" else "create"), new
        else:
            kind, row = _both(read, key, new, old)
        if kind and not (key in read.pinned_rows and kind != "create"):
            assert row is not None
            found[key] = (kind, new is not None, row, _identity(read, kind, new, old))
    return found


def _side_by_side(source: Sequence[Row], target: Sequence[Row]) -> Iterator[tuple[str, Row | None, Row | None]]:
    def keyed(rows: Sequence[Row]) -> Iterator[Row]:
        return iter(sorted(rows, key=lambda row: str(row["sourcedId"])))

    news, olds = keyed(source), keyed(target)
    new, old = next(news, None), next(olds, None)
    while new is not None or old is not None:
        if old is None or (new is not None and new["sourcedId"] < old["sourcedId"]):
            assert new is not None
            yield new["sourcedId"], new, None
            new = next(news, None)
        elif new is None or old["sourcedId"] < new["sourcedId"]:
            yield old["sourcedId"], None, old
            old = next(olds, None)
        else:
            yield new["sourcedId"], new, old
            new, old = next(news, None), next(olds, None)


def _absent(read: Read, key: str, old: Row) -> tuple[str, Row | None]:
    if read.is_delta or read.is_since or key in read.aside:
        return "", None
    marked = {**old, "status": "tobedeleted"}
    if old["_state"] == "present":
        return "absent", {**_pinned(read, marked, old), "_state": "missing"}
    stage = _next_stage(read, key, old, is_told=False)
    return ("stage", {**_pinned(read, marked, old), "_state": stage}) if stage else ("", None)


def _both(read: Read, key: str, new: Row, old: Row) -> tuple[str, Row | None]:
    row = _pinned(read, new, old)
    differs = any(row[name] != old[name] for name in old if name != "_state")
    if new["_state"] == "present":
        if old["_state"] != "present":
            return "back", {**row, "_state": "present"}
        return ("update", row) if differs else ("", None)
    if read.is_delta:
        if old["_state"] != "present":
            return "", None
        when = old["dateLastModified"] if new["dateLastModified"] is None else new["dateLastModified"]
        told = {**old, "status": "tobedeleted", "dateLastModified": when, "_state": "inactive"}
        return "delete", _pinned(read, told, old)
    if old["_state"] == "present":
        return "delete", {**row, "_state": "inactive"}
    stage = _next_stage(read, key, old, is_told=True)
    if stage:
        return "stage", {**row, "_state": stage}
    return ("update", {**row, "_state": old["_state"]}) if differs else ("", None)


def _pinned(read: Read, row: Row, old: Row) -> dict[str, Any]:
    return {name: old[name] if name in read.pinned_fields else value for name, value in row.items()}


def _next_stage(read: Read, key: str, old: Row, *, is_told: bool) -> str:
    if not read.is_complete:
        return ""
    reads, days = read.gone.get(key, (-1, -1))

    def is_due(limits: tuple[int, int]) -> bool:
        return reads >= limits[0] and days >= limits[1]

    if old["_state"] == "missing" and (is_told or is_due(read.stages[0])):
        return "inactive"
    return "archived" if old["_state"] == "inactive" and is_due(read.stages[1]) else ""


def _identity(read: Read, kind: str, new: Row | None, old: Row | None) -> str:
    if new is None or old is None or kind == "absent":
        return ""
    told = []
    for word, names in IDENTITY[read.entity].items():
        if any(_is_another(new[name], old[name]) for name in names if name not in read.pinned_fields):
            told.append(word)
    return ",".join(told)


def _is_another(new: Any, old: Any) -> bool:
    if new is None or old is None:
        return False
    if isinstance(new, list):
        return not set(new) & set(old)
    return bool(new.strip(" ").lower() != old.strip(" ").lower())
