"""`sync accounts`: who of a target may sign in, and the files that tell an application so.

Called by the group. Changes no landed row.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import click

from oneroster_harness.problems import EXIT_FINDINGS, EXIT_HELD
from oneroster_harness.terminal import IsoDate, echo_json, echo_text, json_option
from oneroster_standard.moments import format_instant
from sync_engine.accounts.exports import asked
from sync_engine.accounts.run import Order, look
from sync_engine.targets.opening import open_target

_FILE = click.Path(path_type=Path)


@click.command(epilog="""
\b
Examples:
  oneroster sync accounts duckdb:///roster.duckdb --export scim:accounts.json --export csv:accounts.csv
  oneroster sync accounts postgresql://app@db/roster --roles roles.toml --answer answer.json --json -
""")  # fmt: skip
@click.argument("target")
@click.option("--tenant", default="default", show_default=True, help="Whose people these are in the target")
@click.option(
    "--roles", "rules", type=_FILE, metavar="FILE.toml", help="Rules of roles and identity providers"
)
@click.option(
    "--export", "exports", multiple=True, metavar="scim:PATH|csv:PATH", help="Write the accounts, repeatable"
)
@click.option("--answer", type=_FILE, metavar="FILE.json", help="Take in a SCIM service's bulk response")
@click.option(
    "--bulk-limit", type=click.IntRange(min=1), help="Operations per SCIM request, default all in one"
)
@click.option("--as-of", type=IsoDate(), help="Day on which a role counts, default today")
@click.option("--force", is_flag=True, help="Replace files that are there")
@json_option
def accounts(
    target: str, tenant: str, rules: Path | None, exports: tuple[str, ...], answer: Path | None, bulk_limit: int | None,
    as_of: date | None, force: bool, json_target: str | None,
) -> None:  # fmt: skip
    """Decide who may sign in, as what and through which identity provider; export as SCIM or CSV."""
    now = datetime.now(UTC)
    # Who may sign in depends on today, as authentication does; data never depends on the clock.
    today = (as_of or now.date()).isoformat()
    order = Order(tenant, rules, asked(exports, force=force), answer, bulk_limit, today, format_instant(now))
    found = look(open_target(target), order)
    echo_text(found.text(), json_target)
    echo_json(found.document(), json_target)
    if found.waiting:
        click.get_current_context().exit(EXIT_HELD)
    if found.passwords:
        click.get_current_context().exit(EXIT_FINDINGS)
