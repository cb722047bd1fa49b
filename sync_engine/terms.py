"""Which classes belong to ended terms only, so that they and their enrollments may go without a question.

Called by the guards. A term counts as ended by what has landed and stood unchanged for the policy's window, so that a source cannot
end a term and empty it in one go.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from sync_engine.difference import target_of
from sync_engine.snapshot import Snapshot

_NONE = "SELECT CAST(NULL AS VARCHAR) AS \"sourcedId\" WHERE false"


def ended_classes(snapshot: Snapshot, day: date) -> Callable[[], str]:
    """A function that gives SQL of the sourcedIds of such classes; worked out when it is first asked for."""
    known: list[str] = []

    def asked() -> str:
        if not known:
            known.append(_worked_out(snapshot, day))
        return known[0]

    return asked


def _worked_out(snapshot: Snapshot, day: date) -> str:
    read = {name for name, found in snapshot.entities.items() if found.was_read}
    if not {"academicSessions", "classes"} <= read:
        return _NONE
    def settled(entity: str) -> str:
        return f'"sourcedId" NOT IN (SELECT "sourcedId" FROM touched WHERE entity = \'{entity}\')'

    snapshot.scratch.db.execute(
        "CREATE OR REPLACE TABLE ended_classes AS WITH ended AS (SELECT \"sourcedId\" FROM"
        f" {target_of('academicSessions')} WHERE try_cast(\"endDate\" AS DATE) < DATE '{day}'"
        f" AND {settled('academicSessions')})"
        f" SELECT \"sourcedId\" FROM {target_of('classes')} WHERE len(\"termSourcedIds\") > 0 AND {settled('classes')}"
        ' AND list_has_all((SELECT coalesce(list("sourcedId"), []) FROM ended), "termSourcedIds")'
    )
    return 'SELECT "sourcedId" FROM ended_classes'
