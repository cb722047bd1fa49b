"""`oneroster sync`: plan, apply, run.

Called by the front door. Whatever changes data shows its plan first; a hold is never approved by --yes.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from oneroster_harness.problems import EXIT_HELD, CannotRun, Problem, UsageProblem
from oneroster_harness.providers import redact
from oneroster_harness.terminal import (
    auth_options,
    echo_json,
    echo_text,
    json_option,
    progress,
    spec_option,
    vendor_option,
)
from oneroster_standard.moments import format_instant
from sync_engine import plan as plans
from sync_engine.applying import StalePlan
from sync_engine.applying import apply as apply_plan
from sync_engine.difference import Counts
from sync_engine.guard import DeleteGuard
from sync_engine.plan import Plan
from sync_engine.reading import Source, SourceOptions, open_source
from sync_engine.result import Result
from sync_engine.snapshot import Scratch
from sync_engine.sources.connection import CONNECTIONS, Patience
from sync_engine.targets.opening import open_target, shown
from sync_engine.targets.session import Target

_GUARD = DeleteGuard()
_PATIENCE = Patience()


def source_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say how a source is read and guarded; both `plan` and `run` take them."""
    for option in (
        json_option,
        click.option("--connections", type=click.IntRange(1, 16), default=CONNECTIONS, show_default=True,
                     help="Pages of an API fetched at once"),
        click.option("--tries", type=click.IntRange(min=1), default=_PATIENCE.tries, show_default=True,
                     help="Tries per request of an API"),
        click.option("--retry-wait", type=click.FloatRange(min=0), default=_PATIENCE.first_wait_s,
                     show_default=True, help="Seconds before the second try; doubles each time"),
        click.option("--delete-floor", type=click.IntRange(min=0), default=_GUARD.floor, show_default=True,
                     help="So many absent rows of an entity are never held for their number"),
        click.option("--max-delete-count", type=click.IntRange(min=0), default=_GUARD.count,
                     help="Hold an entity's removals above this many rows, default no such limit"),
        click.option("--max-delete-percent", type=click.FloatRange(0, 100), default=_GUARD.percent,
                     show_default=True, help="Hold an entity's removals above this share of its present rows"),
        click.option("--tenant", default="default", show_default=True, help="Whose rows these are in the target"),
        vendor_option(),
        spec_option,
        auth_options,
    ):  # fmt: skip
        function = option(function)
    return function


@click.group(epilog="""
\b
Examples:
  oneroster sync run district.zip duckdb:///roster.duckdb --yes
  oneroster sync plan https://sis.example.org/ims/oneroster/v1p1 postgresql://app@db/roster -o plan.json
""")  # fmt: skip
def sync() -> None:
    """Land a provider's or a bundle's roster in a database, planned first and applied whole."""


@sync.command(epilog="""
\b
Examples:
  oneroster sync plan district.zip duckdb:///roster.duckdb -o plan.json
  oneroster sync plan my-district postgresql://app@db/roster --max-delete-percent 2 --json -
""")  # fmt: skip
@click.argument("source")
@click.argument("target")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    help="Keep the plan here, its rows beside it; default only shows it",
)
@source_options
def plan(source: str, target: str, out: Path | None, **options: Any) -> None:
    """Show what a sync would change, and keep it as a plan with -o. Changes nothing."""
    json_target = options["json_target"]
    clock = _Clock()
    with _reported(clock, source, target, json_target):
        opened, goal = _opened(source, target, options)
        _require_own(out)
        with _staging(out) as folder:
            made = _planned(opened, goal, folder, options)
            if out:
                plans.keep(made, out)
            _finish(clock.result(made, "planned"), json_target)


@sync.command(epilog="""
\b
Examples:
  oneroster sync apply plan.json
  oneroster sync apply plan.json --approve users --approve enrollments --json result.json
""")  # fmt: skip
@click.argument("plan_file", metavar="PLAN", type=click.Path(path_type=Path))
@click.option(
    "--approve",
    multiple=True,
    metavar="ENTITY|all",
    help="Let the held removals of an entity through, repeatable",
)
@click.option("--target", "target_url", metavar="URL", help="The plan's database, written another way")
@json_option
def apply(plan_file: Path, approve: tuple[str, ...], target_url: str | None, json_target: str | None) -> None:
    """Apply a plan in one transaction; refused when the target changed since."""
    clock = _Clock()
    with _reported(clock, str(plan_file), target_url or "", json_target):
        made = plans.load(plan_file)
        clock.source, clock.target = made.source, made.target
        _apply(clock, made, open_target(target_url or made.target), approve, json_target)


@sync.command(epilog="""
\b
Examples:
  oneroster sync run district.zip duckdb:///roster.duckdb --yes
  oneroster sync run my-district postgresql://app@db/roster --vendor powerschool --yes --json -
""")  # fmt: skip
@click.argument("source")
@click.argument("target")
@click.option("--yes", is_flag=True, help="Apply without asking; never approves a hold")
@source_options
def run(source: str, target: str, yes: bool, **options: Any) -> None:
    """Plan and apply in one go. Without --yes it asks on a terminal, and elsewhere only plans."""
    json_target = options["json_target"]
    clock = _Clock()
    with _reported(clock, source, target, json_target):
        opened, goal = _opened(source, target, options)
        with _staging(None) as folder:
            made = _planned(opened, goal, folder, options)
            if not (yes or _agreed(clock.result(made, "planned"))):
                _finish(clock.result(made, "planned"), json_target)
                return
            _apply(clock, made, goal, (), json_target)


