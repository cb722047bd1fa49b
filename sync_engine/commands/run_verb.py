"""`sync run`: plans and applies in one go.

Called by the group. Asks on a terminal unless --yes was given; --yes never approves a hold.
"""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import click

from oneroster_harness.problems import CannotRun, UsageProblem
from sync_engine.commands.incremental_options import incremental_options
from sync_engine.commands.planning import applied, planned, staging, tell
from sync_engine.commands.reporting import RunClock, finish, reported
from sync_engine.commands.source_options import opened, source_options
from sync_engine.commands.watching import watch_and_tell, watch_options
from sync_engine.monitoring.credentials import Served
from sync_engine.result import Result
from sync_engine.sources.connection import Hooks
from sync_engine.targets.claims import claimed
from sync_engine.targets.opening import open_target
from sync_engine.watching.districts import one_district
from sync_engine.watching.schedule import zone_of
from sync_engine.watching.settings import read_settings


@click.command(epilog="""
\b
Examples:
  oneroster sync run district.zip duckdb:///roster.duckdb --yes
  oneroster sync run my-district postgresql://app@db/roster --vendor powerschool --yes --json -
""")  # fmt: skip
@click.argument("source")
@click.argument("target")
@click.option("--yes", is_flag=True, help="Apply without asking; never approves a hold")
@click.option("--watch", "schedule", metavar="SCHEDULE", help="Go on by a schedule: daily@02:30, weekly@sun 02:00, every 15m, a cron line")
@click.option("--timezone", metavar="NAME", help="Time zone of the schedule, default the policy's, else UTC")
@watch_options
@incremental_options
@source_options
def run(
    source: str, target: str, yes: bool, schedule: str | None, timezone: str | None, log_format: str, metrics_port: int | None, **options: Any
) -> None:  # fmt: skip
    """Plan and apply in one go. Without --yes it asks on a terminal, and elsewhere only plans."""
    if schedule is not None:
        _watch(source, target, schedule, timezone, options, yes=yes, log_format=log_format, metrics_port=metrics_port)
        return
    for name, given in (("--timezone", timezone), ("--metrics-port", metrics_port)):
        if given is not None:
            raise UsageProblem(f"{name} belongs to a watch", "--watch SCHEDULE beside it")
    json_target = options["json_target"]
    clock = RunClock("run")
    with reported(clock, source, target, json_target):
        clock.tenant, clock.into = options["tenant"], open_target(target) if yes or is_terminal() else None
        served = Served()
        found, goal = opened(source, target, {**options, "hooks": Hooks(served=served.hear)})
        with claimed(goal, clock.tenant) if clock.into else nullcontext(), staging(None) as folder:
            made = planned(found, goal, folder, options)
            if not (yes or agreed(clock.result(made, "planned"))):
                finish(clock.result(made, "planned"), json_target)
                return
            outcome = applied(clock, made, goal)
            served.keep(goal, clock.tenant, found.credentials(), clock.at)
            tell(outcome, json_target)


def _watch(
    source: str, target: str, schedule: str, timezone: str | None, options: dict[str, Any], *, yes: bool, log_format: str,
    metrics_port: int | None,
) -> None:  # fmt: skip
    settings = read_settings(options["policy_file"])
    if timezone is not None:
        settings = replace(settings, zone=zone_of(timezone, "--timezone"))
    try:
        opened(source, target, options)
    except CannotRun as problem:
        # A provider that does not answer now is tried again; what is typed wrong is told at once.
        if problem.id != "sync.no-token-endpoint":
            raise
    found = one_district(source, options, settings, schedule)
    watch_and_tell(
        [found], target, yes=yes, budget=settings.budget, log_format=log_format, metrics_port=metrics_port, json_target=options["json_target"]
    )


def is_terminal() -> bool:
    """Whether somebody is there to ask."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def agreed(found: Result) -> bool:
    """Show what would change and ask; False where nobody is there."""
    if not is_terminal():
        return False
    click.echo(found.text(), err=True)
    return click.confirm("apply this plan?", err=True)
