"""The policy of a sync: its limits, its window, its stages, read from TOML.

Called by the plan and the command. The shipped values stand in policy.toml; a file or a flag replaces single ones.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from oneroster_harness.problems import CannotRun, UsageProblem, nearest
from oneroster_standard.standard import VERSIONS
from sync_engine.landing import tables

KINDS: Mapping[str, tuple[str, ...]] = {
    "remove": ("district", "school", "class", "role"), "change": ("district", "school"), "create": ("district",),
}  # fmt: skip
"""What is limited, and at which scopes."""
TABLES_OF_WATCHES = ("watch", "budget", "blackout", "notify")
"""What the same file may tell a watch; read elsewhere."""
_LIMIT_KEYS = ("percent", "count", "floor")


@dataclass(frozen=True, slots=True)
class Limit:
    """How many rows may move by themselves.

    percent: of those that were there. count: rows, None for no such limit. floor: so few are never held for their
    number.
    """

    percent: float
    count: int | None
    floor: int

    def is_passed(self, moved: int, of: int) -> bool:
        """Whether `moved` rows out of `of` are more than the limit lets through."""
        if moved <= self.floor:
            return False
        return 100 * moved > self.percent * of or (self.count is not None and moved > self.count)

    def is_looser_than(self, other: Limit) -> bool:
        """Whether it lets anything through that the other one holds."""
        unlimited = float("inf")
        own = self.count if self.count is not None else unlimited
        others = other.count if other.count is not None else unlimited
        return self.percent > other.percent or own > others or self.floor > other.floor


@dataclass(frozen=True, slots=True)
class Freeze:
    """Days, both included, in which nothing is removed by itself."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Stages:
    """After how many whole reads and days without it a missing row becomes inactive, then archived."""

    inactive_reads: int
    inactive_days: int
    archived_reads: int
    archived_days: int


@dataclass(frozen=True, slots=True)
class Pins:
    """What a sync leaves as it is. rows: entity -> sourcedIds; fields: entity -> columns that keep their landed value."""

    rows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Incremental:
    """How an incremental run asks an API. overlap_hours: so much before the mark. audit_days: days until everything is read
    whole again."""

    overlap_hours: int = 36
    audit_days: int = 7


@dataclass(frozen=True, slots=True)
class Policy:
    """All limits by kind, scope and entity ("" is every other entity), and the rest of the file."""

    limits: Mapping[tuple[str, str, str], Limit]
    window_days: int
    reused_grades: int
    stages: Stages
    freezes: tuple[Freeze, ...] = ()
    pins: Pins = field(default_factory=Pins)
    incremental: Incremental = field(default_factory=Incremental)
    takes_deltas: bool = True

    def limit(self, kind: str, scope: str, entity: str) -> Limit:
        """The limit of an entity, its own or everybody's."""
        return self.limits.get((kind, scope, entity)) or self.limits[kind, scope, ""]

    def freeze(self, day: date) -> Freeze | None:
        """The freeze that a day lies in."""
        return next((one for one in self.freezes if one.first <= day <= one.last), None)

    def document(self) -> dict[str, list[float | int | None]]:
        """The limits as a run's record keeps them: kind.scope.entity -> percent, count, floor."""
        return {".".join(key): [one.percent, one.count, one.floor] for key, one in sorted(self.limits.items())}

    def is_tighter_than(self, earlier: Mapping[str, Any], kind: str) -> bool:
        """Whether limits that a run kept let anything of a kind through that would be held now."""
        found = {key: Limit(*values) for key, values in earlier.items() if key.startswith(f"{kind}.")}
        for key, limit in found.items():
            _, scope, entity = key.split(".", 2)
            if limit.is_looser_than(self.limit(kind, scope, entity)):
                return True
        return False


@cache
def _shipped() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads(files(__package__).joinpath("policy.toml").read_text("utf-8"))
    return found


def load_policy(path: Path | None = None, flags: Mapping[str, Any] | None = None, audit_days: int | None = None) -> Policy:
    """The shipped policy, with the values of a file and of flags in their place.

    flags: percent, count and floor of remove.district that were typed, as audit_days was. Raises CannotRun for a file that cannot be
    read, UsageProblem for one that says something unknown.
    """
    typed = {name: value for name, value in (flags or {}).items() if value is not None}
    merged = _merge(deepcopy(_shipped()), _read(path) if path else {}, str(path), "")
    if typed:
        _type_in(merged["remove"], typed)
    if audit_days is not None:
        merged["incremental"]["audit_days"] = audit_days
    return _policy(merged, str(path or "policy.toml"))


def _type_in(remove: dict[str, Any], typed: Mapping[str, Any]) -> None:
    """A flag speaks of every entity of the district, and lets narrower scopes pass what it lets pass."""
    own = remove["district"]
    remove["district"] = {
        name: {**value, **typed} if isinstance(value, dict) else value for name, value in own.items()
    } | dict(typed)
    looser = {name: value for name, value in typed.items() if name in ("percent", "floor")}
    for scope in ("school", "class", "role"):
        remove[scope] = {
            name: _loosened(value, looser) if isinstance(value, dict) else max(value, looser.get(name, value))
            for name, value in remove[scope].items()
        }


