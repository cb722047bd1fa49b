"""All guards over all entities of a plan, in one order, and the rows that wait because what they need waits.

Called by the plan. Never reads a source or a target.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from sync_engine.all_new import make_writable
from sync_engine.difference import BACK, CREATE, UPDATE, aside_of, changed, target_of
from sync_engine.facets import needs
from sync_engine.guard import Guard, hold_reused, mark
from sync_engine.holds import Hold
from sync_engine.landing import CORE, Table
from sync_engine.policy import Policy
from sync_engine.snapshot import Snapshot
from sync_engine.sql_text import literal, quoted
from sync_engine.terms import ended_classes

_COMING = f"kind IN ('{CREATE}', '{UPDATE}', '{BACK}')"


def guarded(snapshot: Snapshot, tables: Sequence[Table], policy: Policy, day: date) -> list[Hold]:
    """Mark what waits in every entity; returns the holds in order of the entities."""
    ordered = sorted(tables, key=lambda one: (CORE.index(one.name) if one.name in CORE else len(CORE), one.name))
    guard = Guard(policy, day, snapshot, ended_classes(snapshot, day))
    names = {table.name for table in tables}
    holds: list[Hold] = []
    for table in ordered:
        if table.name == "users":
            holds += hold_reused(snapshot, table, policy, "demographics" in names)
        holds += guard.judge_coming(table)
    if holds or any(found.quarantined for found in snapshot.entities.values()):
        reused = [hold.id for hold in holds if hold.kind == "reused"]
        for table in ordered:
            holds += _dependants(snapshot, table, names, reused)
    for table in ordered:
        holds += guard.judge_going(table)
    return holds


def _dependants(
    snapshot: Snapshot, table: Table, read: set[str], reused: Sequence[str]
) -> Iterator[Hold]:
    """New and changed rows wait for a record that is not there yet, or that may have become somebody else."""
    db, name = snapshot.scratch.db, changed(table.name)
    doubtful = f"CAST([{', '.join(map(literal, reused))}] AS VARCHAR[])"
    for column, other in needs(table).items():
        if other not in read:
            continue
        own = quoted(column)
        make_writable(db, table.name)
        waiting = (
            f"SELECT \"sourcedId\", holds FROM {changed(other)} WHERE len(holds) > 0"
            f" AND (kind = '{CREATE}' OR list_has_any(holds, {doubtful}))"
        )
        db.execute(
            f"UPDATE {name} SET holds = list_sort(list_distinct(list_concat({name}.holds, w.holds)))"
            f" FROM ({waiting}) AS w WHERE {_COMING} AND {name}.{own} = w.\"sourcedId\""
        )
        where = (
            f"{_COMING} AND {own} IN (SELECT \"sourcedId\" FROM {aside_of(other)}) AND {own} NOT IN"
            f" (SELECT \"sourcedId\" FROM {target_of(other)})"
        )
        rows = int((db.execute(f"SELECT count(*) FROM {name} WHERE {where}").fetchone() or (0,))[0])
        why = f"{rows:,} rows wait for records of {other} that were set aside"
        yield from mark(db, Hold(table.name, "waits", other, "", rows, why, False), where)
