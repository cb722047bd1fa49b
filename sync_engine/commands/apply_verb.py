"""`sync apply`: applies a plan that was kept.

Called by the group. Refuses a target that changed since the plan; lets held rows through only by a person's approval.
"""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any

import click

from oneroster_harness.terminal import json_option
from sync_engine import approving
from sync_engine import plan as plans
from sync_engine.commands.planning import apply_and_finish
from sync_engine.commands.reporting import RunClock, reported
from sync_engine.targets.opening import open_target


@click.command(epilog="""
\b
Examples:
  oneroster sync apply plan.json
  oneroster sync apply plan.json --approve users --by "R. Meyer" --reason "school 12 closed" --expires 2h
""")  # fmt: skip
@click.argument("plan_file", metavar="PLAN", type=click.Path(path_type=Path))
@click.option("--approve", multiple=True, metavar="ENTITY|HOLD|all", help="Let held rows through, repeatable")
@click.option("--by", metavar="NAME", help="Who approves, default the user of this machine")
@click.option("--reason", metavar="TEXT", default="", help="Why; kept in the record of runs")
@click.option("--expires", metavar="SPAN", help="Also for later applies of this plan, so long: 30m, 2h, 1d")
@click.option("--target", "target_url", metavar="URL", help="The plan's database, written another way")
@json_option
def apply(plan_file: Path, approve: tuple[str, ...], target_url: str | None, json_target: str | None, **who: Any) -> None:
    """Apply a plan in one transaction; refused when the target changed since."""
    clock = RunClock("apply")
    with reported(clock, str(plan_file), target_url or "", json_target):
        expires = approving.span(who["expires"]) if who["expires"] else None
        made = plans.load(plan_file)
        clock.source, clock.target, clock.tenant = made.source, made.target, made.tenant
        clock.into = open_target(target_url or made.target)
        by = who["by"] or _user()
        given = approving.approvals(made, approve, by=by, reason=who["reason"], at=clock.at, expires=expires)
        approving.keep(plan_file, given)
        fresh = {one.hold for one in given}
        earlier = [one for one in approving.kept(plan_file, made, clock.at) if one.hold not in fresh]
        apply_and_finish(clock, made, clock.into, [*earlier, *given], json_target)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container's user may have no name.
        return "unknown"
