"""The audit of a target: its chain of runs, verified from the first entry to the last.

Called by `sync audit`. Reads, and judges nothing but whether the record is the one that was written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from oneroster_harness.problems import UsageProblem
from sync_engine import history
from sync_engine.run_log import FIRST, Break, Entry, entries, first_break
from sync_engine.targets.session import Session

SHORTEST_KNOWN = 6


@dataclass(frozen=True, slots=True)
class Audit:
    """What was verified. head: hash of the last entry; noted down, it shows later that nothing was cut off."""

    runs: int
    head: str
    broken: Break | None

    def document(self) -> dict[str, Any]:
        """The machine form."""
        broken = asdict(self.broken) if self.broken else None
        return {"ok": self.broken is None, "runs": self.runs, "head": self.head, "broken": broken}

    def text(self) -> str:
        """Two lines for a person."""
        if self.broken is None:
            return f"the record of {self.runs:,} runs is whole and unchanged\n  head      {self.head}"
        which = f" ({self.broken.run})" if self.broken.run else ""
        return f"the record of runs does not hold\n  where     run {self.broken.number}{which}\n  met       {self.broken.reason}"


def audit(session: Session, known: str = "") -> Audit:
    """Verify the record of runs. known: the beginning of a hash that must be in it.

    Raises UsageProblem for a `known` that is too short to mean one entry.
    """
    known = known.strip().lower()
    if known and len(known) < SHORTEST_KNOWN:
        raise UsageProblem("the hash is too short", f"at least {SHORTEST_KNOWN} letters", "--known")
    chain = entries(session)
    found = [one for one in (first_break(chain, known), _first_lost_image(session, chain)) if one]
    return Audit(len(chain), chain[-1].hash if chain else FIRST, min(found, key=lambda one: one.number, default=None))


def _first_lost_image(session: Session, chain: Sequence[Entry]) -> Break | None:
    """Each run that wrote tells how many images it left and their digest; no image belongs to a run that is not there."""
    if not history.is_kept(session):
        return None
    found = history.moved_by_run(session)
    for entry in chain:
        if entry.moved and entry.moved != found.pop(entry.number, "0:0"):
            return Break(entry.number, entry.run, "the images before of this run were changed or taken out")
    if found:
        return Break(min(found), "", "there are images before of a run that is not in the record")
    return None
