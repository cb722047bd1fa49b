"""`sync courses`: aligns a target's courses with a platform's catalogue.

Called by the group. Changes no landed row; a mapping that is kept changes only by a person's decision.
"""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path

import click

from oneroster_harness.problems import EXIT_HELD
from oneroster_harness.terminal import echo_json, echo_text, json_option
from oneroster_standard.moments import format_instant
from sync_engine.courses import review as reviews
from sync_engine.courses.run import Order, align
from sync_engine.targets.opening import open_target

_FILE = click.Path(path_type=Path)


@click.command(epilog="""
\b
Examples:
  oneroster sync courses duckdb:///roster.duckdb --catalogue catalogue.csv --review review.csv
  oneroster sync courses duckdb:///roster.duckdb --catalogue catalogue.csv --accept review.csv --by "A. Reviewer"
""")  # fmt: skip
@click.argument("target")
@click.option("--catalogue", type=_FILE, help="The platform's courses: .csv or .toml with code, title and aliases")
@click.option("--mappings", type=_FILE, help="Mappings decided elsewhere: .csv with code and target")
@click.option("--tenant", default="default", show_default=True, help="Whose courses these are in the target")
@click.option("--review", type=_FILE, metavar="OUT.csv", help="Write what a person must decide")
@click.option("--accept", type=_FILE, metavar="REVIEW.csv", help="Take the decisions of a review file")
@click.option("--by", "who", metavar="NAME", help="Who decided, default the login name")
@click.option("--dry-run", is_flag=True, help="Show only; keep nothing")
@json_option
def courses(
    target: str, catalogue: Path | None, mappings: Path | None, tenant: str, review: Path | None, accept: Path | None,
    who: str | None, dry_run: bool, json_target: str | None,
) -> None:  # fmt: skip
    """Map courses to a catalogue: equal codes at once, resemblances by review, the rest as custom courses."""
    at = format_instant(datetime.now(UTC))
    order = Order(tenant, catalogue, mappings, accept, who or _login(), at, dry_run)
    found = align(open_target(target), order)
    if review is not None:
        reviews.write(review, found.asked)
    echo_text(found.text(), json_target)
    echo_json(found.document(), json_target)
    if found.asked or found.stale:
        click.get_current_context().exit(EXIT_HELD)


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        # A container may run as a number that has no name.
        return "unknown"
