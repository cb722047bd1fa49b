"""What a target remembers of its rows: the image before every change, and since when a row is gone.

Written by the apply inside its transaction, read by the plan's guards and by undo. These tables hold old content, like the landed tables beside
them; the record of runs does not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import polars as pl

from sync_engine import added
from sync_engine.comparison import CREATE
from sync_engine.landing import Table
from sync_engine.snapshot import MARKS
from sync_engine.sql_text import quoted, read_files
from sync_engine.targets.session import Session

HISTORY = "_oneroster_history"
GONE = "_oneroster_gone"
ERASE = "erase"


def create(session: Session) -> None:
    """Make both tables if they are not there."""
    text = session.text_type
    session.query(
        f"CREATE TABLE IF NOT EXISTS {quoted(HISTORY)} (number BIGINT NOT NULL, tenant {text} NOT NULL,"
        f" entity {text} NOT NULL, {quoted('sourcedId')} {text} NOT NULL, kind {text} NOT NULL,"
        f" identity {text} NOT NULL, approved BOOLEAN NOT NULL, before {text}, after {text} NOT NULL)"
    )
    added.create(session)
    session.query(
        f"CREATE TABLE IF NOT EXISTS {quoted(GONE)} (tenant {text} NOT NULL, entity {text} NOT NULL,"
        f" {quoted('sourcedId')} {text} NOT NULL, number BIGINT NOT NULL, since {text} NOT NULL,"
        f" counts BOOLEAN NOT NULL, PRIMARY KEY (tenant, entity, {quoted('sourcedId')}))"
    )


def is_kept(session: Session) -> bool:
    """Whether the target remembers anything."""
    return bool(session.columns(HISTORY))


def remember(
    session: Session, table: Table, tenant: str, file: Path, number: int, kinds: Mapping[str, int], *, approved: bool
) -> None:
    """Keep the image before of every row that a file of rows is about to replace or add. kinds: its rows by kind of change."""
    if session.bytes_type and kinds.keys() == {CREATE} and kinds[CREATE] >= added.LEAST_ROWS:
        added.keep(session, table, tenant, file, number, kinds[CREATE], approved=approved)
        return
    session.query(
        f"INSERT INTO {quoted(HISTORY)} SELECT {number}, ?, ?, s.{quoted('sourcedId')}, s.{quoted('_kind')},"
        f" s.{quoted('_identity')}, {_sql_bool(approved)},"
        f" CASE WHEN t.{quoted('sourcedId')} IS NULL THEN NULL ELSE {session.row_json('t', table.content)} END,"
        f" md5({session.row_json('s', table.content)})"
        f" FROM {session.staged(table, file, MARKS)} AS s LEFT JOIN {quoted(table.name)} AS t"
        f" ON t.{quoted('tenant')} = ? AND t.{quoted('sourcedId')} = s.{quoted('sourcedId')}",
        (tenant, table.name, tenant),
    )


def keep_track(
    session: Session, table: Table, tenant: str, file: Path, number: int, as_of: str, *, approved: bool
) -> None:
    """Note since when the rows of a file are gone, and forget those that are there again."""
    rows = session.staged(table, file, MARKS)
    own = "tenant = ? AND entity = ?"
    if session.query(f"SELECT count(*) FROM {quoted(GONE)} WHERE {own}", (tenant, table.name))[0][0]:
        session.query(
            f"DELETE FROM {quoted(GONE)} WHERE {own} AND {quoted('sourcedId')} IN"
            f" (SELECT {quoted('sourcedId')} FROM {rows} AS s WHERE s.{quoted('_state')} = 'present')",
            (tenant, table.name),
        )
    counts = "false" if approved else f"s.{quoted('_kind')} IN ('delete', 'absent')"
    session.query(
        f"INSERT INTO {quoted(GONE)} SELECT ?, ?, s.{quoted('sourcedId')}, {number}, ?, {counts} FROM {rows} AS s"
        f" WHERE s.{quoted('_state')} <> 'present' AND NOT EXISTS (SELECT 1 FROM {quoted(GONE)} AS g WHERE g.tenant = ?"
        f" AND g.entity = ? AND g.{quoted('sourcedId')} = s.{quoted('sourcedId')})",
        (tenant, table.name, as_of, tenant, table.name),
    )


def erase(session: Session, table: Table, tenant: str, file: Path, number: int) -> None:
    """Take rows out again that a run had added, and keep their images; only undo asks for this."""
    rows = session.staged(table, file, MARKS)
    session.query(
        f"INSERT INTO {quoted(HISTORY)} SELECT {number}, ?, ?, t.{quoted('sourcedId')}, '{ERASE}', '', true,"
        f" {session.row_json('t', table.content)}, '' FROM {quoted(table.name)} AS t JOIN {rows} AS s"
        f" ON t.{quoted('sourcedId')} = s.{quoted('sourcedId')} WHERE t.{quoted('tenant')} = ?",
        (tenant, table.name, tenant),
    )
    for name, values in ((table.name, (tenant,)), (GONE, (tenant, table.name))):
        entity = "" if name == table.name else " AND entity = ?"
        session.query(
            f"DELETE FROM {quoted(name)} WHERE {quoted('tenant')} = ?{entity} AND {quoted('sourcedId')} IN"
            f" (SELECT {quoted('sourcedId')} FROM {rows} AS s)",
            values,
        )


def moved(session: Session, number: int) -> str:
    """How many images a run left and a digest over them, the same in any order."""
    return moved_by_run(session, number).get(number, "0:0")


def moved_by_run(session: Session, number: int | None = None) -> dict[int, str]:
    """The same of every run that left an image, or of one."""
    cells = ", ".join(
        f"coalesce({name}, '')" for name in ("entity", quoted("sourcedId"), "kind", "identity", "before", "after")
    )
    where = "" if number is None else f" WHERE number = {number}"
    found = session.query(
        f"SELECT number, count(*), CAST(sum({session.text_hash(f'concat_ws(chr(31), {cells})')}) AS {session.text_type})"
        f" FROM {quoted(HISTORY)}{where} GROUP BY number"
    )
    sums = {int(run): (int(rows), int(digest)) for run, rows, digest in found}
    for run, (rows, digest) in added.moved_by_run(session, number).items():
        other = sums.get(run, (0, 0))
        sums[run] = (rows + other[0], digest + other[1])
    return {run: f"{rows}:{digest}" for run, (rows, digest) in sums.items()}


def gone_rows(session: Session, tenant: str, folder: Path) -> list[Path]:
    """Parquet of the rows that are gone: entity, sourcedId, number, since, counts."""
    if not session.columns(GONE):
        return []
    return session.export_rows(
        f"SELECT entity, {quoted('sourcedId')}, number, since, counts FROM {quoted(GONE)} WHERE tenant = ?", (tenant,),
        {"entity": pl.String, "sourcedId": pl.String, "number": pl.Int64, "since": pl.String, "counts": pl.Boolean},
        folder / "gone",
    )  # fmt: skip


def changes_of(
    session: Session, tenant: str, numbers: Sequence[int], folder: Path, *, only: str, name: str, entities: Collection[str] = ()
) -> list[Path]:
    """Parquet of what some runs did (entity, sourcedId, identity), where a condition holds.

    entities: those whose new rows may fulfil it; none when a new row never does.
    """
    if not numbers or not is_kept(session):
        return []
    listed = ", ".join(map(str, numbers))
    found = session.export_rows(
        f"SELECT entity, {quoted('sourcedId')}, identity FROM {quoted(HISTORY)} WHERE tenant = ?"
        f" AND number IN ({listed}) AND {only}", (tenant,),
        {"entity": pl.String, "sourcedId": pl.String, "identity": pl.String}, folder / name,
    )  # fmt: skip
    for place, one in enumerate(added.files(session, tenant, folder, entities=entities, numbers=numbers) if entities else ()):
        found += added.written(
            f"SELECT entity, \"sourcedId\", identity FROM ({added.as_history(one)}) WHERE {only}", folder / f"{name}.added{place}.parquet"
        )
    return found


def images_of(session: Session, tenant: str, number: int, table: Table, folder: Path) -> list[Path]:
    """Parquet of what a run did to one table, with the row as it stands now.

    Columns: sourcedId, before (JSON or null), after (md5 of JSON), now (the same of today's row, null for none).
    """
    found = added.files(session, tenant, folder, entities=(table.name,), numbers=(number,))
    landed = session.export(table, tenant, folder) if found else []
    return added.images(found, landed, table, folder / f"{table.name}.added.parquet") + session.export_rows(
        f"SELECT h.{quoted('sourcedId')}, h.before, h.after, CASE WHEN t.{quoted('sourcedId')} IS NULL THEN NULL"
        f" ELSE md5({session.row_json('t', table.content)}) END AS now FROM {quoted(HISTORY)} AS h"
        f" LEFT JOIN {quoted(table.name)} AS t ON t.{quoted('tenant')} = h.tenant"
        f" AND t.{quoted('sourcedId')} = h.{quoted('sourcedId')}"
        f" WHERE h.tenant = ? AND h.entity = ? AND h.number = {number}", (tenant, table.name),
        {"sourcedId": pl.String, "before": pl.String, "after": pl.String, "now": pl.String},
        folder / f"{table.name}.images",
    )  # fmt: skip


def foreign_rows(session: Session, tenant: str, table: Table, folder: Path) -> list[Path]:
    """Parquet of the keys of rows that no sync ever wrote: somebody else's, put into the landed table."""
    if not is_kept(session):
        return []
    found = session.export_rows(
        f"SELECT t.{quoted('sourcedId')} FROM {quoted(table.name)} AS t WHERE t.{quoted('tenant')} = ? AND NOT EXISTS"
        f" (SELECT 1 FROM {quoted(HISTORY)} AS h WHERE h.tenant = t.{quoted('tenant')} AND h.entity = ?"
        f" AND h.{quoted('sourcedId')} = t.{quoted('sourcedId')})", (tenant, table.name), {"sourcedId": pl.String},
        folder / f"{table.name}.foreign",
    )  # fmt: skip
    kept = added.files(session, tenant, folder, entities=(table.name,))
    if not kept:
        return found
    own = " UNION ALL ".join(f"SELECT \"sourcedId\" FROM ({added.as_history(one)})" for one in kept)
    return added.written(
        f"SELECT * FROM {read_files(found)} WHERE \"sourcedId\" NOT IN ({own})", folder / f"{table.name}.foreign.parquet"
    )


def later_runs(session: Session, tenant: str, number: int, folder: Path) -> list[int]:
    """Numbers of the runs that wrote, after a run, to rows of that run."""
    files = session.export_rows(
        f"SELECT number, entity, {quoted('sourcedId')} FROM {quoted(HISTORY)} WHERE tenant = ? AND number >= {number}", (tenant,),
        {"number": pl.Int64, "entity": pl.String, "sourcedId": pl.String}, folder / "later",
    )  # fmt: skip
    kept = added.files(session, tenant, folder, after=number - 1)
    every = " UNION ALL ".join(
        f"SELECT number, entity, \"sourcedId\" FROM {source}"
        for source in (read_files(files), *(f"({added.as_history(one)})" for one in kept))
    )
    (found,) = added.written(
        f"WITH every AS ({every}) SELECT DISTINCT l.number FROM every AS l JOIN every AS h ON h.entity = l.entity"
        f" AND h.\"sourcedId\" = l.\"sourcedId\" WHERE h.number = {number} AND l.number > {number} ORDER BY 1", folder / "later.parquet",
    )  # fmt: skip
    return [int(row) for row in pl.read_parquet(found)["number"]]


def _sql_bool(value: bool) -> str:
    return "true" if value else "false"
