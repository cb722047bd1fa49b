"""Several sources in one tenant: each owns the rows that it landed, and neither removes nor changes those of another.

Called by the plan and the apply, only for sources that bear a name (`--source-name`). A key that two sources claim is a conflict, which is held.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from oneroster_harness.problems import UsageProblem
from sync_engine.all_new import make_writable
from sync_engine.comparison import ABSENT, STAGE
from sync_engine.difference import Comparer, changed, read_files, target_of
from sync_engine.guard import mark
from sync_engine.holds import Hold
from sync_engine.landing import Table
from sync_engine.snapshot import Snapshot
from sync_engine.sql_text import quoted
from sync_engine.targets.session import Session, Target

OWNERS = "_oneroster_owners"
_KEY = ("tenant", "entity", "sourcedId")


def keep(session: Session, table: Table, tenant: str, rows: str, owner: str) -> None:
    """Note whose the rows of a staged file are. rows: what to select from."""
    text, key = session.text_type, ", ".join(map(quoted, _KEY))
    columns = ", ".join(f"{quoted(name)} {text} NOT NULL" for name in (*_KEY, "owner"))
    session.query(f"CREATE TABLE IF NOT EXISTS {quoted(OWNERS)} ({columns}, PRIMARY KEY ({key}))")
    session.query(
        f"INSERT INTO {quoted(OWNERS)} ({key}, owner) SELECT ?, ?, s.{quoted('sourcedId')}, ? FROM {rows} AS s WHERE true"
        f" ON CONFLICT ({key}) DO UPDATE SET owner = excluded.owner",
        (tenant, table.name, owner),
    )


def owners_of(session: Session, tenant: str) -> list[str]:
    """Names of the sources that landed rows of a tenant."""
    if not session.columns(OWNERS):
        return []
    return [str(row[0]) for row in session.query(f"SELECT DISTINCT owner FROM {quoted(OWNERS)} WHERE tenant = ? ORDER BY 1", (tenant,))]


def leave_to_owners(target: Target, tenant: str, owner: str, snapshot: Snapshot, tables: Sequence[Table]) -> list[Hold]:
    """Take the rows of other sources out of what is absent and what the guards count; hold what would change one of them.

    Raises UsageProblem for a source without a name where named ones fill the tenant.
    """
    with target.reading() as session:
        known = owners_of(session, tenant)
        if not owner:
            if known:
                raise UsageProblem(
                    "several named sources fill this tenant", f"--source-name {known[0]}, or another name", f"tenant {tenant}"
                )
            return []
        if isinstance(session, Comparer):
            raise UsageProblem("this engine tells of rows that stay only their number, not whose they are", "one source per tenant", "--source-name")
        files = {table.name: _of_others(session, tenant, table, owner, snapshot.scratch.folder)
                 for table in tables if session.exists(table)}  # fmt: skip
    holds: list[Hold] = []
    for name, found in files.items():
        holds += _leave(snapshot, name, found)
    return holds


def _of_others(session: Session, tenant: str, table: Table, owner: str, folder: Path) -> list[Path]:
    mine = "false"
    values: tuple[str, ...] = (tenant,)
    if session.columns(OWNERS):
        mine = (
            f"EXISTS (SELECT 1 FROM {quoted(OWNERS)} AS o WHERE o.{quoted('tenant')} = t.{quoted('tenant')} AND o.entity = ?"
            f" AND o.{quoted('sourcedId')} = t.{quoted('sourcedId')} AND o.owner = ?)"
        )
        values = (tenant, table.name, owner)
    return session.export_rows(
        f"SELECT t.{quoted('sourcedId')} FROM {quoted(table.name)} AS t WHERE t.{quoted('tenant')} = ? AND NOT {mine}",
        values, {"sourcedId": pl.String}, folder / f"{table.name}.others",
    )  # fmt: skip


def _leave(snapshot: Snapshot, name: str, files: Sequence[Path]) -> list[Hold]:
    db = snapshot.scratch.db
    keys = f'SELECT "sourcedId" FROM {read_files(files)}'
    theirs = f'"sourcedId" IN ({keys})'
    make_writable(db, name)
    db.execute(f"DELETE FROM {changed(name)} WHERE kind IN ('{ABSENT}', '{STAGE}') AND {theirs}")
    rows = int((db.execute(f"SELECT count(*) FROM {changed(name)} WHERE {theirs}").fetchone() or (0,))[0])
    why = f"{rows:,} rows bear keys that another source of the tenant landed, with other content"
    held = list(mark(db, Hold(name, "conflict", "source", "", rows, why), theirs))
    own = quoted(f"own_{name}")
    db.execute(f'CREATE OR REPLACE TABLE {own} AS SELECT * FROM {target_of(name)} WHERE "sourcedId" NOT IN ({keys})')
    db.execute(f"CREATE OR REPLACE VIEW {target_of(name)} AS SELECT * FROM {own}")
    return held
