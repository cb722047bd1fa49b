"""`oneroster check consumer`: its options, and what it prints.

Called by the check command's group.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import click

from conformance.consumer.adapter import CHANNELS, EXAMPLE, Adapter, channels_of, parse_adapter, read_adapter
from conformance.consumer.judge import DEFAULT_DAYS, DEFAULT_STUDENTS, Play, judge
from conformance.consumer.school import vendor_name
from conformance.report import Report
from oneroster_harness.problems import CannotRun, UsageProblem
from oneroster_harness.terminal import progress, vendor_option
from oneroster_standard.dialects import SHIPPED

EPILOG = """
\b
Examples:
  oneroster check consumer --example > adapter.toml && oneroster check consumer adapter.toml
  oneroster check consumer --run "python import.py" --landed csv:landed --channel api --vendor classlink --days 10
"""


def adapter_of(path: Path | None, run: str | None, landed: str | None, channels: tuple[str, ...]) -> Adapter:
    """The adapter of a file, or of --run and --landed."""
    if path is not None and (run or landed):
        raise UsageProblem("ADAPTER and --run or --landed exclude each other", "one of them")
    if path is not None:
        return read_adapter(path)
    if not landed or not (run or landed.startswith("python:")):
        raise UsageProblem(
            "no consumer was named", "ADAPTER, or --run COMMAND and --landed PLACE", try_="oneroster check consumer --example > adapter.toml"
        )
    commands = dict.fromkeys(channels or ("api",), run) if run else {}
    return parse_adapter({"name": "consumer", "landed": landed, "command": commands}, "--run, --landed")


def judged(
    adapter: Adapter, vendors: tuple[str, ...], channels: tuple[str, ...], days: int, students: int, seed: int, as_of: date,
    quirks: tuple[str, ...], faults: tuple[str, ...], has_hardships: bool, keep: Path | None,
) -> Report:  # fmt: skip
    """Play and judge; keep: the folder that stays."""
    play = Play(
        vendors or SHIPPED, channels_of(adapter, channels), days, students, seed, as_of, quirks, faults, has_hardships
    )
    for vendor in play.vendors:
        vendor_name(vendor)
    folder = _own(keep) if keep else Path(tempfile.mkdtemp(prefix="oneroster-consumer-"))
    try:
        with progress() as bar:
            task = bar.add_task("start", total=None)
            return judge(adapter, play, folder, lambda text: bar.update(task, description=text))
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)


def _own(keep: Path) -> Path:
    try:
        keep.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotRun(f"the folder cannot be made: {error.strerror}", where=str(keep)) from error
    if any(keep.iterdir()):
        raise UsageProblem("the folder is not empty", "a new folder for --keep", str(keep))
    return keep.resolve()


def options(function: Any) -> Any:
    """What `check consumer` takes beside what every check takes."""
    for option in (
        click.option("--keep", type=click.Path(path_type=Path, file_okay=False), help="Folder that keeps bundles, logs and landed rows"),
        click.option("--hardships/--no-hardships", default=True, show_default=True, help="Let reads fail on some days"),
        click.option("--fault", "faults", multiple=True, metavar="ID[@KEY=VALUE,...]", help="Fault of every day, repeatable"),
        click.option("--quirk", "quirks", multiple=True, metavar="[VENDOR:]ID", help="Quirk of every day, repeatable"),
        click.option("--students", type=click.IntRange(1), default=DEFAULT_STUDENTS, show_default=True, help="Students of the district"),
        click.option("--days", type=click.IntRange(0, 366), default=DEFAULT_DAYS, show_default=True, help="Days after the first one"),
        vendor_option(multiple=True),
        click.option("--channel", "channels", multiple=True, type=click.Choice(CHANNELS), help="Way of delivery, repeatable, default all"),
        click.option("--landed", metavar="PLACE", help="csv:FOLDER, a database URL or python:MODULE:FUNCTION"),
        click.option("--run", "run", metavar="COMMAND", help="The consumer's command, instead of ADAPTER"),
        click.option("--example", is_flag=True, help="Print an adapter that runs as it stands, and end"),
        click.argument("adapter", required=False, type=click.Path(path_type=Path)),
    ):
        function = option(function)
    return function


def print_example() -> None:
    """The shipped adapter on stdout."""
    sys.stdout.write(EXAMPLE.read_text("utf-8"))
