"""Applying a plan: one transaction that lands everything or nothing.

Called by `sync apply`, `sync run` and `sync undo`. Refuses a target that changed since the plan; a second apply changes nothing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from oneroster_harness.problems import CannotRun
from sync_engine import aliases, history, quarantine, sharing, watermarks
from sync_engine.difference import COUNTED_AS, Counts, read_files
from sync_engine.holds import reasons
from sync_engine.landing import Table, tables
from sync_engine.nested import NESTED
from sync_engine.plan import Plan
from sync_engine.run_log import Entry, append, entries, next_number
from sync_engine.snapshot import MARKS
from sync_engine.sql_text import literal
from sync_engine.targets.session import Session, Target

Approvals = Sequence[Mapping[str, Any]]
"""Holds that a person lets through: each names `hold`, and who and why."""


class StalePlan(CannotRun):
    """The target is not in the state that the plan was made for."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What an apply did. changes: rows written in this run, per entity. settled: holds that were let through."""

    changes: Mapping[str, Counts]
    settled: frozenset[str]

    @property
    def held(self) -> int:
        """Rows that still wait."""
        return sum(counts.held for counts in self.changes.values())


@dataclass(frozen=True, slots=True)
class _Step:
    """One row file to put into one table. kinds: rows by kind of change. approved: a person let them through."""

    table: Table
    file: Path
    kinds: Mapping[str, int]
    approved: bool = False
    erases: bool = False

    @property
    def rows(self) -> int:
        return sum(self.kinds.values())


def apply(plan: Plan, target: Target, stamp: Entry, approvals: Approvals = ()) -> Applied:
    """Apply a plan with the held rows that are let through, and record the run in the same transaction.

    stamp: who and when, as the record starts. Raises StalePlan when the target changed since the plan.
    """
    given = frozenset(str(one["hold"]) for one in approvals)
    with tempfile.TemporaryDirectory(prefix="oneroster-apply-") as folder, duckdb.connect() as db:
        rows = _RowFiles(plan, db, Path(folder))
        planned, every = rows.planned(), rows.released(frozenset(), given)
        with target.writing() as session:
            session.lock(plan.tables)
            state = session.digest(plan.tables, plan.tenant)
            earlier = [one for one in entries(session, plan.tenant, plan.digest) if one.after == state]
            if state == plan.before:
                done, steps = frozenset[str](), [*planned, *every]
            elif earlier:
                done = frozenset(str(said["hold"]) for one in earlier for said in one.approvals)
                steps = rows.released(done, given)
            elif (landed := [*planned, *every]) and _are_in_effect(session, plan, landed):
                done, steps = given, []
            else:
                raise StalePlan(
                    "the target changed since the plan was made", "the state that the plan was made for", plan.target,
                    "plan again", "sync.stale-plan",
                )  # fmt: skip
            if state == plan.before:
                for table in plan.tables:
                    # An entity without a row has a table too: whoever reads the target need not know what was served.
                    session.create(table)
            number = _write(session, plan, steps)
            outcome = Applied(_counts(plan, steps, rows.held(done | given)), done | given)
            _keep_marks(session, plan, outcome)
            if plan.aliases:
                aliases.add(session, plan.tenant, list(plan.aliases))
            if not plan.undoes:
                quarantine.keep(session, plan.tenant, plan.owner, plan.entities, plan.asides)
            _record(session, plan, stamp, number, approvals, outcome)
            return outcome


