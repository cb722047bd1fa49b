"""The difference between a snapshot and a target, per entity, in the scratch of a plan.

Called by the plan. Finds what changes and of which kind; never decides what is held. What counts as a change is defined in
`comparison`; here it is run by DuckDB over Parquet files, for targets that do not compare by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from sync_engine.comparison import (
    ABSENT,
    BACK,
    CREATE,
    DELETE,
    STAGE,
    UPDATE,
    Relations,
    candidates,
    changes,
    spoken_of,
)
from sync_engine.landing import Table
from sync_engine.policy import Policy
from sync_engine.snapshot import Snapshot
from sync_engine.sql_text import literal, quoted, read_files
from sync_engine.targets.session import Session

__all__ = [
    "ABSENT", "BACK", "COUNTED_AS", "CREATE", "DELETE", "REMOVALS", "STAGE", "UPDATE", "Counts", "aside_of", "changed", "compare",
    "find_changes", "fingerprint", "read_files", "source_of", "target_of",
]  # fmt: skip

REMOVALS = (DELETE, ABSENT)
COUNTED_AS = {CREATE: "create", UPDATE: "update", DELETE: "delete", ABSENT: "delete", BACK: "update", STAGE: "update"}
"""Kind of change -> the count that it adds to."""

_NOTHING = (
    "SELECT '' AS kind, false AS from_source, {names}, '' AS identity, CAST([] AS VARCHAR[]) AS holds FROM {target} WHERE false"
)
"""A change table without a row: what a read that changes nothing of an entity leaves, without the price of comparing it."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of one entity by what happens to them."""

    create: int = 0
    update: int = 0
    delete: int = 0
    unchanged: int = 0
    held: int = 0
    quarantined: int = 0


@runtime_checkable
class Comparer(Protocol):
    """A target's session that compares by itself, since its rows do not pass through one machine."""

    def compare(self, snapshot: Snapshot, tables: Sequence[Table], tenant: str, policy: Policy) -> None:
        """Leave in the snapshot's scratch the change tables and what the guards read."""
        ...


def changed(entity: str) -> str:
    """Name of the scratch table of an entity's changes: kind, from_source, the content, identity, then holds."""
    return quoted(f"changed_{entity}")


def target_of(entity: str) -> str:
    """Name of the scratch view of an entity's rows in the target, each with `_rows`, the number that it stands for."""
    return quoted(f"target_{entity}")


def source_of(entity: str) -> str:
    """Name of the scratch view of an entity's rows in the source."""
    return quoted(f"source_{entity}")


def aside_of(entity: str) -> str:
    """Name of the scratch view of the keys that the source's read set aside."""
    return quoted(f"aside_{entity}")


def fingerprint(columns: Sequence[str]) -> str:
    """DuckDB's own 64-bit hash of a row; a null is a value of its own in it."""
    return f"hash({', '.join(map(quoted, columns))})"


def show_source(snapshot: Snapshot, table: Table) -> None:
    """Make the views of what was read of an entity and of what was set aside."""
    db, name = snapshot.scratch.db, table.name
    names = ", ".join(map(quoted, table.content))
    db.execute(f"CREATE OR REPLACE VIEW {source_of(name)} AS SELECT {names} FROM {read_files([snapshot.path(name)])}")
    db.execute(f"CREATE OR REPLACE VIEW {aside_of(name)} AS SELECT * FROM {read_files([snapshot.aside(name)])}")


def compare(session: Session, snapshot: Snapshot, tables: Sequence[Table], tenant: str, policy: Policy) -> None:
    """Compare a snapshot with a tenant's rows; leaves in its scratch the change tables and what the guards read.

    DuckDB compares Parquet files faster than any server that was measured, so the rows are brought to it.
    """
    if isinstance(session, Comparer):
        session.compare(snapshot, tables, tenant, policy)
        return
    for table in tables:
        files = session.export(table, tenant, snapshot.scratch.folder)
        find_changes(snapshot, table, files, policy, are_marked=session.marks_exports)


def find_changes(
    snapshot: Snapshot, table: Table, target_files: Sequence[Path], policy: Policy, *, are_marked: bool = False
) -> None:
    """Compare one entity; leaves `changed_ENTITY` in the scratch.

    target_files: its rows now, none for no table. are_marked: they bear the fingerprint of each row.
    """
    db, name, read = snapshot.scratch.db, table.name, snapshot.entities[table.name]
    show_source(snapshot, table)
    names = ", ".join(map(quoted, table.content))
    if not read.is_delta and not _has_rows(snapshot, target_files):
        _all_is_new(snapshot, table)
        return
    rows = f"{names} FROM {read_files(target_files)}" if target_files else f"* FROM {source_of(name)} WHERE false"
    db.execute(f"CREATE OR REPLACE VIEW {target_of(name)} AS SELECT 1 AS _rows, {rows}")
    spoken = spoken_of(table, read, target_of(name), source_of(read.within))
    relations = Relations(source_of(name), spoken, aside_of(name))
    if target_files and not read.is_delta:
        known = f"(SELECT \"sourcedId\", _state, fingerprint FROM {read_files(target_files)})" if are_marked else ""
        db.execute(f"CREATE OR REPLACE TABLE candidates AS {candidates(table, relations, fingerprint, known)}")
        if not db.execute("SELECT 1 FROM candidates LIMIT 1").fetchone():
            db.execute(f"CREATE OR REPLACE TABLE {changed(name)} AS {_NOTHING.format(names=names, target=target_of(name))}")
            return
        relations = relations.narrowed("candidates")
    keep_changes(snapshot, table, f"({changes(table, read, policy, relations)})", policy)


def _has_rows(snapshot: Snapshot, files: Sequence[Path]) -> bool:
    return bool(files) and snapshot.scratch.db.execute(f"SELECT 1 FROM {read_files(files)} LIMIT 1").fetchone() is not None


def _all_is_new(snapshot: Snapshot, table: Table) -> None:
    """Where the target has no row, what was read is the change table as it stands: a view, until somebody marks a row of it."""
    db, name = snapshot.scratch.db, table.name
    db.execute(f"CREATE OR REPLACE VIEW {target_of(name)} AS SELECT 1 AS _rows, * FROM {source_of(name)} WHERE false")
    db.execute(
        f"CREATE OR REPLACE VIEW {changed(name)} AS SELECT '{CREATE}' AS kind, true AS from_source, {', '.join(map(quoted, table.content))},"
        f" '' AS identity, CAST([] AS VARCHAR[]) AS holds FROM {source_of(name)}"
    )


def keep_changes(snapshot: Snapshot, table: Table, found: str, policy: Policy) -> None:
    """Make an entity's change table of what was found, without the rows that the policy pins."""
    db, name = snapshot.scratch.db, table.name
    db.execute(f"CREATE OR REPLACE TABLE {changed(name)} AS SELECT *, CAST([] AS VARCHAR[]) AS holds FROM {found} AS found")
    pinned = policy.pins.rows.get(name)
    if pinned:
        keys = f"\"sourcedId\" IN ({', '.join(map(literal, pinned))})"
        db.execute(f"DELETE FROM {changed(name)} WHERE {keys} AND kind <> '{CREATE}'")
