"""Reading a source into a plan, and applying it: what `plan`, `run` and `apply` share.

Called by these verbs. A hold is never approved here by itself.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from oneroster_harness.problems import EXIT_HELD, CannotRun, UsageProblem
from oneroster_harness.terminal import progress
from sync_engine import plan as plans
from sync_engine.applying import apply as apply_plan
from sync_engine.approving import Approval
from sync_engine.commands.reporting import RunClock, finish
from sync_engine.difference import Counts
from sync_engine.holds import reasons
from sync_engine.incremental import Earlier, remember
from sync_engine.plan import Plan
from sync_engine.policy import Policy, load_policy
from sync_engine.reading import Source
from sync_engine.result import Result
from sync_engine.run_log import entries
from sync_engine.snapshot import Scratch
from sync_engine.sources.connection import Hooks
from sync_engine.sources.services import version_of
from sync_engine.targets.session import Target


def planned(source: Source, target: Target, folder: Path, options: dict[str, Any]) -> Plan:
    """Read the source whole and compare it with the target; the plan's rows lie in `folder`."""
    flags = {name: options[f"max_delete_{name}"] for name in ("percent", "count")} | {"floor": options["delete_floor"]}
    policy = load_policy(options["policy_file"], flags, options.get("audit_every"))
    day = options["as_of"] or datetime.now(UTC).date()
    with (
        tempfile.TemporaryDirectory(prefix="oneroster-snapshot-") as staging,
        Scratch(Path(staging)) as scratch,
        _progress_told(options.get("hooks")) as told,
    ):
        snapshot = source.read(
            scratch, lambda name: told(f"reading {name}"), lambda: _taken(target, options["tenant"]),
            _earlier(source, target, policy, day, options),
        )  # fmt: skip
        told("comparing")
        return plans.make(
            snapshot, target, source=f"{source.shown}#{snapshot.mark}" if snapshot.mark else source.shown, tenant=options["tenant"], policy=policy, day=day, folder=folder, owner=options.get("source_name") or "",
        )  # fmt: skip


@contextmanager
def _progress_told(hooks: Hooks | None) -> Iterator[Callable[[str], None]]:
    """Who hears how far the reading is: whoever runs, else the terminal."""
    if hooks is not None and hooks.told is not None:
        yield hooks.told
        return
    with progress() as bar:
        task = bar.add_task("reading", total=None)
        yield lambda text: bar.update(task, description=text)


def _earlier(source: Source, target: Target, policy: Policy, day: date, options: dict[str, Any]) -> Earlier | None:
    """What the target remembers of an API; None for a bundle, which says itself what it holds."""
    if source.endpoint is None:
        return None
    return remember(
        target, source.endpoint, version_of(source.endpoint), source=source.shown, tenant=options["tenant"], day=day,
        limits=policy.incremental, asked=bool(options.get("incremental")),
    )  # fmt: skip


def _taken(target: Target, tenant: str) -> list[str]:
    """Sources of the runs that left nothing waiting; what waits is read again."""
    if not target.is_there():
        return []
    with target.reading() as session:
        return [found.source for found in entries(session, tenant) if found.status == "applied"]


@contextmanager
def staging(out: Path | None) -> Iterator[Path]:
    """A folder for a plan's rows, on the disk of the plan file; gone after the run unless it was moved away."""
    try:
        folder = Path(tempfile.mkdtemp(prefix=".oneroster-plan-", dir=out.absolute().parent if out else None))
    except OSError as error:
        raise CannotRun(f"the plan cannot be written: {error.strerror}", where=str(out)) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def require_own(out: Path | None) -> None:
    """An older plan is replaced; any other file is left alone."""
    if out is not None and out.exists() and not plans.is_plan(out):
        raise UsageProblem("the file exists and is no plan", "a new name, or an older plan", str(out))


def applied(clock: RunClock, made: Plan, target: Target, approvals: Sequence[Approval] = ()) -> Result:
    """Apply a plan; the result says what came of it."""
    outcome = apply_plan(made, target, clock.stamp(made), [asdict(one) for one in approvals])
    waiting = tuple(reasons(made.holds, outcome.settled))
    changes = {**outcome.changes, **{name: Counts() for name in made.unread}}
    return clock.result(made, "held" if outcome.held else "applied", changes=changes, reasons=(*made.notes, *waiting))


def apply_and_finish(
    clock: RunClock, made: Plan, target: Target, approvals: Sequence[Approval], json_target: str | None
) -> None:
    """Apply a plan and tell what came of it; ends with exit code 4 while rows wait."""
    tell(applied(clock, made, target, approvals), json_target)


def tell(found: Result, json_target: str | None) -> None:
    """Tell what came of an apply; ends with exit code 4 while rows wait."""
    finish(found, json_target)
    if found.status == "held":
        click.echo(
            "rows wait: `oneroster sync plan ... -o plan.json`, look at it, then"
            " `oneroster sync apply plan.json --approve ENTITY|HOLD --by NAME --reason TEXT`", err=True,
        )  # fmt: skip
        click.get_current_context().exit(EXIT_HELD)
