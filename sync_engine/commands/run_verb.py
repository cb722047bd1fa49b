"""`sync run`: plans and applies in one go.

Called by the group. Asks on a terminal unless --yes was given; --yes never approves a hold.
"""

from __future__ import annotations

import sys
from typing import Any

import click

from sync_engine.commands.planning import apply_and_finish, planned, staging
from sync_engine.commands.reporting import RunClock, finish, reported
from sync_engine.commands.source_options import opened, source_options
from sync_engine.result import Result
from sync_engine.targets.opening import open_target


@click.command(epilog="""
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
    clock = RunClock("run")
    with reported(clock, source, target, json_target):
        clock.tenant, clock.into = options["tenant"], open_target(target) if yes or is_terminal() else None
        found, goal = opened(source, target, options)
        with staging(None) as folder:
            made = planned(found, goal, folder, options)
            if not (yes or agreed(clock.result(made, "planned"))):
                finish(clock.result(made, "planned"), json_target)
                return
            apply_and_finish(clock, made, goal, (), json_target)


def is_terminal() -> bool:
    """Whether somebody is there to ask."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def agreed(found: Result) -> bool:
    """Show what would change and ask; False where nobody is there."""
    if not is_terminal():
        return False
    click.echo(found.text(), err=True)
    return click.confirm("apply this plan?", err=True)
