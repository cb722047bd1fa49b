"""What earlier runs did, as the guards need it: rows that are gone, rows that became somebody else, what stayed long.

Called by the plan while it reads the target. Leaves the tables `gone`, `became`, `made` and `touched` in the scratch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from sync_engine import history
from sync_engine.difference import ABSENT, read_files
from sync_engine.policy import Policy
from sync_engine.run_log import Entry, entries, undone
from sync_engine.snapshot import Scratch, Snapshot
from sync_engine.sql_text import literal
from sync_engine.targets.session import Session

DATED = ("academicSessions", "classes", "enrollments", "classResources")
"""Entities whose rows may go with an ended term, when they have stood as they are for the window. That a row
went away changed nothing of what it said, so it does not count as a change of it."""


def recall(session: Session, tenant: str, policy: Policy, day: date, scratch: Scratch) -> None:
    """Bring what the target remembers of a tenant into the scratch; nothing for a target without memory."""
    every = [one for one in entries(session, tenant) if one.after]
    back = undone(every)
    runs = [one for one in every if one.run not in back]
    recent = [one for one in runs if _is_within(one, day, policy.window_days)]
    folder = scratch.folder
    _gone(scratch, history.gone_rows(session, tenant, folder), runs, _settled(recent, policy, "remove"), day)
    became = history.changes_of(
        session, tenant, _settled(recent, policy, "change"), folder, only="identity <> '' AND NOT approved", name="became"
    )  # fmt: skip
    _table(scratch, "became", became, "entity VARCHAR, \"sourcedId\" VARCHAR, identity VARCHAR")
    _table(scratch, "made", _made(session, tenant, recent, policy, folder), "entity VARCHAR, \"sourcedId\" VARCHAR, identity VARCHAR")
    dated = ", ".join(f"'{name}'" for name in DATED)
    later = [one.number for one in recent if not _is_first(one)]
    touched = history.changes_of(
        session, tenant, later, folder, only=f"entity IN ({dated}) AND kind <> '{ABSENT}'", name="touched", entities=DATED
    )
    _table(scratch, "touched", touched, "entity VARCHAR, \"sourcedId\" VARCHAR, identity VARCHAR")


def doubt_other_files(session: Session, tenant: str, snapshot: Snapshot) -> None:
    """Without a manifest, absence is believed only where the files are those of the last run that landed."""
    last = next((one for one in reversed(entries(session, tenant)) if one.after and not one.undoes), None)
    if last is None or last.changes.keys() == snapshot.entities.keys():
        return
    for name, found in snapshot.entities.items():
        reason = f"{name}: there is no manifest, and the bundle's files are not those of last time"
        snapshot.entities[name] = replace(found, complete=False, reasons=(*found.reasons, reason))


def _made(session: Session, tenant: str, recent: Sequence[Entry], policy: Policy, folder: Path) -> list[Path]:
    """Rows that came within the window, but for the first landing of their entity, which has none to compare with."""
    others = ("update", "delete", "unchanged", "held")
    firsts = [
        f"(number = {run.number} AND entity = {literal(name)})" for run in recent for name, counts in run.changes.items()
        if counts.get("create") and not any(counts.get(kind) for kind in others)
    ]
    first = f" AND NOT ({' OR '.join(firsts)})" if firsts else ""
    return history.changes_of(
        session, tenant, _settled(recent, policy, "create"), folder, only=f"kind = 'create' AND NOT approved{first}", name="made"
    )  # fmt: skip


def _is_first(run: Entry) -> bool:
    """Whether the run met none of the dated entities: what a first landing brings stands as it is."""
    kinds = ("update", "delete", "unchanged", "held")
    return not any(run.changes.get(name, {}).get(kind) for name in DATED for kind in kinds)


def _is_within(run: Entry, day: date, days: int) -> bool:
    return date.fromisoformat(run.as_of) > day - timedelta(days=days)


def _settled(runs: Iterable[Entry], policy: Policy, kind: str) -> list[int]:
    """Runs whose changes count still: what looser limits let through then was somebody's decision."""
    return [one.number for one in runs if not policy.is_tighter_than(one.limits, kind)]


def _gone(scratch: Scratch, files: Sequence[Path], runs: Sequence[Entry], counting: Sequence[int], day: date) -> None:
    db = scratch.db
    db.execute("CREATE OR REPLACE TABLE read_whole (entity VARCHAR, number BIGINT)")
    first: dict[tuple[str, str], int] = {}
    for run in runs:
        for entity in run.whole:
            # The same plan applied again is not another read.
            first.setdefault((entity, run.plan), run.number)
    if first:
        db.executemany(
            "INSERT INTO read_whole VALUES (?, ?)", [(entity, number) for (entity, _), number in first.items()]
        )
    numbers = ", ".join(map(str, counting)) or "NULL"
    source = read_files(files) if files else "(SELECT '' AS entity, '' AS \"sourcedId\", 0 AS number, '' AS since, false AS counts WHERE false)"
    # The read that found a row missing is the first, the one that is compared now is the last.
    db.execute(
        f"CREATE OR REPLACE TABLE gone AS SELECT g.entity, g.\"sourcedId\", g.counts AND g.number IN ({numbers}) AS counts,"
        " 2 + (SELECT count(*) FROM read_whole AS r WHERE r.entity = g.entity AND r.number > g.number) AS reads,"
        f" date_diff('day', CAST(g.since AS DATE), DATE '{day}') AS days FROM {source} AS g"
    )


def _table(scratch: Scratch, name: str, files: Sequence[Path], columns: str) -> None:
    scratch.db.execute(f"CREATE OR REPLACE TABLE {name} ({columns})")
    if files:
        scratch.db.execute(f"INSERT INTO {name} SELECT * FROM {read_files(files)}")
