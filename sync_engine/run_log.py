"""The record of runs in a target: append-only, each entry bound to the one before it by a hash.

Written by every run that applies, holds, is refused or fails; read by `status`, `history` and `audit`. Holds counts,
reasons and digests, never a value of a row.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from sync_engine.sql_text import quoted
from sync_engine.targets.session import Session

RUNS = "_oneroster_runs"
FIRST = "0" * 64
"""What stands before the first entry."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One run.

    number: its place in the chain, from 1. verb: run, apply or undo. plan, before, after: digests of the plan and of
    the target's state around the run. moved: count and digest of the before-images that the run left. as_of: the day
    that deadlines were counted from. whole: entities that were read whole and in full. limits: those of the policy.
    undoes: the run that this one takes back. previous and hash: the chain.
    """

    run: str
    verb: str
    at: str
    tenant: str
    status: str
    source: str = ""
    spec: str = ""
    plan: str = ""
    before: str = ""
    after: str = ""
    undoes: str = ""
    moved: str = ""
    as_of: str = ""
    whole: Sequence[str] = ()
    approvals: Sequence[Mapping[str, Any]] = ()
    limits: Mapping[str, Any] = field(default_factory=dict)
    complete: Mapping[str, bool] = field(default_factory=dict)
    changes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    reasons: Sequence[str] = ()
    rows: int = 0
    requests: int = 0
    elapsed_ms: int = 0
    number: int = 0
    previous: str = FIRST
    hash: str = ""

    def sealed(self) -> str:
        """The hash that this entry must bear: over everything else that it says."""
        said = {name: value for name, value in zip(_COLUMNS, _cells(self), strict=True) if name != "hash"}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    def document(self) -> dict[str, Any]:
        """The machine form: everything but what only the chain needs."""
        return {name: getattr(self, name) for name in _COLUMNS if name != "previous"}

    @property
    def changed_rows(self) -> int:
        """Rows that the run wrote."""
        return sum(found[kind] for found in self.changes.values() for kind in ("create", "update", "delete"))


_COLUMNS = tuple(one.name for one in fields(Entry))
_NUMBERS = ("rows", "requests", "elapsed_ms", "number")
_JSON = ("whole", "approvals", "limits", "complete", "changes", "reasons")


def _cells(entry: Entry) -> list[Any]:
    return [
        json.dumps(value, sort_keys=True) if name in _JSON else value
        for name, value in ((name, getattr(entry, name)) for name in _COLUMNS)
    ]


def is_kept(session: Session) -> bool:
    """Whether the target holds a record of runs."""
    return bool(session.columns(RUNS))


def append(session: Session, entry: Entry) -> Entry:
    """Add a run to the chain inside the session's transaction; returns it with its place and hash."""
    columns = ", ".join(
        f"{quoted(name)} {'BIGINT' if name in _NUMBERS else session.text_type} NOT NULL" for name in _COLUMNS
    )
    session.query(f"CREATE TABLE IF NOT EXISTS {quoted(RUNS)} ({columns}, PRIMARY KEY ({quoted('number')}))")
    last = session.query(
        f'SELECT "number", "hash" FROM {quoted(RUNS)} ORDER BY "number" DESC LIMIT 1'
    )
    number, previous = (int(last[0][0]) + 1, str(last[0][1])) if last else (1, FIRST)
    placed = replace(entry, number=number, previous=previous)
    placed = replace(placed, hash=placed.sealed())
    marks = ", ".join("?" for _ in _COLUMNS)
    names = ", ".join(map(quoted, _COLUMNS))
    session.query(f"INSERT INTO {quoted(RUNS)} ({names}) VALUES ({marks})", _cells(placed))
    return placed


def next_number(session: Session) -> int:
    """The number that the next entry gets."""
    if not is_kept(session):
        return 1
    return int(session.query(f'SELECT coalesce(max("number"), 0) + 1 FROM {quoted(RUNS)}')[0][0])


def entries(session: Session, tenant: str | None = None, plan: str | None = None) -> list[Entry]:
    """All runs, or those of a tenant or a plan, in their order; none for a target that no sync wrote to."""
    if not is_kept(session):
        return []
    names = ", ".join(map(quoted, _COLUMNS))
    asked = {"tenant": tenant, "plan": plan}
    wanted = {name: value for name, value in asked.items() if value is not None}
    where = " AND ".join(["true", *(f"{quoted(name)} = ?" for name in wanted)])
    rows = session.query(
        f'SELECT {names} FROM {quoted(RUNS)} WHERE {where} ORDER BY "number"', list(wanted.values())
    )
    return [_entry(row) for row in rows]


def _entry(row: Sequence[Any]) -> Entry:
    cells: dict[str, Any] = dict(zip(_COLUMNS, row, strict=True))
    for name in _JSON:
        try:
            cells[name] = json.loads(cells[name])
        except ValueError:
            # Somebody wrote here; the empty value makes the entry's hash wrong, which the audit tells.
            cells[name] = {} if name in ("limits", "complete", "changes") else []
    return Entry(**cells)


def undone(runs: Iterable[Entry]) -> set[str]:
    """Runs that stand taken back: an undo takes back its run, and an undo of that undo brings it again."""
    found: set[str] = set()
    by_id: dict[str, Entry] = {}
    for run in runs:
        by_id[run.run] = run
        if run.undoes and run.changed_rows:
            found.add(run.undoes)
            found.discard(by_id[run.undoes].undoes if run.undoes in by_id else "")
    return found


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where the chain does not hold. number: the entry that was expected there."""

    number: int
    run: str
    reason: str


def first_break(chain: Iterable[Entry], known: str = "") -> Break | None:
    """Verify the chain from its first entry; None when it holds.

    known: a hash that was noted earlier and must still be in it, which shows a cut end. Raises nothing.
    """
    previous, number, seen = FIRST, 0, False
    for number, entry in enumerate(chain, 1):
        if entry.number != number:
            return Break(number, entry.run, f"entry {number} is missing")
        if entry.hash != entry.sealed():
            return Break(number, entry.run, "the entry was changed after it was written")
        if entry.previous != previous:
            return Break(number, entry.run, "the entry does not follow the one before it")
        previous = entry.hash
        seen = seen or (bool(known) and entry.hash.startswith(known))
    if known and not seen:
        return Break(number + 1, "", "the noted hash is no longer in the chain")
    return None
