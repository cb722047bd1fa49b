"""The difference between a snapshot and a target, per entity, computed in DuckDB over Parquet files.

Called by the plan. Writes whole rows to be put, and rows to be put only when their removal is approved. A removed
row is marked (`status` tobedeleted, `_state` removed) and never erased.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sync_engine.guard import DeleteGuard, Hold, judge
from sync_engine.landing import Table
from sync_engine.snapshot import EntityRead, Snapshot
from sync_engine.sql_text import literal, quoted


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of one entity by what happens to them."""

    create: int = 0
    update: int = 0
    delete: int = 0
    unchanged: int = 0
    held: int = 0
    quarantined: int = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """One entity's difference. apply_file and held_file: rows to put, None when there are none."""

    counts: Counts
    hold: Hold | None = None
    apply_file: Path | None = None
    held_file: Path | None = None


def _files(paths: Sequence[Path]) -> str:
    listed = ", ".join(map(literal, paths))
    return f"read_parquet([{listed}])"


def _removed(name: str, read: EntityRead) -> str:
    """One column of a row that is marked as removed; it keeps its last known content."""
    if name in ("status", "_state"):
        return "'tobedeleted'" if name == "status" else "'removed'"
    if name == "dateLastModified" and read.is_delta:
        return f"coalesce(s.{quoted(name)}, t.{quoted(name)})"
    return f"t.{quoted(name)}"


def _changes(table: Table, read: EntityRead) -> str:
    """SQL of all rows that differ, as `_change` and the table's content.

    Kinds: create, update, delete (told by the source), absent (missing from a full read).
    """
    differs = " OR ".join(f"s.{quoted(name)} IS DISTINCT FROM t.{quoted(name)}" for name in table.content)
    told = "s._state = 'removed' AND t._state = 'present'"
    if read.is_delta:
        # A delta's removal need not repeat the row, so only the mark counts, and nothing is ever absent.
        kind = (
            "CASE WHEN s._state = 'removed' THEN CASE WHEN t._state = 'present' THEN 'delete' END"
            f" WHEN t.\"sourcedId\" IS NULL THEN 'create' WHEN {differs} THEN 'update' END"
        )
        join, marks = "LEFT JOIN", "kind = 'delete'"
    else:
        kind = (
            "CASE WHEN s.\"sourcedId\" IS NULL THEN CASE WHEN t._state = 'present'"
            " AND a.\"sourcedId\" IS NULL THEN 'absent' END"
            f" WHEN t.\"sourcedId\" IS NULL THEN 'create' WHEN {told} THEN 'delete' WHEN {differs} THEN 'update' END"
        )
        join, marks = "FULL JOIN", "kind = 'absent'"
    cells = ", ".join(
        f"CASE WHEN {marks} THEN {_removed(name, read)} ELSE s.{quoted(name)} END AS {quoted(name)}"
        for name in table.content
    )
    return (
        f"SELECT {kind} AS kind, {cells} FROM source AS s {join} target AS t"
        ' ON s."sourcedId" = t."sourcedId" LEFT JOIN aside AS a ON a."sourcedId" = t."sourcedId"'
        " WHERE kind IS NOT NULL"
    )


def compare(
    snapshot: Snapshot, table: Table, target_files: Sequence[Path], guard: DeleteGuard, folder: Path
) -> Difference:
    """Compare one entity and write its changes into `folder`; target_files: its rows now, none for no table."""
    read = snapshot.entities[table.name]
    names = ", ".join(map(quoted, table.content))
    db = snapshot.scratch.db
    db.execute(f"CREATE OR REPLACE VIEW source AS SELECT {names} FROM {_files([snapshot.path(table.name)])}")
    db.execute(f"CREATE OR REPLACE VIEW aside AS SELECT * FROM {_files([snapshot.aside(table.name)])}")
    if target_files:
        db.execute(f"CREATE OR REPLACE VIEW target AS SELECT {names} FROM {_files(target_files)}")
    else:
        db.execute("CREATE OR REPLACE VIEW target AS SELECT * FROM source WHERE false")
    db.execute(f"CREATE OR REPLACE TABLE changed AS {_changes(table, read)}")
    found = dict(db.execute("SELECT kind, count(*) FROM changed GROUP BY kind").fetchall())
    present = int((db.execute("SELECT count(*) FROM target WHERE _state = 'present'").fetchone() or (0,))[0])
    told, absent = found.get("delete", 0), found.get("absent", 0)
    hold = judge(guard, read, absent=absent, present=present)
    create, update = found.get("create", 0), found.get("update", 0)
    counts = Counts(
        create, update, told + (0 if hold else absent), max(read.rows - create - update - told, 0),
        absent if hold else 0, read.quarantined,
    )  # fmt: skip

    def written(suffix: str, where: str, rows: int) -> Path | None:
        if not rows:
            return None
        file = folder / f"{table.name}.{suffix}.parquet"
        chosen = f'SELECT {names} FROM changed WHERE {where} ORDER BY "sourcedId"'
        db.execute(f"COPY ({chosen}) TO {literal(file)} (FORMAT parquet)")
        return file

    applied = "kind <> 'absent'" if hold else "true"
    return Difference(
        counts, hold, written("apply", applied, create + update + counts.delete),
        written("held", "kind = 'absent'", counts.held),
    )  # fmt: skip
