"""An entity of which the target has no row: everything that was read is new, and nothing needs to be compared or copied.

Called by the plan and the guards. The change table is then a view of what was staged (the difference leaves it so), and the plan's row
file is the staged file itself.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import duckdb

from sync_engine.difference import changed
from sync_engine.landing import Table
from sync_engine.snapshot import MARKS, Snapshot
from sync_engine.sql_text import literal, quoted


def is_shown(db: duckdb.DuckDBPyConnection, entity: str) -> bool:
    """Whether an entity's change table is still the view that the difference left: nothing of it waits."""
    return bool(db.execute("SELECT 1 FROM duckdb_views() WHERE view_name = ?", [f"changed_{entity}"]).fetchone())


def make_writable(db: duckdb.DuckDBPyConnection, entity: str) -> None:
    """Make a table of the view, for whoever marks or removes rows."""
    if is_shown(db, entity):
        rows = quoted(f"writable_{entity}")
        db.execute(f"CREATE OR REPLACE TABLE {rows} AS SELECT * FROM {changed(entity)}")
        db.execute(f"DROP VIEW {changed(entity)}")
        db.execute(f"ALTER TABLE {rows} RENAME TO {changed(entity)}")


def take_file(snapshot: Snapshot, table: Table, path: Path) -> bool:
    """Take the staged file as a plan's row file; False when it lacks what a row file has."""
    staged = snapshot.path(table.name)
    columns = {str(row[0]) for row in snapshot.scratch.db.execute(f"DESCRIBE SELECT * FROM read_parquet({literal(staged)})").fetchall()}
    if not columns.issuperset(MARKS):
        return False
    try:
        os.link(staged, path)
    except OSError:
        shutil.copyfile(staged, path)
    return True
