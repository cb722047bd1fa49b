"""The difference between a snapshot and a target, per entity, computed in DuckDB over Parquet files.

Called by the plan. Finds what changes and of which kind; never decides what is held. A row that went away is marked
(`status` tobedeleted, `_state` missing, inactive or archived) and never erased.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from sync_engine.facets import facets
from sync_engine.landing import Table
from sync_engine.policy import Policy, Stages
from sync_engine.snapshot import EntityRead, Snapshot
from sync_engine.sql_text import literal, quoted

CREATE, UPDATE, DELETE, ABSENT, BACK, STAGE = "create", "update", "delete", "absent", "back", "stage"
"""create: new. update: other content. delete: told by the source. absent: missing from a whole read. back: there again
after it had gone. stage: gone for longer."""
REMOVALS = (DELETE, ABSENT)
COUNTED_AS = {CREATE: "create", UPDATE: "update", DELETE: "delete", ABSENT: "delete", BACK: "update", STAGE: "update"}
"""Kind of change -> the count that it adds to."""


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
    """Name of the scratch view of an entity's rows in the target."""
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


def find_changes(snapshot: Snapshot, table: Table, target_files: Sequence[Path], policy: Policy) -> None:
    """Compare one entity; target_files: its rows now, none for no table. Leaves `changed_ENTITY` in the scratch."""
    db, name = snapshot.scratch.db, table.name
    names = ", ".join(map(quoted, table.content))
    db.execute(f"CREATE OR REPLACE VIEW {source_of(name)} AS SELECT {names} FROM {read_files([snapshot.path(name)])}")
    db.execute(f"CREATE OR REPLACE VIEW {aside_of(name)} AS SELECT * FROM {read_files([snapshot.aside(name)])}")
    if target_files:
        db.execute(f"CREATE OR REPLACE VIEW {target_of(name)} AS SELECT {names} FROM {read_files(target_files)}")
    else:
        db.execute(f"CREATE OR REPLACE VIEW {target_of(name)} AS SELECT * FROM {source_of(name)} WHERE false")
    db.execute(f"CREATE OR REPLACE TABLE {changed(name)} AS {_changes(table, snapshot.entities[name], policy)}")
    pinned = policy.pins.rows.get(name)
    if pinned:
        keys = f"\"sourcedId\" IN ({', '.join(map(literal, pinned))})"
        db.execute(f"DELETE FROM {changed(name)} WHERE {keys} AND kind <> '{CREATE}'")


def _changes(table: Table, read: EntityRead, policy: Policy) -> str:
    stages, sticky = policy.stages, policy.pins.fields.get(table.name, ())
    differs = " OR ".join(
        f"s.{quoted(name)} IS DISTINCT FROM t.{quoted(name)}" for name in table.headers if name not in sticky
    )
    if read.is_delta:
        # A delta's removal need not repeat the row, so only the mark counts, and nothing is ever absent.
        kind = (
            f"CASE WHEN s._state <> 'present' THEN CASE WHEN t._state = 'present' THEN '{DELETE}' END"
            f" WHEN t.\"sourcedId\" IS NULL THEN '{CREATE}' WHEN t._state <> 'present' THEN '{BACK}'"
            f" WHEN {differs} THEN '{UPDATE}' END"
        )
        join, keeps, next_stage = "LEFT JOIN", f"kind = '{DELETE}'", "NULL"
    else:
        next_stage = _next_stage(stages) if read.complete else "NULL"
        kind = (
            f"CASE WHEN s.\"sourcedId\" IS NULL THEN CASE WHEN a.\"sourcedId\" IS NOT NULL THEN NULL"
            f" WHEN t._state = 'present' THEN '{ABSENT}' WHEN {next_stage} IS NOT NULL THEN '{STAGE}' END"
            f" WHEN t.\"sourcedId\" IS NULL THEN '{CREATE}'"
            f" WHEN s._state <> 'present' AND t._state = 'present' THEN '{DELETE}'"
            f" WHEN s._state <> 'present' THEN CASE WHEN {next_stage} IS NOT NULL THEN '{STAGE}'"
            f" WHEN {differs} THEN '{UPDATE}' END"
            f" WHEN t._state <> 'present' THEN '{BACK}' WHEN {differs} THEN '{UPDATE}' END"
        )
        join, keeps = "FULL JOIN", 's."sourcedId" IS NULL'
    cells = [_cell(name, read, keeps, is_sticky=name in sticky) for name in table.headers]
    state = (
        f"CASE kind WHEN '{ABSENT}' THEN 'missing' WHEN '{DELETE}' THEN 'inactive' WHEN '{STAGE}' THEN {next_stage}"
        " ELSE CASE WHEN s._state <> 'present' THEN coalesce(t._state, s._state) ELSE s._state END END AS _state"
    )
    return (
        f"SELECT {kind} AS kind, s.\"sourcedId\" IS NOT NULL AS from_source, {', '.join(cells)}, {state},"
        f" {_identity(table, sticky)} AS identity, CAST([] AS VARCHAR[]) AS holds"
        f" FROM {source_of(table.name)} AS s {join} {target_of(table.name)} AS t"
        f' ON s."sourcedId" = t."sourcedId" LEFT JOIN {aside_of(table.name)} AS a ON a."sourcedId" = t."sourcedId"'
        f' LEFT JOIN gone AS g ON g.entity = {literal(table.name)} AND g."sourcedId" = t."sourcedId"'
        " WHERE kind IS NOT NULL"
    )


