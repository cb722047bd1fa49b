"""Other keys of landed records: after a change of vendor the new key means the row that is there already.

Written by `sync aliases`, used by every plan of the tenant: what a source calls by an alias lands under the key that it has. Nothing
becomes an alias by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from oneroster_harness.problems import CannotRun
from sync_engine.difference import read_files
from sync_engine.landing import Table, tables
from sync_engine.snapshot import Snapshot
from sync_engine.sql_text import literal, quoted
from sync_engine.targets.session import Session

ALIASES = "_oneroster_aliases"
_COLUMNS = ("tenant", "entity", "alias", "sourcedId", "matched_by", "approved_by", "at")
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Alias:
    """One key that a source uses for a landed row. sourcedId: the row's own key."""

    entity: str
    alias: str
    sourced_id: str
    matched_by: str
    approved_by: str = ""
    at: str = ""


def create(session: Session) -> None:
    """Make the table if it is not there."""
    columns = ", ".join(f"{quoted(name)} {session.text_type} NOT NULL" for name in _COLUMNS)
    key = ", ".join(map(quoted, ("tenant", "entity", "alias")))
    session.query(f"CREATE TABLE IF NOT EXISTS {quoted(ALIASES)} ({columns}, PRIMARY KEY ({key}))")


def add(session: Session, tenant: str, found: list[Alias]) -> None:
    """Keep aliases; one that was kept already is replaced."""
    create(session)
    marks = f"({', '.join('?' for _ in _COLUMNS)})"
    for first in range(0, len(found), _BATCH):
        batch = found[first : first + _BATCH]
        values = [cell for one in batch for cell in
                  (tenant, one.entity, one.alias, one.sourced_id, one.matched_by, one.approved_by, one.at)]  # fmt: skip
        session.query(
            f"INSERT INTO {quoted(ALIASES)} ({', '.join(map(quoted, _COLUMNS))}) VALUES {', '.join([marks] * len(batch))}"
            f" ON CONFLICT ({', '.join(map(quoted, _COLUMNS[:3]))}) DO UPDATE SET "
            + ", ".join(f"{quoted(name)} = excluded.{quoted(name)}" for name in _COLUMNS[3:]),
            values,
        )


def forget(session: Session, tenant: str, found: Iterable[Alias]) -> None:
    """Take aliases out; the source's key is a key of its own again."""
    for one in found:
        session.query(
            f"DELETE FROM {quoted(ALIASES)} WHERE tenant = ? AND entity = ? AND alias = ?", (tenant, one.entity, one.alias)
        )


def listed(session: Session, tenant: str) -> list[Alias]:
    """A tenant's aliases in order."""
    if not session.columns(ALIASES):
        return []
    rows = session.query(
        f"SELECT {', '.join(map(quoted, _COLUMNS[1:]))} FROM {quoted(ALIASES)} WHERE tenant = ? ORDER BY entity, alias", (tenant,)
    )
    return [Alias(*map(str, row)) for row in rows]


def translate(session: Session, tenant: str, snapshot: Snapshot) -> int:
    """Give the snapshot's rows, and what refers to them, the keys that have landed; returns the number of aliases.

    Raises CannotRun when two records of the source would become one.
    """
    if not session.columns(ALIASES):
        return 0
    files = session.export_rows(
        f"SELECT entity, alias, {quoted('sourcedId')} FROM {quoted(ALIASES)} WHERE tenant = ?", (tenant,),
        {"entity": pl.String, "alias": pl.String, "sourcedId": pl.String}, snapshot.scratch.folder / "aliases",
    )  # fmt: skip
    db = snapshot.scratch.db
    db.execute(f"CREATE OR REPLACE TABLE aliases AS SELECT * FROM {read_files(files)}")
    known = dict(db.execute("SELECT entity, count(*) FROM aliases GROUP BY 1").fetchall())
    for name, table in tables(snapshot.version).items():
        if name in snapshot.entities and snapshot.entities[name].was_read:
            _translate(snapshot, table, set(known))
    return sum(known.values())


def _translate(snapshot: Snapshot, table: Table, known: set[str]) -> None:
    db, file = snapshot.scratch.db, snapshot.path(table.name)
    meant = {"sourcedId": table.name} | {
        column.header: column.references.removesuffix(".csv") for column in table.columns if column.references
    }
    meant = {header: entity for header, entity in meant.items() if entity in known}
    if not meant:
        return
    cells, joins = [], []
    for number, header in enumerate((*table.headers, "_state")):
        column = f"s.{quoted(header)}"
        if header not in meant:
            cells.append(column)
            continue
        entity = literal(meant[header])
        if table.is_list(header):
            joins.append(
                f"LEFT JOIN (SELECT row, list(coalesce(a.\"sourcedId\", item) ORDER BY place) AS items FROM (SELECT row,"
                f" unnest({quoted(header)}) AS item, generate_subscripts({quoted(header)}, 1) AS place FROM numbered)"
                f" LEFT JOIN aliases AS a ON a.entity = {entity} AND a.alias = item GROUP BY row) AS j{number}"
                f" ON j{number}.row = s.row"
            )
            cells.append(f"coalesce(j{number}.items, {column}) AS {quoted(header)}")
        else:
            joins.append(f"LEFT JOIN aliases AS j{number} ON j{number}.entity = {entity} AND j{number}.alias = {column}")
            cells.append(f"coalesce(j{number}.\"sourcedId\", {column}) AS {quoted(header)}")
    db.execute(f"CREATE OR REPLACE TABLE numbered AS SELECT *, row_number() OVER () AS row FROM {read_files([file])}")
    db.execute(f"CREATE OR REPLACE TABLE translated AS SELECT {', '.join(cells)} FROM numbered AS s {' '.join(joins)}")
    # A row that came under a new key leaves the mark of its old one behind.
    db.execute(
        "DELETE FROM translated WHERE _state <> 'present' AND \"sourcedId\" IN (SELECT \"sourcedId\" FROM translated GROUP BY 1"
        " HAVING count(*) > 1 AND count(*) FILTER (_state = 'present') = 1)"
    )
    doubled = db.execute('SELECT count(*) FROM (SELECT 1 FROM translated GROUP BY "sourcedId" HAVING count(*) > 1)').fetchone()
    if doubled and doubled[0]:
        raise CannotRun(
            f"{doubled[0]:,} rows of {table.name} would be two records of the source each", "aliases that mean one record",
            f"aliases of {table.name}", "`oneroster sync aliases TARGET --forget FILE` with the rows that are wrong",
            "sync.alias-conflict",
        )  # fmt: skip
    _write(snapshot, "translated", file)
    if table.name in known:
        aside = snapshot.aside(table.name)
        db.execute(
            f"CREATE OR REPLACE TABLE translated AS SELECT coalesce(a.\"sourcedId\", s.\"sourcedId\") AS \"sourcedId\""
            f" FROM {read_files([aside])} AS s LEFT JOIN aliases AS a ON a.entity = {literal(table.name)} AND a.alias = s.\"sourcedId\""
        )
        _write(snapshot, "translated", aside)


def _write(snapshot: Snapshot, table: str, file: Path) -> None:
    snapshot.scratch.db.execute(f"COPY {table} TO {literal(file)} (FORMAT parquet)")
