"""`sync status`: how a target stands, per tenant.

Called by the group. Changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from oneroster_harness.problems import CannotRun, UsageProblem
from oneroster_harness.terminal import echo_json, echo_text, json_option
from sync_engine.commands import watching
from sync_engine.monitoring import metrics
from sync_engine.monitoring.measures import Measures
from sync_engine.monitoring.page import page, span
from sync_engine.standing import Standing, standings
from sync_engine.targets.opening import open_target
from sync_engine.watching.settings import read_settings


@click.command(epilog="""
\b
Examples:
  oneroster sync status duckdb:///roster.duckdb
  oneroster sync status postgresql://app@db/roster --json -
""")  # fmt: skip
@click.argument("target")
@click.option("--policy", "policy_file", type=click.Path(path_type=Path), metavar="FILE", help="Policy or providers file whose [watch] says what is late")
@click.option("--metrics", "metrics_target", metavar="[FILE]", is_flag=False, flag_value="-", help="Print Prometheus metrics, or write them as a textfile")
@click.option("--html", "html_file", type=click.Path(path_type=Path), metavar="FILE", help="Write a page with charts, one file")
@json_option
def status(target: str, policy_file: Path | None, metrics_target: str | None, html_file: Path | None, json_target: str | None) -> None:
    """Tell how a target stands: last runs, freshness, what waits, how many rows are in which state."""
    if metrics_target is not None and ("://" in metrics_target or metrics_target == json_target):
        raise UsageProblem(f"--metrics cannot go to {metrics_target!r}", "a file, or nothing after it for stdout", "--metrics", "write TARGET first")
    goal = open_target(target)
    expected = read_settings(policy_file).expectations
    now = watching.clock_of_watches().now()
    with goal.reading() as session:
        found = standings(session, now, expected)
    if html_file is not None:
        _write(html_file, page(found, goal.address, now))
    if metrics_target == "-":
        click.echo(metrics.text(metrics.collected(found)), nl=False)
        echo_json(_document(goal.address, found), json_target)
        return
    if metrics_target is not None:
        metrics.write(metrics.collected(found), Path(metrics_target))
    told = [_text(one) for one in found] or ["no sync has written here"]
    echo_text("\n\n".join(told), json_target)
    echo_json(_document(goal.address, found), json_target)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CannotRun(f"the page cannot be written: {error.strerror}", "a folder that may be written", str(path)) from error


def _document(target: str, found: Sequence[Standing]) -> dict[str, Any]:
    return {"target": target, "tenants": [one.document() for one in found]}


def _measured(found: Measures) -> list[str]:
    lines: list[str] = []
    if found.age is not None:
        lines.append(f"  freshness      {span(found.age)} old")
    if found.source_modified:
        lines.append(f"  source says    its newest change is of {found.source_modified}")
    if found.success_rate is not None and len(found.recent) < len(found.runs):
        lines.append(f"  last 30 days   {len(found.recent):,} runs, {100 * found.success_rate:.0f} % applied")
    if found.silent_since is not None and found.news_at is not None:
        lines.append(f"  silent         nothing new for {span(found.now - found.news_at)}, longer than its habit")
    if found.credential is not None and found.rotate_by is not None:
        due = "rotate it now" if found.rotate_by <= found.now else f"rotate by {found.rotate_by:%Y-%m-%d}"
        place = ", the second one serves" if found.credential.place == "second" else ""
        lines.append(f"  credential     seen for {span(found.now - found.credential.seen_since)}, {due}{place}")
    return lines


def _text(one: Standing) -> str:
    said = one.document()
    lines = [
        f"tenant {one.tenant}: {one.last.status}",
        f"  last run       {one.last.run} at {one.last.at}, from {one.last.source}",
        f"  last settled   {said['last_settled_at'] or 'never'}",
        f"  runs           {len(one.runs):,}, {100 * said['success_rate']:.0f} % applied",
        *_measured(one.measures),
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
