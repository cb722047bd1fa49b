"""The sync without its command: rows of a test go straight into a plan and a target, for laws that need many runs."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from sync_engine import plan as plans
from sync_engine.applying import Applied, Approvals, apply
from sync_engine.landing import land_record, tables
from sync_engine.plan import Plan
from sync_engine.policy import Policy, load_policy
from sync_engine.run_log import Entry
from sync_engine.snapshot import EntityRead, Scratch, Snapshot, Stage
from sync_engine.targets.session import Target

Records = Mapping[str, Sequence[Mapping[str, object]]]
DAY = date(2026, 10, 1)


def stamp(run: str, plan: Plan, verb: str = "run") -> Entry:
    """The start of a run's record."""
    return Entry(run, verb, "2026-10-01T00:00:00.000Z", plan.tenant, "", plan.source, plan.version)


def planned(
    target: Target, records: Records, folder: Path, *, policy: Policy | None = None, day: date = DAY, complete: bool = True
) -> Plan:
    """A plan for records in the standard's JSON shape; its row files lie in `folder`."""
    with tempfile.TemporaryDirectory() as staging, Scratch(Path(staging)) as scratch:
        snapshot = Snapshot(scratch, "1.1")
        for name, found in records.items():
            stage = Stage(scratch, tables("1.1")[name])
            for record in found:
                stage.add(land_record(stage.table, record))
            rows, aside = stage.finish()
            snapshot.entities[name] = EntityRead(name, rows, aside, complete and not aside)
        return plans.make(
            snapshot, target, source="test", tenant="default", policy=policy or load_policy(), day=day, folder=folder
        )


def run(
    target: Target, records: Records, *, policy: Policy | None = None, day: date = DAY, name: str = "run",
    complete: bool = True, approvals: Approvals = (),
) -> tuple[Plan, Applied]:  # fmt: skip
    """Plan and apply."""
    with tempfile.TemporaryDirectory() as folder:
        made = planned(target, records, Path(folder), policy=policy, day=day, complete=complete)
        return made, apply(made, target, stamp(name, made), approvals)
