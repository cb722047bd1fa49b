"""The difference between a snapshot and a target, per entity, in the scratch of a plan.

Called by the plan. Finds what changes and of which kind; never decides what is held. What counts as a change is defined in
`comparison`; here it is run by DuckDB over Parquet files, for targets that do not compare by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sync_engine.comparison import ABSENT, BACK, CREATE, DELETE, STAGE, UPDATE, Relations, candidates, changes
from sync_engine.landing import Table
from sync_engine.policy import Policy
from sync_engine.snapshot import EntityRead, Snapshot
from sync_engine.sql_text import literal, quoted

__all__ = [
    "ABSENT", "BACK", "COUNTED_AS", "CREATE", "DELETE", "REMOVALS", "STAGE", "UPDATE", "Counts", "aside_of", "changed", "find_changes",
    "fingerprint", "read_files", "source_of", "target_of",
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


def read_files(paths: Sequence[Path]) -> str:
    """Parquet files as something to select from."""
    return f"read_parquet([{', '.join(map(literal, paths))}])"


def fingerprint(columns: Sequence[str]) -> str:
    """DuckDB's own 64-bit hash of a row; a null is a value of its own in it."""
    return f"hash({', '.join(map(quoted, columns))})"


def show_source(snapshot: Snapshot, table: Table) -> None:
    """Make the views of what was read of an entity and of what was set aside."""
    db, name = snapshot.scratch.db, table.name
    names = ", ".join(map(quoted, table.content))
    db.execute(f"CREATE OR REPLACE VIEW {source_of(name)} AS SELECT {names} FROM {read_files([snapshot.path(name)])}")
    db.execute(f"CREATE OR REPLACE VIEW {aside_of(name)} AS SELECT * FROM {read_files([snapshot.aside(name)])}")


def find_changes(snapshot: Snapshot, table: Table, target_files: Sequence[Path], policy: Policy) -> None:
    """Compare one entity; target_files: its rows now, none for no table. Leaves `changed_ENTITY` in the scratch."""
    db, name, read = snapshot.scratch.db, table.name, snapshot.entities[table.name]
    show_source(snapshot, table)
    names = ", ".join(map(quoted, table.content))
    rows = f"{names} FROM {read_files(target_files)}" if target_files else f"* FROM {source_of(name)} WHERE false"
    db.execute(f"CREATE OR REPLACE VIEW {target_of(name)} AS SELECT 1 AS _rows, {rows}")
    relations = Relations(source_of(name), _compared(table, read), aside_of(name))
    if target_files and not read.is_delta:
        db.execute(f"CREATE OR REPLACE TABLE candidates AS {candidates(table, relations, fingerprint)}")
        if not db.execute("SELECT 1 FROM candidates LIMIT 1").fetchone():
            db.execute(f"CREATE OR REPLACE TABLE {changed(name)} AS {_NOTHING.format(names=names, target=target_of(name))}")
            return
        relations = relations.narrowed("candidates")
    keep_changes(snapshot, table, f"({changes(table, read, policy, relations)})", policy)


def _compared(table: Table, read: EntityRead) -> str:
    """The rows of the target that a read speaks of: all, or those of the owners whose records changed."""
    if not read.within:
        return target_of(table.name)
    owner = next(one.header for one in table.columns if one.references == f"{read.within}.csv" and not one.is_list)
    owners = f'SELECT "sourcedId" FROM {source_of(read.within)}'
    return f"(SELECT * FROM {target_of(table.name)} WHERE {quoted(owner)} IN ({owners}))"


def keep_changes(snapshot: Snapshot, table: Table, found: str, policy: Policy) -> None:
    """Make an entity's change table of what was found, without the rows that the policy pins."""
    db, name = snapshot.scratch.db, table.name
    db.execute(f"CREATE OR REPLACE TABLE {changed(name)} AS SELECT *, CAST([] AS VARCHAR[]) AS holds FROM {found} AS found")
    pinned = policy.pins.rows.get(name)
    if pinned:
        keys = f"\"sourcedId\" IN ({', '.join(map(literal, pinned))})"
        db.execute(f"DELETE FROM {changed(name)} WHERE {keys} AND kind <> '{CREATE}'")
