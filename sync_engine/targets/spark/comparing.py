"""A comparison inside Spark: what changed comes to this machine, of everything else only numbers.

Called by the session. Leaves in the scratch what a plan's guards read, as the difference of the other engines does: the change
tables in full, and of the target the rows that changed and, for the rest, one row per group with its number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from sync_engine import history
from sync_engine.comparison import ABSENT, STAGE, Relations, candidates, changes, spoken_of
from sync_engine.difference import aside_of, changed, keep_changes, read_files, show_source, target_of
from sync_engine.facets import facets
from sync_engine.landing import Table
from sync_engine.policy import Policy
from sync_engine.snapshot import Snapshot, schema
from sync_engine.sql_text import literal, quoted
from sync_engine.targets.dialects import written

if TYPE_CHECKING:
    from sync_engine.targets.spark.session import SparkSession

ROW_BY_ROW = ("academicSessions", "classes")
"""Entities whose rows the guards look at one by one: terms, and which term a class belongs to."""


def compare(session: SparkSession, snapshot: Snapshot, tables: Sequence[Table], tenant: str, policy: Policy) -> None:
    """Compare every entity, then bring what the guards need of the target."""
    gone = snapshot.scratch.folder / "gone.recalled.parquet"
    snapshot.scratch.db.execute(f"COPY gone TO {literal(gone)} (FORMAT parquet)")
    session.lay(gone, {"entity": "STRING", "sourcedId": "STRING", "counts": "BOOLEAN", "reads": "BIGINT", "days": "BIGINT"}).createOrReplaceTempView("gone")
    for table in tables:
        show_source(snapshot, table)
        files = _changes(session, snapshot, table, tenant, policy)
        keep_changes(snapshot, table, read_files(files), policy)
    for table in tables:
        _show_target(session, snapshot, table, tenant)


def _changes(session: SparkSession, snapshot: Snapshot, table: Table, tenant: str, policy: Policy) -> list[Path]:
    from sync_engine.targets.spark.session import fingerprint, kinds_of

    spark, read = session.spark, snapshot.entities[table.name]
    stands = session.exists(table) and bool(session.draft.tables[table.name].of(tenant))
    session.lay(snapshot.path(table.name), kinds_of(table)).createOrReplaceTempView("source")
    session.lay(snapshot.aside(table.name), {"sourcedId": "STRING"}).createOrReplaceTempView("aside")
    target = session.frame(table.name, tenant) if stands else spark.table("source").where("false")
    target.select(*[f"`{name}`" for name in table.content]).createOrReplaceTempView("target")
    types: dict[str, Any] = {"kind": pl.String, "from_source": pl.Boolean, **schema(table), "_state": pl.String, "identity": pl.String}
    if read.within:
        session.lay(snapshot.path(read.within), {"sourcedId": "STRING"}).createOrReplaceTempView("owners")
    relations = Relations(target=spoken_of(table, read, "target", "owners"))
    if stands and not read.is_delta:
        found = spark.sql(written(candidates(table, relations, fingerprint), "spark")).localCheckpoint()
        found.createOrReplaceTempView("candidates")
        relations = relations.narrowed("candidates")
        if found.isEmpty():
            return [_nothing(types, snapshot.scratch.folder / f"{table.name}.changes.none.parquet")]
    rows = spark.sql(written(changes(table, read, policy, relations), "spark"))
    return session.bring(rows, types, snapshot.scratch.folder / f"{table.name}.changes")


def _show_target(session: SparkSession, snapshot: Snapshot, table: Table, tenant: str) -> None:
    """Make the view of the target: the rows that the guards may name, and groups of all others."""
    db, name, folder = snapshot.scratch.db, table.name, snapshot.scratch.folder
    types = {"_rows": pl.Int64, **schema(table), "_state": pl.String}
    keys = folder / f"{name}.keys.parquet"
    db.execute(f"COPY ({_named_keys(session, snapshot, table, tenant)}) TO {literal(keys)} (FORMAT parquet)")
    named = (db.execute(f"SELECT count(*) FROM {read_files([keys])}").fetchone() or (0,))[0]
    stands = session.exists(table) and bool(session.draft.tables[name].of(tenant))
    # Guards ask nothing of an entity that nothing happens to, but for the terms and classes that others belong to.
    if stands and (named or name in ROW_BY_ROW):
        session.lay(keys, {"sourcedId": "STRING"}).createOrReplaceTempView("named")
        session.frame(name, tenant).createOrReplaceTempView("target")
        files = session.bring(session.spark.sql(written(_stand_in(table), "spark")), types, folder / f"{name}.standing")
    else:
        files = [_nothing(types, folder / f"{name}.standing.none.parquet")]
    db.execute(f"CREATE OR REPLACE VIEW {target_of(name)} AS SELECT * FROM {read_files(files)}")


def _nothing(types: Mapping[str, Any], file: Path) -> Path:
    pl.DataFrame(schema=dict(types)).write_parquet(file)
    return file


def _named_keys(session: SparkSession, snapshot: Snapshot, table: Table, tenant: str) -> str:
    """SQL for the scratch: keys of rows that change, that earlier runs speak of, or that belong to somebody else."""
    db, entity = snapshot.scratch.db, f"WHERE entity = {literal(table.name)}"
    parts = [
        f'SELECT "sourcedId" FROM {changed(table.name)}', f'SELECT "sourcedId" FROM {aside_of(table.name)}',
        f'SELECT "sourcedId" FROM gone {entity} AND counts', f'SELECT "sourcedId" FROM became {entity}',
        f'SELECT "sourcedId" FROM touched {entity}',
    ]  # fmt: skip
    if db.execute(f"SELECT 1 FROM {changed(table.name)} WHERE kind IN ('{ABSENT}', '{STAGE}') LIMIT 1").fetchone():
        foreign = history.foreign_rows(session, tenant, table, snapshot.scratch.folder)
        parts += [f'SELECT "sourcedId" FROM {read_files(foreign)}'] if foreign else []
    return " UNION ".join(parts)


def _stand_in(table: Table) -> str:
    """SQL of the target as the guards need it: named rows whole, of the others how many are in which group and state."""
    cells = ", ".join(map(quoted, table.content))
    if table.name in ROW_BY_ROW:
        return f"SELECT CAST(1 AS BIGINT) AS _rows, {cells} FROM target"
    groups = {column for columns in facets(table).places.values() for column in columns} | {"_state"}
    others = ", ".join(quoted(name) if name in groups else f"{_blank(table, name)} AS {quoted(name)}" for name in table.content)
    named = '"sourcedId" IN (SELECT "sourcedId" FROM named)'
    return (
        f"SELECT CAST(1 AS BIGINT) AS _rows, {cells} FROM target WHERE {named}"
        f" UNION ALL SELECT count(*) AS _rows, {others} FROM target"
        f' WHERE NOT EXISTS (SELECT 1 FROM named WHERE named."sourcedId" = target."sourcedId")'
        f" GROUP BY {', '.join(quoted(name) for name in table.content if name in groups)}"
    )


def _blank(table: Table, name: str) -> str:
    """SQL of the cell of a group that no row of it is known by; a key is never null."""
    if name == "sourcedId":
        return "''"
    return f"CAST(NULL AS VARCHAR{'[]' if table.is_list(name) else ''})"
