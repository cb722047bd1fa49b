"""`sync aliases`: keys that mean landed rows; taken over from a match report, listed, forgotten.

Called by the group. Changes which row a source's key means, and no row.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import click

from oneroster_harness.problems import CannotRun, UsageProblem
from oneroster_harness.terminal import echo_json, echo_text, json_option
from oneroster_standard.moments import format_instant
from sync_engine import aliases as kept
from sync_engine import matching
from sync_engine.aliases import Alias
from sync_engine.commands.reporting import RunClock
from sync_engine.run_log import Entry, append
from sync_engine.sql_text import quoted
from sync_engine.targets.opening import open_target
from sync_engine.targets.session import Session


@click.command(epilog="""
\b
Examples:
  oneroster sync aliases duckdb:///roster.duckdb
  oneroster sync aliases postgresql://app@db/roster --accept matches.csv --by "R. Meyer" --reason "new vendor"
""")  # fmt: skip
@click.argument("target")
@click.option("--accept", type=click.Path(path_type=Path), metavar="FILE", help="Take over the matches of a reviewed report")
@click.option("--forget", type=click.Path(path_type=Path), metavar="FILE", help="Take the matches of a report out again")
@click.option("--by", metavar="NAME", help="Who reviewed it; needed with --accept and --forget")
@click.option("--reason", metavar="TEXT", default="", help="Why; kept in the record of runs")
@click.option("--tenant", default="default", show_default=True, help="Whose rows these are in the target")
@json_option
def aliases(
    target: str, accept: Path | None, forget: Path | None, by: str | None, reason: str, tenant: str, json_target: str | None
) -> None:  # fmt: skip
    """List the keys that mean landed rows, or change them by a reviewed match report."""
    file = accept or forget
    if accept and forget:
        raise UsageProblem("--accept and --forget exclude each other", "one of them")
    if file and not by:
        raise UsageProblem("nobody stands for this report", "--by NAME")
    goal = open_target(target)
    if file:
        clock = RunClock("aliases")
        found = [replace(one, approved_by=by or "", at=format_instant(clock.at)) for one in matching.accepted(file)]
        with goal.writing() as session:
            kept.create(session)
            if accept:
                _require_rows(session, tenant, found)
                kept.add(session, tenant, found)
            else:
                kept.forget(session, tenant, found)
            said = {"what": "accept" if accept else "forget", "by": by, "reason": reason, "rows": len(found)}
            append(session, Entry(clock.run, "aliases", format_instant(clock.at), tenant, "applied", str(file), approvals=[said]))
    with goal.reading() as session:
        listed = kept.listed(session, tenant)
    counts = Counter(one.entity for one in listed)
    told = [f"{entity:<18} {number:,}" for entity, number in sorted(counts.items())]
    echo_text("\n".join(told) or "no alias is kept", json_target)
    rows = [{"entity": one.entity, "alias": one.alias, "sourcedId": one.sourced_id, "matched_by": one.matched_by,
             "by": one.approved_by, "at": one.at} for one in listed]  # fmt: skip
    echo_json({"target": goal.address, "tenant": tenant, "aliases": rows}, json_target)


def _require_rows(session: Session, tenant: str, found: list[Alias]) -> None:
    """An alias of a row that is not there would make the next landing of it a new row under a strange key."""
    for entity in sorted({one.entity for one in found}):
        wanted = {one.sourced_id for one in found if one.entity == entity}
        there = (
            {str(row[0]) for row in session.query(f'SELECT "sourcedId" FROM {quoted(entity)} WHERE "tenant" = ?', (tenant,))}
            if session.columns(entity) else set()
        )  # fmt: skip
        if lacking := wanted - there:
            raise CannotRun(
                f"{len(lacking):,} rows of {entity} that the report names have not landed", "keys of landed rows",
                f"{entity}, tenant {tenant}", "match again against this target", "sync.alias-without-row",
            )  # fmt: skip
