"""The adapter: how another program is run once a day, where its rows lie, and what it is not asked for.

Read from a TOML file by the command; used by the runner and the reader of landed rows.
"""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from oneroster_harness.problems import CannotRun, UsageProblem, nearest, unknown
from oneroster_standard.standard import load

CHANNELS = ("api", "full", "delta")
"""By the API, by a full bundle each day, by a full bundle and then the delta of each day."""
CORE = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")
EXAMPLE = Path(__file__).with_name("example.toml")
_KEYS = {"name", "landed", "accept", "timeout_s", "command", "inactive", "table", "columns", "ignore", "take", "grace_days"}
_INACTIVE_KEYS = {"column", "values", "empty"}


@dataclass(frozen=True, slots=True)
class Inactive:
    """How a landed row says that it no longer counts. values: cells that say so; empty: cells on this side of emptiness do."""

    column: str
    values: frozenset[str] = frozenset()
    empty: bool | None = None

    def says(self, cell: object) -> bool:
        """Whether a cell of the column marks its row."""
        text = "" if cell is None else str(cell).strip()
        if self.empty is not None:
            return (not text) is self.empty
        return text.lower() in self.values


BY_STATUS = Inactive("status", frozenset({"tobedeleted", "inactive"}))


@dataclass(frozen=True, slots=True)
class Adapter:
    """One consumer as it is judged.

    commands: channel -> words. tables: entity -> its table. columns: entity -> its column -> header. ignored: entity or * ->
    headers. entities: what it takes, empty for the core and whatever else it landed. grace_days: days that a row may count after it went.
    """

    name: str
    landed: str
    commands: Mapping[str, tuple[str, ...]]
    accept: frozenset[int] = frozenset({0})
    timeout_s: float = 600.0
    grace_days: int = 0
    inactive: Inactive = BY_STATUS
    tables: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    ignored: Mapping[str, frozenset[str]] = field(default_factory=dict)
    entities: tuple[str, ...] = ()

    def table(self, entity: str) -> str:
        """The consumer's name of an entity's table or file."""
        return self.tables.get(entity, entity)

    def headers(self, entity: str) -> Mapping[str, str]:
        """The consumer's columns that are called otherwise -> the standard's headers."""
        return self.columns.get(entity, {})

    def ignores(self, entity: str, header: str) -> bool:
        """Whether a header is not asked for."""
        return any(header in self.ignored.get(name, ()) for name in ("*", entity))


def entity_names() -> tuple[str, ...]:
    """Everything that a consumer may land: the files of a bundle of 1.1, without the manifest."""
    return tuple(file.entity for file in load("1.1").csv_files.values() if file.name != "manifest.csv")


def read_adapter(path: Path) -> Adapter:
    """An adapter out of its file.

    Raises CannotRun when the file cannot be read, UsageProblem naming the key that is wrong.
    """
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CannotRun(
            "the adapter cannot be read", "a TOML file", str(path), "oneroster check consumer --example > adapter.toml"
        ) from error  # fmt: skip
    return parse_adapter(raw, str(path))


def parse_adapter(raw: Mapping[str, Any], where: str) -> Adapter:
    """An adapter out of its tables; raises UsageProblem naming the key that is wrong."""
    _only(raw, _KEYS, where, "key")
    commands = {channel: _words(found, where, f"command.{channel}") for channel, found in _table(raw, "command", where).items()}
    _only(commands, CHANNELS, where, "channel")
    for name in ("table", "columns"):
        _only(_table(raw, name, where), entity_names(), where, "entity")
    _only(_table(raw, "ignore", where), (*entity_names(), "*"), where, "entity")
    entities = tuple(_table(raw, "take", where).get("entities", ()))
    _only(entities, entity_names(), where, "entity")
    columns = {entity: dict(found) for entity, found in _table(raw, "columns", where).items()}
    for entity, renamed in columns.items():
        _only(renamed.values(), load("1.1").csv_files[f"{entity}.csv"].headers, where, f"header of {entity}")
    if not isinstance(raw.get("landed"), str) or not raw["landed"]:
        raise UsageProblem("the adapter does not say where the rows lie", 'landed = "csv:FOLDER", a database URL or "python:MODULE:FUNCTION"', where)
    if not commands and not str(raw["landed"]).startswith("python:"):
        raise UsageProblem("the adapter has no command", '[command] with api, full or delta', where)
    return Adapter(
        name=str(raw.get("name", "consumer")), landed=raw["landed"], commands=commands,
        accept=frozenset(int(code) for code in raw.get("accept", (0,))), timeout_s=float(raw.get("timeout_s", 600)), grace_days=int(raw.get("grace_days", 0)),
        inactive=_inactive(_table(raw, "inactive", where), where), tables=dict(_table(raw, "table", where)), columns=columns,
        ignored={name: frozenset(found) for name, found in _table(raw, "ignore", where).items()}, entities=entities,
    )  # fmt: skip


def _table(raw: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    found = raw.get(name, {})
    if not isinstance(found, Mapping):
        raise UsageProblem(f"{name} is no table", f"[{name}]", where)
    return found


def _only(names: Any, valid: Sequence[str] | set[str], where: str, kind: str) -> None:
    for name in names:
        if name not in valid:
            raise UsageProblem(f"unknown {kind} {name!r}; {nearest(str(name), valid)}", where=where)


def _words(found: Any, where: str, name: str) -> tuple[str, ...]:
    if isinstance(found, str):
        return tuple(shlex.split(found))
    if isinstance(found, list) and found and all(isinstance(word, str) for word in found):
        return tuple(found)
    raise UsageProblem(f"{name} is no command", "a line, or a list of words", where)


def _inactive(raw: Mapping[str, Any], where: str) -> Inactive:
    if not raw:
        return BY_STATUS
    _only(raw, _INACTIVE_KEYS, where, "key of [inactive]")
    if not isinstance(raw.get("column"), str) or ("values" in raw) is ("empty" in raw):
        raise UsageProblem("[inactive] is incomplete", 'column = "...", and values = [...] or empty = true|false', where)
    values = frozenset(str(value).strip().lower() for value in raw.get("values", ()))
    return Inactive(raw["column"], values, bool(raw["empty"]) if "empty" in raw else None)


def channels_of(adapter: Adapter, asked: Sequence[str]) -> tuple[str, ...]:
    """The channels that are judged: those asked for, else all that the adapter has a command for.

    Raises UsageProblem for a channel without a command.
    """
    own = tuple(channel for channel in CHANNELS if channel in adapter.commands) or CHANNELS
    for channel in asked:
        if channel not in own:
            raise unknown("channel", channel, own, f"add [command] {channel} to the adapter")
    return tuple(channel for channel in own if not asked or channel in asked)
