"""Which rows of a tenant belong to the sync: those that a run wrote once. All others are left alone.

Called by the plan after the comparison. A row that somebody put into a landed table by hand is never absent; it becomes the sync's when the
source brings its key.
"""

from __future__ import annotations

from collections.abc import Sequence

from sync_engine import history
from sync_engine.difference import ABSENT, STAGE, changed, read_files, target_of
from sync_engine.landing import Table
from sync_engine.snapshot import Snapshot
from sync_engine.sql_text import quoted
from sync_engine.targets.session import Session


def leave_foreign_rows(session: Session, tenant: str, snapshot: Snapshot, tables: Sequence[Table]) -> None:
    """Take rows that no sync wrote out of what is absent, and out of what the guards count; asks only where rows are absent."""
    db = snapshot.scratch.db
    missing = [table for table in tables if db.execute(
        f"SELECT 1 FROM {changed(table.name)} WHERE kind IN ('{ABSENT}', '{STAGE}') LIMIT 1"
    ).fetchone()]  # fmt: skip
    if not missing:
        return
    files = {table.name: history.foreign_rows(session, tenant, table, snapshot.scratch.folder) for table in missing}
    for name, found in files.items():
        if not found:
            continue
        keys = f'SELECT "sourcedId" FROM {read_files(found)}'
        db.execute(f"DELETE FROM {changed(name)} WHERE kind IN ('{ABSENT}', '{STAGE}') AND \"sourcedId\" IN ({keys})")
        own = quoted(f"owned_{name}")
        db.execute(f'CREATE OR REPLACE TABLE {own} AS SELECT * FROM {target_of(name)} WHERE "sourcedId" NOT IN ({keys})')
        db.execute(f"CREATE OR REPLACE VIEW {target_of(name)} AS SELECT * FROM {own}")
