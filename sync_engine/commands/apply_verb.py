"""`sync apply`: applies a plan that was kept.

Called by the group. Refuses a target that changed since the plan.
"""

from __future__ import annotations

from pathlib import Path

import click

from oneroster_harness.terminal import json_option
from sync_engine import plan as plans
from sync_engine.commands.planning import apply_and_finish
from sync_engine.commands.reporting import RunClock, reported
from sync_engine.targets.opening import open_target


@click.command(epilog="""
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
    clock = RunClock("apply")
    with reported(clock, str(plan_file), target_url or "", json_target):
        made = plans.load(plan_file)
        clock.source, clock.target, clock.tenant = made.source, made.target, made.tenant
        clock.into = open_target(target_url or made.target)
        apply_and_finish(clock, made, clock.into, approve, json_target)
