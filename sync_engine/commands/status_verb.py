"""`sync status`: how a target stands, per tenant.

Called by the group. Changes nothing.
"""

from __future__ import annotations

import click

from oneroster_harness.terminal import echo_json, echo_text, json_option
from sync_engine.standing import Standing, standings
from sync_engine.targets.opening import open_target


@click.command(epilog="""
\b
Examples:
  oneroster sync status duckdb:///roster.duckdb
  oneroster sync status postgresql://app@db/roster --json -
""")  # fmt: skip
@click.argument("target")
@json_option
def status(target: str, json_target: str | None) -> None:
    """Tell how a target stands: last runs, what waits, how many rows are in which state."""
    goal = open_target(target)
    with goal.reading() as session:
        found = standings(session)
    told = [_text(one) for one in found] or ["no sync has written here"]
    echo_text("\n\n".join(told), json_target)
    echo_json({"target": goal.address, "tenants": [one.document() for one in found]}, json_target)


def _text(one: Standing) -> str:
    said = one.document()
    lines = [
        f"tenant {one.tenant}: {one.last.status}",
        f"  last run       {one.last.run} at {one.last.at}, from {one.last.source}",
        f"  last settled   {said['last_settled_at'] or 'never'}",
        f"  runs           {len(one.runs):,}, {100 * said['success_rate']:.0f} % applied",
    ]
    for entity, states in one.rows.items():
        counts = ", ".join(f"{rows:,} {state}" for state, rows in states.items())
        waits = f"; {said['held'][entity]:,} wait" if entity in said["held"] else ""
        aside = f"; {said['quarantined'][entity]:,} set aside" if entity in said["quarantined"] else ""
        lines.append(f"  {entity:<14} {counts}{waits}{aside}")
    if one.drifted:
        lines.append("  note           rows were changed by something other than a sync since the last run")
    if one.last.status != "applied":
        lines += [f"  note           {reason}" for reason in one.last.reasons]
    return "\n".join(lines)
