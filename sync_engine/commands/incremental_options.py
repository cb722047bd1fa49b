"""Options of an incremental run.

Called by the verbs that plan. Reads nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from oneroster_harness.problems import UsageProblem
from sync_engine.approving import span


def _days(_: click.Context, __: click.Parameter, value: str | None) -> int | None:
    if value is None:
        return None
    days = span(value)
    if days.seconds or not days.days:
        raise UsageProblem(f"{value!r} is no number of days", "for example 7d", "--audit-every")
    return days.days


def incremental_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Ask an API for changes only, and how often for everything."""
    for option in (
        click.option("--audit-every", callback=_days, metavar="SPAN",
                     help="With --incremental: read everything whole again after so long, default 7d"),
        click.option("--incremental", is_flag=True,
                     help="Ask an API for what changed since the last run, and for everything at intervals"),
    ):  # fmt: skip
        function = option(function)
    return function
