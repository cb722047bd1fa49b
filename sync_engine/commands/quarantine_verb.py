"""`sync quarantine`: rows of a source that were set aside, and why.

Called by the group. Changes nothing.
"""

from __future__ import annotations

from dataclasses import asdict

import click

from oneroster_harness.terminal import echo_json, echo_text, json_option
from sync_engine.quarantine import Aside, listed
from sync_engine.targets.opening import open_target

SHOWN = 50


@click.command(epilog="""
\b
Examples:
  oneroster sync quarantine duckdb:///roster.duckdb
  oneroster sync quarantine postgresql://app@db/roster --tenant north --json -
""")  # fmt: skip
@click.argument("target")
@click.option("--tenant", default="default", show_default=True, help="Whose rows these are in the target")
@json_option
def quarantine(target: str, tenant: str, json_target: str | None) -> None:
    """List rows that were set aside: their key, why, since when and where; their last good version stays landed."""
    goal = open_target(target)
    with goal.reading() as session:
        found = listed(session, tenant)
    lines = [_line(one) for one in found[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(f"{len(found) - SHOWN:,} more; --json - tells all")
    echo_text("\n".join(lines) or "nothing is set aside", json_target)
    echo_json({"target": goal.address, "tenant": tenant, "quarantined": [asdict(one) for one in found]}, json_target)


def _line(one: Aside) -> str:
    columns = f" ({one.columns})" if one.columns else ""
    return f"{one.entity}: {one.key or 'no key'}, {one.reason}{columns}, {one.rows:,} rows, since {one.since}, {one.place}"
