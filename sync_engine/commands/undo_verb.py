"""`sync undo`: takes back a run, as a plan of its own.

Called by the group. Shows what would change; applies it with --yes, or when a person says so on a terminal.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

import click

from oneroster_harness.terminal import IsoDate, json_option
from sync_engine import plan as plans
from sync_engine import undoing
from sync_engine.commands.planning import apply_and_finish, require_own, staging
from sync_engine.commands.reporting import RunClock, finish, reported
from sync_engine.commands.run_verb import agreed, is_terminal
from sync_engine.snapshot import Scratch
from sync_engine.targets.opening import open_target


@click.command(epilog="""
\b
Examples:
  oneroster sync undo duckdb:///roster.duckdb
  oneroster sync undo postgresql://app@db/roster --run 20261001T060000-1a2b3c4d --yes
""")  # fmt: skip
@click.argument("target")
@click.option("--run", "run_id", metavar="ID", help="The run to take back, default the last that changed rows")
@click.option("--yes", is_flag=True, help="Apply without asking")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Keep the plan here for `sync apply`")
@click.option("--tenant", default="default", show_default=True, help="Whose run")
@click.option("--as-of", type=IsoDate(), metavar="DATE", help="Day of the undo in the record, default today")
@json_option
def undo(
    target: str, run_id: str | None, yes: bool, out: Path | None, tenant: str, as_of: date | None, json_target: str | None
) -> None:  # fmt: skip
    """Give every row of a run the content that it had before; refused when rows changed since."""
    clock = RunClock("undo")
    with reported(clock, f"undo of {run_id or 'the last run'}", target, json_target):
        goal = open_target(target)
        clock.tenant, clock.into = tenant, goal if yes or is_terminal() else None
        require_own(out)
        with staging(out) as folder:
            with tempfile.TemporaryDirectory(prefix="oneroster-undo-") as rows, Scratch(Path(rows)) as scratch:
                day = as_of or datetime.now(UTC).date()
                made = undoing.make(goal, tenant=tenant, run=run_id, day=day, scratch=scratch, folder=folder)
            if out:
                plans.keep(made, out)
            if out or not (yes or agreed(clock.result(made, "planned"))):
                finish(clock.result(made, "planned"), json_target)
                return
            apply_and_finish(clock, made, goal, (), json_target)
