"""A source's rows staged as Parquet, one folder per run, with what is known about how whole they are.

Written by the sources, read by the plan. Sets aside rows whose sourcedId is blank or stands for two different
contents. Never decides what is deleted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import duckdb
import polars as pl

from sync_engine.landing import Table
from sync_engine.quarantine import KEPT, NO_KEY, TWO_CONTENTS, Aside
from sync_engine.sql_text import literal, quoted
from sync_engine.watermarks import Mark

BATCH_ROWS = 20_000
MARKS = ("_kind", "_identity")
"""Columns of a plan's row files beside the content: the kind of change, and what it changes about who a row is. Staged rows bear them
as new rows would, so that a first landing's plan can take the staged file as it stands."""


@dataclass(frozen=True, slots=True)
class EntityRead:
    """What was read of one entity.

    rows: distinct rows staged. quarantined: sourcedIds (and rows without one) set aside. complete: whether the
    absence of a row means that it is gone. is_delta: only changes were read. was_read: False when the source
    refused or lacks the entity. since: the instant since which an API was asked for changes, empty for a whole read.
    within: the entity whose records hold these rows, where only the records that changed were read. why: what made an
    incremental run read the entity whole. mark and served: how far it was read, and how many rows the provider has;
    an empty mark is nothing to build upon. earlier: the mark before.
    asides: what was set aside, one by one up to a limit.
    """

    entity: str
    rows: int = 0
    quarantined: int = 0
    complete: bool = False
    is_delta: bool = False
    was_read: bool = True
    reasons: tuple[str, ...] = ()
    since: str = ""
    within: str = ""
    why: str = ""
    mark: str = ""
    served: int = 0
    earlier: Mark | None = None
    asides: tuple[Aside, ...] = ()


class Scratch:
    """A folder for one run's files, with a DuckDB beside them that spills there; a context manager.

    One database for the whole run: opening one costs more than most comparisons.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.db = duckdb.connect(config={"temp_directory": str(folder / "spill")})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.db.close()


@dataclass(slots=True)
class Snapshot:
    """All entities of one read: NAME.parquet, and NAME.aside.parquet with ids set aside, in the scratch folder.

    mark: which bundle of a drop folder it was. notes: what a person should know of the source as a whole. scope:
    fingerprint of who asked an API. is_announced: False for a bundle without a manifest.
    """

    scratch: Scratch
    version: str
    entities: dict[str, EntityRead] = field(default_factory=dict)
    requests: int = 0
    mark: str = ""
    notes: tuple[str, ...] = ()
    scope: str = ""
    is_announced: bool = True

    @property
    def rows(self) -> int:
        """Rows staged, over all entities."""
        return sum(found.rows for found in self.entities.values())

    def path(self, entity: str) -> Path:
        """Parquet file of an entity's rows: the standard's columns and `_state`, in order of their keys."""
        return self.scratch.folder / f"{entity}.parquet"

    def aside(self, entity: str) -> Path:
        """Parquet file of the sourcedIds set aside."""
        return self.scratch.folder / f"{entity}.aside.parquet"


def schema(table: Table) -> dict[str, Any]:
    """Polars types of a table's own columns."""
    return {column.header: pl.List(pl.String) if column.is_list else pl.String for column in table.columns}


class Stage:
    """Collects the rows of one entity in batches on disk, so that memory stays flat.

    Rows are lists in order of the table's headers, or whole Polars frames with these columns.
    """

    def __init__(self, scratch: Scratch, table: Table) -> None:
        self.table = table
        self._scratch = scratch
        self._rows: list[Sequence[Any]] = []
        self._parts: list[Path] = []
        self._schema = schema(table)
        self.asides: tuple[Aside, ...] = ()
        """What was set aside, known after `finish`; the place is the source's to say."""

    def add(self, row: Sequence[Any]) -> None:
        """Stage one row."""
        self._rows.append(row)
        if len(self._rows) >= BATCH_ROWS:
            self._flush()

    def add_frame(self, frame: pl.DataFrame) -> None:
        """Stage a frame with the table's columns."""
        part = self._scratch.folder / f"{self.table.name}.part{len(self._parts):05d}.parquet"
        frame.write_parquet(part, compression="lz4")
        self._parts.append(part)

    def _flush(self) -> None:
        if self._rows:
            self.add_frame(pl.DataFrame(self._rows, schema=self._schema, orient="row"))
            self._rows = []

    def finish(self) -> tuple[int, int]:
        """Write the entity's files; returns (rows kept, sourcedIds set aside) and removes the batches."""
        self._flush()
        if not self._parts:
            self.add_frame(pl.DataFrame(schema=self._schema))
        parts = ", ".join(literal(part) for part in self._parts)
        staged = stage_rows(self._scratch, self.table, f"read_parquet([{parts}])")
        for part in self._parts:
            part.unlink()
        self.asides = staged.asides
        return staged.kept, staged.aside