class _RowFiles:
    """The plan's row files as steps; rows that were held are taken out of their file by the holds that they wait for."""

    def __init__(self, plan: Plan, db: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self._plan, self._db, self._folder = plan, db, folder
        self._tables = tables(plan.version)
        self._made = 0

    def planned(self) -> list[_Step]:
        """What needs nobody's approval."""
        found: list[_Step] = []
        for name, entity in self._plan.entities.items():
            for named, erases in ((entity.erase, True), (entity.apply, False)):
                if named:
                    file = self._plan.file(named)
                    found.append(_Step(self._tables[name], file, self._kinds(file), erases=erases))
        return found

    def released(self, done: frozenset[str], given: frozenset[str]) -> list[_Step]:
        """Rows whose holds are all let through now, and were not before."""
        found: list[_Step] = []
        for name, entity in self._plan.entities.items():
            if entity.held and given - done:
                self._made += 1
                file = self._folder / f"{name}.released{self._made}.parquet"
                source = read_files([self._plan.file(entity.held)])
                where = f"{_all_in(done | given)} AND NOT {_all_in(done)}"
                self._db.execute(
                    f"COPY (SELECT * EXCLUDE (_holds) FROM {source} WHERE {where}) TO {literal(file)} (FORMAT parquet)"
                )
                step = _Step(self._tables[name], file, self._kinds(file), approved=True)
                found += [step] if step.rows else []
        return found

    def held(self, settled: frozenset[str]) -> dict[str, int]:
        """Rows that still wait, per entity."""
        found: dict[str, int] = {}
        for name, entity in self._plan.entities.items():
            if entity.held:
                source = read_files([self._plan.file(entity.held)])
                counted = self._db.execute(f"SELECT count(*) FROM {source} WHERE NOT {_all_in(settled)}").fetchone()
                found[name] = int((counted or (0,))[0])
        return found

    def _kinds(self, file: Path) -> dict[str, int]:
        found = self._db.execute(f"SELECT _kind, count(*) FROM {read_files([file])} GROUP BY ALL").fetchall()
        return {str(kind): int(rows) for kind, rows in found}


def _all_in(holds: frozenset[str]) -> str:
    listed = ", ".join(map(literal, sorted(holds)))
    return f"list_has_all(CAST([{listed}] AS VARCHAR[]), _holds)"


def _are_in_effect(session: Session, plan: Plan, steps: Sequence[_Step]) -> bool:
    return all(
        not step.erases and session.in_effect(step.table, plan.tenant, step.file, MARKS) for step in steps
    )


def _write(session: Session, plan: Plan, steps: Sequence[_Step]) -> int:
    """Write the rows with their images before; returns the number of this run."""
    history.create(session)
    number = next_number(session)
    for step in steps:
        if step.erases:
            history.erase(session, step.table, plan.tenant, step.file, number)
            continue
        history.remember(session, step.table, plan.tenant, step.file, number, step.kinds, approved=step.approved)
        session.put(step.table, plan.tenant, step.file, MARKS)
        if plan.owner:
            sharing.keep(session, step.table, plan.tenant, session.staged(step.table, step.file, MARKS), plan.owner)
        history.keep_track(
            session, step.table, plan.tenant, step.file, number, plan.as_of, approved=step.approved
        )
    return number


def _counts(plan: Plan, steps: Sequence[_Step], held: Mapping[str, int]) -> dict[str, Counts]:
    changes: dict[str, Counts] = {}
    for name, found in plan.entities.items():
        written = dict.fromkeys(("create", "update", "delete"), 0)
        for step in steps:
            if step.table.name == name:
                for kind, rows in step.kinds.items():
                    written[COUNTED_AS.get(kind, "delete")] += rows
        planned = found.counts
        # What an earlier apply of this plan landed stands there unchanged now.
        before = planned.create + planned.update + planned.delete + planned.held - held.get(name, 0) - sum(written.values())
        changes[name] = replace(planned, **written, unchanged=planned.unchanged + before, held=held.get(name, 0))
    return changes


def _keep_marks(session: Session, plan: Plan, outcome: Applied) -> None:
    """Move the marks of what landed in full; a row that waits would not be shown again past a mark."""
    if plan.undoes:
        watermarks.forget(session, plan.tenant)
    waiting = {name for name, counts in outcome.changes.items() if counts.held}
    waiting |= {nested.owner for name, nested in NESTED[plan.version].items() if name in waiting}
    landed = [mark for mark in plan.marks if mark.entity not in waiting]
    watermarks.keep(session, plan.tenant, plan.source, landed)


def _record(
    session: Session, plan: Plan, stamp: Entry, number: int, approvals: Approvals, outcome: Applied
) -> None:
    append(
        session,
        replace(
            stamp, status="held" if outcome.held else "applied", plan=plan.digest, before=plan.before,
            after=session.digest(plan.tables, plan.tenant), undoes=plan.undoes, moved=history.moved(session, number),
            reasons=(*plan.notes, *reasons(plan.holds, outcome.settled)), as_of=plan.as_of, whole=plan.whole, approvals=approvals, limits=plan.limits,
            changes={name: asdict(found) for name, found in outcome.changes.items()},
        ),
    )  # fmt: skip