def _loosened(said: Mapping[str, Any], looser: Mapping[str, Any]) -> dict[str, Any]:
    return {name: max(value, looser.get(name, value)) for name, value in said.items()}


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise CannotRun(f"the policy cannot be read: {error.strerror}", "a TOML file", str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageProblem(f"the policy is no TOML: {error}", "a TOML file", str(path)) from error


def _merge(own: Mapping[str, Any], given: Mapping[str, Any], where: str, place: str) -> dict[str, Any]:
    merged = dict(own)
    for name, value in given.items():
        known = _known(own, place)
        if name not in known:
            raise UsageProblem(f"unknown {place + name!r} in the policy; {nearest(name, known)}", where=where)
        below = own.get(name)
        if isinstance(value, Mapping) and name not in ("pins", *TABLES_OF_WATCHES):
            merged[name] = _merge(below if isinstance(below, Mapping) else {}, value, where, f"{place}{name}.")
        else:
            merged[name] = value
    return merged


def _known(own: Mapping[str, Any], place: str) -> list[str]:
    parts = place.split(".")[:-1]
    if not parts:
        return [*own, "freeze", "pins", *TABLES_OF_WATCHES]
    if parts[0] in KINDS and len(parts) == 1:
        return list(KINDS[parts[0]])
    if parts[0] in KINDS and len(parts) == 2:
        return [*_LIMIT_KEYS, *sorted({name for version in VERSIONS for name in tables(version)})]
    return list(_LIMIT_KEYS) if parts[0] in KINDS else list(own)


def _policy(found: Mapping[str, Any], where: str) -> Policy:
    limits: dict[tuple[str, str, str], Limit] = {}
    for kind, scopes in KINDS.items():
        for scope in scopes:
            said = found[kind][scope]
            limits[kind, scope, ""] = _limit(said, {}, f"{kind}.{scope}", where)
            for name, own in said.items():
                if isinstance(own, Mapping):
                    limits[kind, scope, name] = _limit(own, said, f"{kind}.{scope}.{name}", where)
    stages = {name: _whole(value, f"stages.{name}", where) for name, value in found["stages"].items()}
    asking = {name: _whole(value, f"incremental.{name}", where) for name, value in found["incremental"].items()}
    return Policy(
        limits, _whole(found["window"]["days"], "window.days", where),
        _whole(found["reused"]["grades"], "reused.grades", where), Stages(**stages),
        tuple(_freeze(one, where) for one in found.get("freeze", ())), _pins(found.get("pins", {}), where),
        Incremental(**asking), _yes(found["bundles"]["deltas"], "bundles.deltas", where),
    )  # fmt: skip


def _limit(said: Mapping[str, Any], default: Mapping[str, Any], place: str, where: str) -> Limit:
    percent = said.get("percent", default.get("percent"))
    if isinstance(percent, bool) or not isinstance(percent, int | float) or not 0 <= percent <= 1000:
        raise UsageProblem(f"{place}.percent is {percent!r}", "a number from 0 to 1000", where)
    count = said.get("count", default.get("count"))
    floor = _whole(said.get("floor", default.get("floor")), f"{place}.floor", where)
    return Limit(float(percent), None if count is None else _whole(count, f"{place}.count", where), floor)


def _whole(value: Any, place: str, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise UsageProblem(f"{place} is {value!r}", "a whole number, 0 or more", where)
    return value


def _yes(value: Any, place: str, where: str) -> bool:
    if not isinstance(value, bool):
        raise UsageProblem(f"{place} is {value!r}", "true or false", where)
    return value


def _pins(said: Any, where: str) -> Pins:
    known = {name: table for version in VERSIONS for name, table in tables(version).items()}
    found: dict[str, dict[str, tuple[str, ...]]] = {"rows": {}, "fields": {}}
    for kind, entities in said.items():
        if kind not in found or not isinstance(entities, Mapping):
            raise UsageProblem(f"unknown 'pins.{kind}' in the policy; {nearest(kind, found)}", where=where)
        for entity, names in entities.items():
            if entity not in known:
                raise UsageProblem(f"unknown entity {entity!r} in the pins; {nearest(entity, known)}", where=where)
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                raise UsageProblem(f"pins.{kind}.{entity} is no list of texts", 'for example ["email"]', where)
            found[kind][entity] = tuple(names)
            columns = {name for version in VERSIONS for name in _columns(version, entity)} - {"sourcedId", "status"}
            for name in names if kind == "fields" else ():
                if name not in columns:
                    raise UsageProblem(f"{entity} has no column {name!r} to pin; {nearest(name, columns)}", where=where)
    return Pins(found["rows"], found["fields"])


def _columns(version: str, entity: str) -> tuple[str, ...]:
    table = tables(version).get(entity)
    return table.headers if table else ()


def _freeze(one: Any, where: str) -> Freeze:
    first, last = (one.get("first"), one.get("last")) if isinstance(one, Mapping) else (None, None)
    if not (isinstance(first, date) and isinstance(last, date) and first <= last):
        raise UsageProblem("a freeze has no first and last day", "first = 2026-06-01 and last = 2026-08-15", where)
    return Freeze(first, last)
