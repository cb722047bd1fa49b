"""Applying a plan: one transaction that lands everything or nothing.

Called by `sync apply` and `sync run`. Refuses a target that changed since the plan; a second apply changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from oneroster_harness.problems import CannotRun, UsageProblem, nearest
from sync_engine.difference import Counts
from sync_engine.landing import Table, tables
from sync_engine.plan import Plan
from sync_engine.run_log import Entry, append, entries
from sync_engine.targets.session import Session, Target

ALL = "all"


class StalePlan(CannotRun):
    """The target is not in the state that the plan was made for."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What an apply did. changes: rows written in this run, per entity. held: rows that still wait."""

    changes: Mapping[str, Counts]
    held: int


@dataclass(frozen=True, slots=True)
class _Step:
    """One row file to put into one table."""

    table: Table
    file: Path


def approved_entities(plan: Plan, names: Collection[str]) -> frozenset[str]:
    """Entities whose held removals a person lets through.

    Raises UsageProblem for a name that the plan does not hold, CannotRun for one whose read was not whole.
    """
    held = {name for name, found in plan.entities.items() if found.counts.held}
    approvable = {name for name in held if plan.entities[name].approvable}
    if ALL in names:
        return frozenset(approvable)
    for name in names:
        if name not in plan.entities:
            raise UsageProblem(f"unknown entity {name!r}; {nearest(name, [*plan.entities, ALL])}")
        if name in held - approvable:
            raise CannotRun(
                f"the removals of {name} cannot be approved", "a source that was read whole",
                plan.entities[name].hold_reason, "read the source again", "sync.not-approvable",
            )  # fmt: skip
    return frozenset(names) & approvable


def apply(plan: Plan, target: Target, stamp: Entry, approve: Collection[str]) -> Applied:
    """Apply a plan with the held removals of the approved entities, and record the run in the same transaction.

    stamp: who and when, as the record starts. Raises StalePlan when the target changed since the plan.
    """
    approved = approved_entities(plan, approve)
    planned = _planned_steps(plan)
    released = _held_steps(plan, approved)
    with target.writing() as session:
        session.lock(plan.tables)
        state = session.digest(plan.tables, plan.tenant)
        earlier = [one for one in entries(session, plan.tenant, plan.digest) if one.after == state]
        if state == plan.before:
            done: frozenset[str] | None = None
        elif earlier:
            done = frozenset(str(given["what"]) for one in earlier for given in one.approvals)
        elif (steps := [*planned, *released]) and all(
            session.in_effect(step.table, plan.tenant, step.file) for step in steps
        ):
            outcome = _outcome(plan, approved, is_planned_new=False, released=frozenset())
            _record(session, plan, stamp, approved, outcome)
            return outcome
        else:
            raise StalePlan(
                "the target changed since the plan was made", "the state that the plan was made for", plan.target,
                "plan again", "sync.stale-plan",
            )  # fmt: skip
        is_new = done is None
        fresh = approved - (done or frozenset())
        steps = [*(planned if is_new else ()), *_held_steps(plan, fresh)]
        for table in plan.tables if is_new else ():
            # An entity without a row has a table too: whoever reads the target need not know what was served.
            session.create(table)
        for step in steps:
            session.put(step.table, plan.tenant, step.file)
        outcome = _outcome(plan, approved | (done or frozenset()), is_planned_new=is_new, released=fresh)
        _record(session, plan, stamp, (done or frozenset()) | fresh, outcome)
        return outcome


def _planned_steps(plan: Plan) -> list[_Step]:
    known = tables(plan.version)
    return [
        _Step(known[name], plan.file(found.apply)) for name, found in plan.entities.items() if found.apply
    ]


def _held_steps(plan: Plan, names: Collection[str]) -> list[_Step]:
    known = tables(plan.version)
    return [
        _Step(known[name], plan.file(found.held))
        for name, found in plan.entities.items()
        if found.held and name in names
    ]


def _outcome(
    plan: Plan, approved: Collection[str], *, is_planned_new: bool, released: Collection[str]
) -> Applied:
    changes: dict[str, Counts] = {}
    for name, found in plan.entities.items():
        counts = found.counts
        touched = counts.create + counts.update + counts.delete
        if not is_planned_new:
            counts = replace(counts, create=0, update=0, delete=0, unchanged=counts.unchanged + touched)
        if name in approved:
            gained = found.counts.held if name in released else 0
            counts = replace(counts, delete=counts.delete + gained, held=0)
        changes[name] = counts
    return Applied(changes, sum(counts.held for counts in changes.values()))


def _record(session: Session, plan: Plan, stamp: Entry, approved: Collection[str], outcome: Applied) -> None:
    append(
        session,
        replace(
            stamp, status="held" if outcome.held else "applied", plan=plan.digest, before=plan.before,
            after=session.digest(plan.tables, plan.tenant),
            approvals=[{"what": name} for name in sorted(approved)],
            changes={name: asdict(found) for name, found in outcome.changes.items()},
        ),
    )  # fmt: skip
