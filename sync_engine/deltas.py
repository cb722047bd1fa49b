"""Delta bundles as links of a chain: what comes late does not turn a row back, and what a missing link would have brought is noticed.

Called by the plan after the comparison. A delta bears no number and no date of its own, so its rows have to tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from oneroster_harness.problems import CannotRun
from sync_engine.comparison import BACK, CREATE, DELETE, UPDATE
from sync_engine.difference import changed, read_files, source_of, target_of
from sync_engine.facets import needs
from sync_engine.guard import mark
from sync_engine.holds import Hold
from sync_engine.landing import Table
from sync_engine.policy import Policy
from sync_engine.snapshot import Snapshot
from sync_engine.sql_text import quoted
from sync_engine.targets.session import Session


def _is_delta(snapshot: Snapshot, name: str) -> bool:
    found = snapshot.entities.get(name)
    return found is not None and found.is_delta and not found.since


def require_taken(snapshot: Snapshot, policy: Policy) -> None:
    """Raises CannotRun for a delta where the policy takes whole bundles only."""
    found = [name for name in snapshot.entities if _is_delta(snapshot, name)]
    if found and not policy.takes_deltas:
        raise CannotRun(
            f"the bundle holds changes only ({', '.join(found)})", "a bulk bundle: the policy takes no deltas", "manifest.csv",
            "ask the district for a full export, or set bundles.deltas = true in the policy", "sync.delta-refused",
        )  # fmt: skip


def leave_older(snapshot: Snapshot, tables: Sequence[Table]) -> list[str]:
    """Leave landed rows alone that are newer than what a delta says of them; returns what a person should know."""
    db, notes = snapshot.scratch.db, []
    for table in tables:
        if not _is_delta(snapshot, table.name):
            continue
        older = (
            f"SELECT s.\"sourcedId\" FROM {source_of(table.name)} AS s JOIN {target_of(table.name)} AS t USING (\"sourcedId\")"
            ' WHERE s."dateLastModified" < t."dateLastModified"'
        )
        where = f"kind IN ('{UPDATE}', '{BACK}', '{DELETE}') AND \"sourcedId\" IN ({older})"
        rows = int((db.execute(f"SELECT count(*) FROM {changed(table.name)} WHERE {where}").fetchone() or (0,))[0])
        if rows:
            db.execute(f"DELETE FROM {changed(table.name)} WHERE {where}")
            notes.append(f"{table.name}: {rows:,} rows of the delta are older than what has landed and were left; deltas came out of order")
    return notes


def hold_gaps(session: Session, tenant: str, snapshot: Snapshot, tables: Sequence[Table]) -> Iterator[Hold]:
    """Hold rows of a delta that need a record which neither landed nor comes: a delta before this one may be missing."""
    db, known = snapshot.scratch.db, {table.name: table for table in tables}
    for table in tables:
        if not _is_delta(snapshot, table.name):
            continue
        for column, other in needs(table).items():
            if other not in known:
                continue
            own = quoted(column)
            coming = f"kind IN ('{CREATE}', '{UPDATE}', '{BACK}') AND {own} IS NOT NULL AND {own} NOT IN (SELECT \"sourcedId\" FROM {source_of(other)})"
            if not db.execute(f"SELECT 1 FROM {changed(table.name)} WHERE {coming} LIMIT 1").fetchone():
                continue
            where = f"{coming} AND {own} NOT IN ({_landed(session, tenant, snapshot, known[other])})"
            rows = int((db.execute(f"SELECT count(*) FROM {changed(table.name)} WHERE {where}").fetchone() or (0,))[0])
            why = f"{rows:,} rows of the delta need {other} that neither landed nor come: a delta before it may be missing"
            yield from mark(db, Hold(table.name, "gap", other, "", rows, why), where)


def _landed(session: Session, tenant: str, snapshot: Snapshot, table: Table) -> str:
    if not session.exists(table):
        return "SELECT NULL WHERE false"
    files = session.export_rows(
        f"SELECT {quoted('sourcedId')} FROM {quoted(table.name)} WHERE {quoted('tenant')} = ?", (tenant,), {"sourcedId": pl.String},
        snapshot.scratch.folder / f"{table.name}.all-keys",
    )  # fmt: skip
    return f'SELECT "sourcedId" FROM {read_files(files)}'
