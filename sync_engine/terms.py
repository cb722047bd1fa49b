"""Which classes belong to ended terms only, and which ended terms go with them: both may go without a question.

Called by the guards. A term counts as ended by what has landed and stood unchanged for the policy's window, so that a source cannot
end a term and empty it in one go.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from sync_engine.difference import ABSENT, DELETE, changed, source_of, target_of
from sync_engine.snapshot import Snapshot

_NONE = "SELECT CAST(NULL AS VARCHAR) AS \"sourcedId\" WHERE false"


def ended_sessions(snapshot: Snapshot, ended_classes: str) -> str:
    """SQL of the ended terms that may go: every class that was there in them has ended, stood unchanged and goes too.

    ended_classes: SQL of such classes; it must have been worked out.
    """
    classes = snapshot.entities.get("classes")
    if ended_classes == _NONE or classes is None or not classes.complete:
        return _NONE
    going = f"SELECT \"sourcedId\" FROM {changed('classes')} WHERE kind IN ('{DELETE}', '{ABSENT}')"
    kept = (
        f"SELECT unnest(\"termSourcedIds\") FROM {target_of('classes')} WHERE _state = 'present'"
        f' AND NOT ("sourcedId" IN ({going}) AND "sourcedId" IN ({ended_classes}))'
    )
    taken = f"SELECT unnest(\"termSourcedIds\") FROM {source_of('classes')} WHERE _state = 'present'"
    return f'SELECT "sourcedId" FROM ended_sessions WHERE "sourcedId" NOT IN ({kept}) AND "sourcedId" NOT IN ({taken})'


def waiting_classes() -> str:
    """SQL of the landed classes that have stood unchanged for the window and have no enrollment yet, as before a new year begins."""
    seated = f'SELECT "classSourcedId" FROM {target_of("enrollments")} WHERE _state = \'present\' AND "classSourcedId" IS NOT NULL'
    return f"{_settled_classes()} AND \"sourcedId\" NOT IN ({seated})"


def first_seats() -> str:
    """SQL of the enrollments in classes that have stood unchanged and have none but those that came within the window."""
    made = "SELECT \"sourcedId\" FROM made WHERE entity = 'enrollments'"
    older = (
        f'SELECT "classSourcedId" FROM {target_of("enrollments")} WHERE _state = \'present\''
        f' AND "classSourcedId" IS NOT NULL AND "sourcedId" NOT IN ({made})'
    )
    return (
        f'SELECT "sourcedId" FROM {target_of("enrollments")} WHERE _state = \'present\''
        f' AND "classSourcedId" IN ({_settled_classes()} AND "sourcedId" NOT IN ({older}))'
    )


def _settled_classes() -> str:
    touched = "SELECT \"sourcedId\" FROM touched WHERE entity = 'classes'"
    return f'SELECT "sourcedId" FROM {target_of("classes")} WHERE _state = \'present\' AND "sourcedId" NOT IN ({touched})'


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

    db = snapshot.scratch.db
    db.execute(
        f"CREATE OR REPLACE TABLE ended_sessions AS SELECT \"sourcedId\" FROM {target_of('academicSessions')}"
        f" WHERE try_cast(\"endDate\" AS DATE) < DATE '{day}' AND {settled('academicSessions')}"
    )
    db.execute(
        f"CREATE OR REPLACE TABLE ended_classes AS SELECT \"sourcedId\" FROM {target_of('classes')}"
        f" WHERE len(\"termSourcedIds\") > 0 AND {settled('classes')}"
        ' AND list_has_all((SELECT coalesce(list("sourcedId"), []) FROM ended_sessions), "termSourcedIds")'
    )
    return 'SELECT "sourcedId" FROM ended_classes'