@dataclass(frozen=True, slots=True)
class Staged:
    """What came of staging rows. read: all of them. kept: distinct ones in the file. aside: set aside. told: sums of what was asked for.
    asides: what was set aside, one by one up to a limit; the place is the source's to say."""

    read: int
    kept: int
    aside: int
    told: Mapping[str, int] = field(default_factory=dict)
    asides: tuple[Aside, ...] = ()


def stage_rows(scratch: Scratch, table: Table, source: str, marks: Collection[str] = ()) -> Staged:
    """Write an entity's files from anything that DuckDB can select the table's columns from.

    marks: columns of numbers beside them, each of which is summed.
    """
    db, file = scratch.db, scratch.folder / f"{table.name}.parquet"
    names = ", ".join(map(quoted, table.headers))
    state = "CASE \"status\" WHEN 'tobedeleted' THEN 'inactive' ELSE 'present' END AS \"_state\", 'create' AS \"_kind\", '' AS \"_identity\""
    told = "".join(f", {quoted(mark)} AS {quoted(f'_of_{mark}')}" for mark in marks)
    _write(db, f"SELECT {names}, {state}{told} FROM {source}", file)
    counts = "".join(f", coalesce(sum({quoted(f'_of_{mark}')}), 0)" for mark in marks)
    rows, distinct, named, *sums = db.execute(
        f'SELECT count(*), count(DISTINCT "sourcedId"), count("sourcedId"){counts} FROM read_parquet({literal(file)})'
    ).fetchone() or (0, 0, 0)
    db.execute('CREATE OR REPLACE TABLE set_aside ("sourcedId" VARCHAR)')
    if distinct != rows:
        doubtful = file.with_suffix(".doubtful")
        file.replace(doubtful)
        db.execute(
            f'CREATE OR REPLACE VIEW once AS SELECT DISTINCT {names}, "_state" FROM read_parquet({literal(doubtful)})'
            ' WHERE "sourcedId" IS NOT NULL'
        )
        db.execute('INSERT INTO set_aside SELECT "sourcedId" FROM once GROUP BY 1 HAVING count(*) > 1')
        _write(db, 'SELECT * FROM once WHERE "sourcedId" NOT IN (SELECT "sourcedId" FROM set_aside)', file)
    db.execute(f"COPY set_aside TO {literal(scratch.folder / f'{table.name}.aside.parquet')} (FORMAT parquet)")
    aside = int((db.execute("SELECT count(*) FROM set_aside").fetchone() or (0,))[0])
    asides = _asides(db, table, aside, rows - named)
    file.with_suffix(".doubtful").unlink(missing_ok=True)
    return Staged(
        rows, distinct - aside, aside + (rows - named), dict(zip(marks, map(int, sums), strict=True)),
        asides,
    )  # fmt: skip


def _asides(db: duckdb.DuckDBPyConnection, table: Table, aside: int, without_key: int) -> tuple[Aside, ...]:
    found: list[Aside] = []
    if aside:
        cells = ", ".join(
            f"CASE WHEN count(DISTINCT coalesce(CAST({quoted(header)} AS VARCHAR), chr(0))) > 1 THEN '{header}' END"
            for header in table.headers
        )
        doubled = db.execute(
            f"SELECT \"sourcedId\", concat_ws(', ', {cells}), count(*) FROM once WHERE \"sourcedId\" IN (SELECT \"sourcedId\" FROM set_aside)"
            f" GROUP BY 1 ORDER BY 1 LIMIT {KEPT}"
        ).fetchall()
        found += [Aside(table.name, str(key), TWO_CONTENTS, columns, "", int(rows)) for key, columns, rows in doubled]
    if without_key:
        found.append(Aside(table.name, "", NO_KEY, "sourcedId", "", without_key))
    return tuple(found)


def _write(db: duckdb.DuckDBPyConnection, rows: str, file: Path) -> None:
    db.execute(f'COPY ({rows} ORDER BY "sourcedId") TO {literal(file)} (FORMAT parquet)')