def _cell(name: str, read: EntityRead, keeps: str, *, is_sticky: bool) -> str:
    """One column of a changed row; a row that went away keeps its last known content, a pinned column what it holds."""
    column = quoted(name)
    if is_sticky:
        return f"CASE WHEN t.\"sourcedId\" IS NULL THEN s.{column} ELSE t.{column} END AS {column}"
    kept = f"t.{column}"
    if name == "status":
        kept = "'tobedeleted'"
    elif name == "dateLastModified" and read.is_delta:
        kept = f"coalesce(s.{column}, t.{column})"
    return f"CASE WHEN {keeps} THEN {kept} ELSE s.{column} END AS {column}"


def _next_stage(stages: Stages) -> str:
    """SQL of the stage that a row which is gone goes to now, NULL when it stays. What was told counts as inactive."""
    def due(reads: int, days: int) -> str:
        return f"g.reads >= {reads} AND g.days >= {days}"

    return (
        "CASE WHEN t._state = 'missing' AND (s.\"sourcedId\" IS NOT NULL OR"
        f" ({due(stages.inactive_reads, stages.inactive_days)})) THEN 'inactive'"
        f" WHEN t._state = 'inactive' AND {due(stages.archived_reads, stages.archived_days)} THEN 'archived' END"
    )


def _identity(table: Table, sticky: Collection[str]) -> str:
    """SQL of what an update changes about who or what a row is, words joined by commas; empty for nothing."""
    found: list[str] = []
    for name, columns in facets(table).identity.items():
        tests = " OR ".join(f"({_is_another(table, column)})" for column in columns if column not in sticky) or "false"
        found.append(f"CASE WHEN {tests} THEN '{name}' END")
    if not found:
        return "''"
    return f"CASE WHEN kind IN ('{UPDATE}', '{BACK}') OR (kind IN ('{DELETE}', '{STAGE}') AND s.\"sourcedId\" IS NOT NULL) THEN concat_ws(',', {', '.join(found)}) ELSE '' END"


def _is_another(table: Table, name: str) -> str:
    """A value that is filled in or withheld says nothing about identity; case and blanks do not either."""
    own, new = f"t.{quoted(name)}", f"s.{quoted(name)}"
    both = f"{own} IS NOT NULL AND {new} IS NOT NULL"
    if table.is_list(name):
        return f"{both} AND NOT list_has_any({own}, {new})"
    return f"{both} AND lower(trim({own})) <> lower(trim({new}))"
