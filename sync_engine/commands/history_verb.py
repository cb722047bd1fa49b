"""`sync history`: the runs of a target.

Called by the group. Changes nothing.
"""

from __future__ import annotations

import click

from oneroster_harness.terminal import echo_json, echo_text, json_option
from sync_engine.run_log import Entry, entries
from sync_engine.targets.opening import open_target


@click.command(epilog="""
\b
Examples:
  oneroster sync history duckdb:///roster.duckdb --last 5
  oneroster sync history postgresql://app@db/roster --tenant north --json -
""")  # fmt: skip
@click.argument("target")
@click.option("--tenant", metavar="NAME", help="Only this tenant's runs, default all")
@click.option("--last", type=click.IntRange(min=1), metavar="N", help="Only the last N runs, default all")
@json_option
def history(target: str, tenant: str | None, last: int | None, json_target: str | None) -> None:
    """List every run of a target, newest last: what it changed, held, refused, and why."""
    goal = open_target(target)
    with goal.reading() as session:
        found = entries(session, tenant)
    found = found[-last:] if last else found
    echo_text("\n".join(map(_line, found)) or "no sync has written here", json_target)
    echo_json({"target": goal.address, "runs": [one.document() for one in found]}, json_target)


def _line(one: Entry) -> str:
    kinds = ("create", "update", "delete", "held", "quarantined")
    totals = {kind: sum(found.get(kind, 0) for found in one.changes.values()) for kind in kinds}
    counts = ", ".join(f"{number:,} {kind}" for kind, number in totals.items() if number) or "no change"
    undoes = f" (takes back {one.undoes})" if one.undoes else ""
    reasons = [f"      {reason}" for reason in one.reasons if one.status != "applied"]
    head = f"{one.number:>4}  {one.at}  {one.status:<8} {one.tenant}  {one.run}  {one.verb}: {counts}{undoes}"
    return "\n".join([head, *reasons])
