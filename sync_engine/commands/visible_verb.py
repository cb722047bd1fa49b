"""`sync visible`: what a user of a target may see, and views and policies that hold an application to it.

Called by the group. Changes no landed row.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import click

from oneroster_harness.problems import UsageProblem
from oneroster_harness.terminal import IsoDate, echo_json, echo_text, json_option
from sync_engine.targets.opening import open_target
from sync_engine.visibility.installation import install
from sync_engine.visibility.question import ask


@click.command(epilog="""
\b
Examples:
  oneroster sync visible duckdb:///roster.duckdb --user tch-00001
  oneroster sync visible postgresql://owner@db/roster --install --policies --role app
""")  # fmt: skip
@click.argument("target")
@click.option("--user", metavar="ID", help="The sourcedId of the user who looks")
@click.option("--tenant", default="default", show_default=True, help="Whose people these are in the target")
@click.option("--as-of", type=IsoDate(), help="Day on which terms, roles and enrollments count, default today")
@click.option("--install", "is_install", is_flag=True, help="Make the views visible_orgs, _classes, _users, _enrollments")
@click.option("--policies", is_flag=True, help="With --install on PostgreSQL: enforce them by row-level policies")
@click.option("--role", metavar="NAME", help="With --policies: the database role that may read the tables under them")
@json_option
def visible(
    target: str, user: str | None, tenant: str, as_of: date | None, is_install: bool, policies: bool, role: str | None,
    json_target: str | None,
) -> None:  # fmt: skip
    """Tell what a user may see: organisations, classes, people, enrollments."""
    if user is None and not is_install:
        raise UsageProblem("nobody was named", "--user ID, or --install", "sync visible")
    if policies and not is_install or role and not policies:
        raise UsageProblem("this does nothing alone", "--install --policies [--role NAME]", "sync visible")
    goal = open_target(target)
    document: dict[str, object] = {"target": goal.address}
    if is_install:
        made = install(goal, policies=policies, role=role)
        echo_text("\n".join(f"made {name}" for name in made), json_target)
        document["installed"] = made
    if user is not None:
        # What may be seen depends on today, as signing in does; data never depends on the clock.
        seen = ask(goal, tenant, user, (as_of or datetime.now(UTC).date()).isoformat())
        echo_text(seen.text(), json_target)
        document |= seen.document()
    echo_json(document, json_target)
