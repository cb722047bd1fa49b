"""`sync audit`: whether the record of runs is whole and unchanged.

Called by the group. Changes nothing; exit code 1 when the record does not hold.
"""

from __future__ import annotations

import click

from oneroster_harness.problems import EXIT_FINDINGS
from oneroster_harness.terminal import echo_json, echo_text, json_option
from sync_engine.audit import audit as audited
from sync_engine.targets.opening import open_target


@click.command(epilog="""
\b
Examples:
  oneroster sync audit duckdb:///roster.duckdb
  oneroster sync audit postgresql://app@db/roster --known 9f2c41 --json -
""")  # fmt: skip
@click.argument("target")
@click.option("--known", metavar="HASH", default="", help="A head noted earlier, or its first 6 letters or more")
@json_option
def audit(target: str, known: str, json_target: str | None) -> None:
    """Verify the chain of runs from the first; names the first link that is broken."""
    goal = open_target(target)
    with goal.reading() as session:
        found = audited(session, known)
    echo_text(found.text(), json_target)
    echo_json({"target": goal.address, **found.document()}, json_target)
    if found.broken:
        click.get_current_context().exit(EXIT_FINDINGS)
