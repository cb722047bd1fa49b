"""The images of rows that a run only added, many at once: the plan's own row file, kept whole in the target.

Written and read by the history, for files of so many new rows that a record of each would cost more than the rows. Such a row had
nothing before, so its file says all: which rows, and how they were.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from sync_engine.landing import Table
from sync_engine.sql_text import literal, quoted, read_files
from sync_engine.targets.session import Session

ADDED = "_oneroster_added"
LEAST_ROWS = 5_000
"""Files with fewer new rows are kept row by row."""
_PART_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class Added:
    """One file of one run."""

    number: int
    entity: str
    approved: bool
    file: Path


def create(session: Session) -> None:
    """Make the table if it is not there. rows: of the whole file, told by its first part."""
    if not session.bytes_type:
        return
    text = session.text_type
    session.query(
        f"CREATE TABLE IF NOT EXISTS {quoted(ADDED)} (number BIGINT NOT NULL, tenant {text} NOT NULL, entity {text} NOT NULL,"
        f" part BIGINT NOT NULL, rows BIGINT NOT NULL, approved BOOLEAN NOT NULL, content {session.bytes_type} NOT NULL)"
    )


def keep(session: Session, table: Table, tenant: str, file: Path, number: int, rows: int, *, approved: bool) -> None:
    """Keep a file of new rows."""
    with file.open("rb") as stream:
        part = 0
        while content := stream.read(_PART_BYTES):
            session.query(
                f"INSERT INTO {quoted(ADDED)} VALUES ({number}, ?, ?, {part}, {0 if part else rows}, {'true' if approved else 'false'}, ?)",
                (tenant, table.name, content),
            )
            part += 1


def moved_by_run(session: Session, number: int | None = None) -> dict[int, tuple[int, int]]:
    """Of every run that kept files, or of one: how many rows they hold, and a digest over them."""
    if not session.columns(ADDED):
        return {}
    where = "" if number is None else f" WHERE number = {number}"
    cells = "concat_ws(chr(31), entity, part, rows, md5(content))"
    found = session.query(
        f"SELECT number, sum(rows), CAST(sum({session.text_hash(cells)}) AS {session.text_type}) FROM {quoted(ADDED)}{where} GROUP BY number"
    )
    return {int(run): (int(rows), int(digest)) for run, rows, digest in found}


def files(
    session: Session, tenant: str, folder: Path, *, entities: Collection[str] = (), numbers: Collection[int] = (), after: int = 0
) -> list[Added]:
    """Bring files into a folder, those of some entities, of some runs, or of later runs than one."""
    if not session.columns(ADDED):
        return []
    where = [f"tenant = ? AND number > {after}"]
    if entities:
        where.append(f"entity IN ({', '.join(map(literal, entities))})")
    if numbers:
        where.append(f"number IN ({', '.join(map(str, numbers))})")
    parts = session.query(
        f"SELECT number, entity, approved, part FROM {quoted(ADDED)} WHERE {' AND '.join(where)} ORDER BY 1, 2, 3, 4", (tenant,)
    )
    found: dict[tuple[int, str, bool], Added] = {}
    for number, entity, approved, part in parts:
        one = Added(int(number), str(entity), bool(approved), folder / f"{entity}.added{number}{'a' if approved else ''}.parquet")
        with one.file.open("ab" if (number, entity, approved) in found else "wb") as file:
            file.write(_content(session, tenant, one, int(part)))
        found[number, entity, approved] = one
    return list(found.values())


def _content(session: Session, tenant: str, one: Added, part: int) -> bytes:
    ((content,),) = session.query(
        f"SELECT content FROM {quoted(ADDED)} WHERE tenant = ? AND entity = ? AND number = {one.number}"
        f" AND approved = {'true' if one.approved else 'false'} AND part = {part}", (tenant, one.entity),
    )  # fmt: skip
    return bytes(content)


def written(sql: str, file: Path) -> list[Path]:
    """Rows of a query over files, as a file; in a database of its own."""
    with duckdb.connect(config={"temp_directory": str(file.parent / "spill")}) as db:
        db.execute(f"COPY ({sql}) TO {literal(file)} (FORMAT parquet)")
    return [file]


def images(found: Sequence[Added], landed: Sequence[Path], table: Table, file: Path) -> list[Path]:
    """What the history tells of a run's rows (sourcedId, before, after, now), of files and of the rows as they stand."""
    if not found:
        return []
    rows = read_files([one.file for one in found])
    same = " AND ".join(f"t.{quoted(name)} IS NOT DISTINCT FROM s.{quoted(name)}" for name in table.content)
    now = (
        f"CASE WHEN t.\"sourcedId\" IS NULL THEN NULL WHEN {same} THEN 'same' ELSE 'other' END"
        if landed else "CAST(NULL AS VARCHAR)"
    )  # fmt: skip
    join = f" LEFT JOIN {read_files(landed)} AS t ON t.\"sourcedId\" = s.\"sourcedId\"" if landed else ""
    return written(f"SELECT s.\"sourcedId\", CAST(NULL AS VARCHAR) AS before, 'same' AS after, {now} AS now FROM {rows} AS s{join}", file)


def as_history(one: Added) -> str:
    """SQL of a file's rows, as the history's table would show them."""
    return (
        f"SELECT CAST({one.number} AS BIGINT) AS number, {literal(one.entity)} AS entity, \"sourcedId\", _kind AS kind,"
        f" _identity AS identity, {'true' if one.approved else 'false'} AS approved FROM {read_files([one.file])}"
    )
