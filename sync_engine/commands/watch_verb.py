"""`sync watch`: many districts of a providers file, each by its own schedule, within one budget.

Called by the group. One district that fails stops no other; --yes never approves a hold.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sync_engine.commands.incremental_options import incremental_options
from sync_engine.commands.source_options import source_options
from sync_engine.commands.watching import watch_and_tell, watch_options
from sync_engine.watching.districts import all_districts
from sync_engine.watching.settings import read_settings


@click.command(epilog="""
\b
Examples:
  oneroster sync watch providers.toml postgresql://app@db/roster --yes --log json
  oneroster sync watch providers.toml duckdb:///roster.duckdb --yes --once --json -
""")  # fmt: skip
@click.argument("districts_file", metavar="PROVIDERS", type=click.Path(path_type=Path))
@click.argument("target")
@click.option("--yes", is_flag=True, help="Apply what is planned; never approves a hold; without it, runs only plan")
@click.option("--once", is_flag=True, help="Run every district once, now, and end")
@watch_options
@incremental_options
@source_options
def watch(districts_file: Path, target: str, yes: bool, once: bool, log_format: str, metrics_port: int | None, **options: Any) -> None:
    """Sync every district of a providers file by its schedule, several at a time, until it is stopped."""
    settings = read_settings(districts_file)
    found = all_districts(districts_file, options, settings, needs_schedule=not once)
    watch_and_tell(
        found, target, yes=yes, budget=settings.budget, log_format=log_format, metrics_port=metrics_port, json_target=options["json_target"],
        once=once,
    )  # fmt: skip
