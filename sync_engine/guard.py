"""The delete guard: when the absence of rows is believed, and when it waits for a person.

Called by the plan. Judges absence only; a deletion that the source tells of is a change like any other.
"""

from __future__ import annotations

from dataclasses import dataclass

from sync_engine.landing import CORE
from sync_engine.snapshot import EntityRead


@dataclass(frozen=True, slots=True)
class DeleteGuard:
    """Limits for rows that are present in the target and absent from the source, per entity.

    percent: of the present rows. count: rows, None for no such limit. floor: so many rows are never held for their
    number, unless a core entity would lose all it has. The first limit that is passed holds all absences of the entity.
    """

    percent: float = 10.0
    count: int | None = None
    floor: int = 5


@dataclass(frozen=True, slots=True)
class Hold:
    """Why absences wait. approvable: whether a person may let them through with this plan."""

    reason: str
    approvable: bool


def judge(guard: DeleteGuard, read: EntityRead, *, absent: int, present: int) -> Hold | None:
    """Whether the absences of one entity are held; None when they may be applied.

    absent and present: rows of the target, present ones only, so that what is removed already never counts.
    """
    if not absent:
        return None
    name = read.entity
    if not read.complete:
        return Hold(f"{name}: {absent:,} absent rows are kept, since the source was not read whole", False)
    if absent == present and name in CORE:
        return Hold(f"{name}: none of the {present:,} present rows is in the source", True)
    if absent <= guard.floor:
        return None
    share = 100 * absent / present
    if share > guard.percent:
        return Hold(
            f"{name}: {absent:,} of {present:,} rows would be removed ({share:.1f} %, at most {guard.percent:g} %)",
            True,
        )
    if guard.count is not None and absent > guard.count:
        return Hold(f"{name}: {absent:,} rows would be removed (at most {guard.count:,})", True)
    return None
