"""What became of a watch's districts: a table for a person and the machine form.

Called when a watch has ended. Holds counts and the ids of problems.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from oneroster_harness.problems import EXIT_CLEAN, EXIT_COULD_NOT_RUN, EXIT_HELD
from sync_engine.watching.districts import District
from sync_engine.watching.watch import Tally

_STATUSES = ("applied", "planned", "held", "refused", "failed", "busy")


def text(districts: Sequence[District], tallies: Mapping[str, Tally]) -> str:
    """One line per district."""
    width = max([len("tenant"), *(len(one.tenant) for one in districts)])
    lines = ["tenant".ljust(width) + "".join(f"{name:>9}" for name in _STATUSES) + "  last"]
    for one in districts:
        tally = tallies[one.tenant]
        cells = "".join(f"{tally.statuses[name] or '':>9}" for name in _STATUSES)
        last = tally.last
        told = "no run" if last is None else last.status if not last.problem else f"{last.status}: {last.message} [{last.problem}]"
        lines.append(f"{one.tenant.ljust(width)}{cells}  {told}")
    return "\n".join(lines)


def document(target: str, districts: Sequence[District], tallies: Mapping[str, Tally], cut: int) -> dict[str, Any]:
    """The machine form. cut: runs that had not ended when the watch did."""
    return {
        "target": target, "cut": cut,
        "tenants": [
            {"tenant": one.tenant, "source": one.source, "schedule": one.calendar.schedule.text,
             "runs": {name: tallies[one.tenant].statuses[name] for name in _STATUSES}, "last": _last(tallies[one.tenant])}
            for one in districts
        ],
    }  # fmt: skip


def _last(tally: Tally) -> dict[str, Any] | None:
    if tally.last is None:
        return None
    return {**tally.last.result.document(), "problem": tally.last.problem or None}


def exit_code(tallies: Mapping[str, Tally]) -> int:
    """3 when any district's last run has failed, 4 when any waits, else 0."""
    lasts = [tally.last for tally in tallies.values() if tally.last is not None]
    if any(one.has_failed for one in lasts):
        return EXIT_COULD_NOT_RUN
    return EXIT_HELD if any(one.status == "held" for one in lasts) else EXIT_CLEAN
