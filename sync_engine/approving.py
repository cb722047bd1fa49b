"""Approvals: who lets which held rows of one plan through, why, and until when.

Called by `sync apply`. An approval is bound to the plan's digest, so it is a ceiling: no other row can pass under it. An
unexpired one is kept beside the plan for the next apply.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from oneroster_harness.problems import CannotRun, UsageProblem, nearest
from oneroster_standard.moments import format_instant, parse_instant
from sync_engine.holds import Hold
from sync_engine.plan import Plan

ALL = "all"
_SPAN = re.compile(r"(\d{1,4})([mhd])\Z")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Approval:
    """One hold that a person lets through. plan: digest that it is bound to. expires: an instant, empty for this apply
    only."""

    hold: str
    entity: str
    rows: int
    by: str
    reason: str
    at: str
    expires: str
    plan: str


def span(text: str) -> timedelta:
    """A span of time such as 30m, 2h or 1d.

    Raises UsageProblem for anything else.
    """
    found = _SPAN.match(text.strip().lower())
    if not found:
        raise UsageProblem(f"{text!r} is no span of time", "for example 30m, 2h or 1d", "--expires")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def approvals(
    plan: Plan, names: Collection[str], *, by: str, reason: str, at: datetime, expires: timedelta | None
) -> list[Approval]:
    """Turn names (an entity, a hold, `all`) into approvals of the plan's holds.

    Raises UsageProblem for a name that the plan does not hold, CannotRun for a hold that nobody can approve.
    """
    until = format_instant(at + expires) if expires else ""
    return [
        Approval(hold.id, hold.entity, hold.rows, by, reason, format_instant(at), until, plan.digest)
        for hold in _chosen(plan, names)
    ]


def _chosen(plan: Plan, names: Collection[str]) -> Sequence[Hold]:
    known = {hold.id for hold in plan.holds}
    for name in names:
        if name != ALL and name not in plan.entities and name not in known:
            raise UsageProblem(
                f"unknown entity or hold {name!r}; {nearest(name, [*plan.entities, *sorted(known), ALL])}"
            )
    asked = [hold for hold in plan.holds if ALL in names or hold.entity in names or hold.id in names]
    for hold in asked:
        if not hold.approvable and ALL not in names:
            raise CannotRun(
                f"the held rows of {hold.entity} cannot be approved", "a source that was read whole", hold.reason,
                "read the source again", "sync.not-approvable",
            )  # fmt: skip
    return [hold for hold in asked if hold.approvable]


def _place(plan_file: Path) -> Path:
    return plan_file.with_name(f"{plan_file.name}.approvals")


def keep(plan_file: Path, given: Sequence[Approval]) -> None:
    """Keep approvals that do not end with this apply beside the plan.

    Raises CannotRun when they cannot be written.
    """
    lasting = [asdict(one) for one in given if one.expires]
    if not lasting:
        return
    place = _place(plan_file)
    kept = [asdict(one) for one in _read(place)] if place.exists() else []
    try:
        place.touch(mode=0o600)
        place.write_text(json.dumps([*kept, *lasting], indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise CannotRun(f"the approval cannot be kept: {error.strerror}", where=str(place)) from error


def kept(plan_file: Path, plan: Plan, now: datetime) -> list[Approval]:
    """Approvals that were kept for this very plan and have not expired."""
    place = _place(plan_file)
    if not place.exists():
        return []
    known = {hold.id for hold in plan.holds if hold.approvable}
    return [
        one for one in _read(place)
        if one.plan == plan.digest and one.hold in known and now < parse_instant(one.expires)
    ]  # fmt: skip


def _read(place: Path) -> list[Approval]:
    try:
        return [Approval(**one) for one in json.loads(place.read_text("utf-8"))]
    except (OSError, ValueError, TypeError) as error:
        raise CannotRun(
            "the approvals beside the plan cannot be read", "the file as it was written", str(place),
            "remove it and approve again", "sync.approvals-damaged",
        ) from error  # fmt: skip