class _Clock:
    """The run's id and its time; logs may know the hour, data never does."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)
        self.run = f"{self.at:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
        self.source = self.target = ""
        self._started = time.monotonic()

    def result(self, made: Plan, status: str, **changed: Any) -> Result:
        """The result of a plan as it stands."""
        parts: dict[str, Any] = {
            "complete": {name: found.complete for name, found in made.entities.items()}
            | dict.fromkeys(made.unread, False),
            "changes": {name: found.counts for name, found in made.entities.items()}
            | {name: Counts() for name in made.unread}, "reasons": made.reasons,
        }  # fmt: skip
        return Result(
            self.run, made.source, made.target, status, rows=made.rows, requests=made.requests,
            elapsed_s=time.monotonic() - self._started, **(parts | changed),
        )  # fmt: skip

    def ended(self, status: str, reason: str) -> Result:
        """The result of a run that changed nothing because of a problem."""
        return Result(
            self.run, self.source, self.target, status, {}, {}, (reason,),
            elapsed_s=time.monotonic() - self._started,
        )  # fmt: skip


@contextmanager
def _reported(clock: _Clock, source: str, target: str, json_target: str | None) -> Iterator[None]:
    """Give the machine form also to a run that ends with a problem."""
    clock.source = redact(source) if "://" in source else source
    clock.target = shown(target) if target else ""
    try:
        yield
    except UsageProblem:
        raise
    except Problem as problem:
        status = "refused" if isinstance(problem, StalePlan) else "failed"
        reason = "; ".join(part for part in (problem.met, problem.where, problem.try_) if part)
        echo_json(clock.ended(status, reason).document(), json_target)
        raise


def _opened(source: str, target: str, options: dict[str, Any]) -> tuple[Source, Target]:
    patience = Patience(tries=options["tries"], first_wait_s=options["retry_wait"])
    asked = SourceOptions(
        options["auth"], options["token_url"], options["providers_file"], options["spec"], options["vendor"], patience,
        options["connections"],
    )  # fmt: skip
    goal = open_target(target)
    return open_source(source, asked, os.environ), goal


def _planned(source: Source, target: Target, folder: Path, options: dict[str, Any]) -> Plan:
    guard = DeleteGuard(options["max_delete_percent"], options["max_delete_count"], options["delete_floor"])
    with (
        tempfile.TemporaryDirectory(prefix="oneroster-snapshot-") as staging,
        Scratch(Path(staging)) as scratch,
        progress() as bar,
    ):
        task = bar.add_task("reading", total=None)
        snapshot = source.read(scratch, lambda name: bar.update(task, description=f"reading {name}"))
        bar.update(task, description="comparing")
        return plans.make(
            snapshot, target, source=source.shown, tenant=options["tenant"], guard=guard, folder=folder
        )  # fmt: skip


@contextmanager
def _staging(out: Path | None) -> Iterator[Path]:
    """A folder for a plan's rows, on the disk of the plan file; gone after the run unless it was moved away."""
    try:
        folder = Path(tempfile.mkdtemp(prefix=".oneroster-plan-", dir=out.absolute().parent if out else None))
    except OSError as error:
        raise CannotRun(f"the plan cannot be written: {error.strerror}", where=str(out)) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _require_own(out: Path | None) -> None:
    """An older plan is replaced; any other file is left alone."""
    if out is not None and out.exists() and not plans.is_plan(out):
        raise UsageProblem("the file exists and is no plan", "a new name, or an older plan", str(out))


def _agreed(found: Result) -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    click.echo(found.text(), err=True)
    return click.confirm("apply this plan?", err=True)


def _apply(
    clock: _Clock, made: Plan, target: Target, approve: tuple[str, ...], json_target: str | None
) -> None:
    outcome = apply_plan(made, target, run=clock.run, approve=approve, applied_at=format_instant(clock.at))
    status = "held" if outcome.held else "applied"
    settled = {found.hold_reason for name, found in made.entities.items() if not outcome.changes[name].held}
    reasons = tuple(reason for reason in made.reasons if reason not in settled)
    changes = {**outcome.changes, **{name: Counts() for name in made.unread}}
    _finish(clock.result(made, status, changes=changes, reasons=reasons), json_target)
    if outcome.held:
        click.echo(
            "removals wait: `oneroster sync plan ... -o plan.json`, look at it, then"
            " `oneroster sync apply plan.json --approve ENTITY`", err=True,
        )  # fmt: skip
        click.get_current_context().exit(EXIT_HELD)


def _finish(found: Result, json_target: str | None) -> None:
    echo_text(found.text(), json_target)
    echo_json(found.document(), json_target)
