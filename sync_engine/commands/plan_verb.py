"""`sync plan`: shows what a sync would change, and keeps it.

Called by the group. Changes nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sync_engine import plan as plans
from sync_engine.commands.incremental_options import incremental_options
from sync_engine.commands.planning import planned, require_own, staging
from sync_engine.commands.reporting import RunClock, finish, reported
from sync_engine.commands.source_options import opened, source_options


@click.command(epilog="""
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
@incremental_options
@source_options
def plan(source: str, target: str, out: Path | None, **options: Any) -> None:
    """Show what a sync would change, and keep it as a plan with -o. Changes nothing."""
    json_target = options["json_target"]
    clock = RunClock()
    with reported(clock, source, target, json_target):
        found, goal = opened(source, target, options)
        require_own(out)
        with staging(out) as folder:
            made = planned(found, goal, folder, options)
            if out:
                plans.keep(made, out)
            finish(clock.result(made, "planned"), json_target)
