"""A source's rows staged as Parquet, one folder per run, with what is known about how whole they are.

Written by the sources, read by the plan. Sets aside rows whose sourcedId is blank or stands for two different
contents. Never decides what is deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import duckdb
import polars as pl

from sync_engine.landing import Table
from sync_engine.sql_text import literal
from sync_engine.watermarks import Mark

BATCH_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class EntityRead:
    """What was read of one entity.

    rows: distinct rows staged. quarantined: sourcedIds (and rows without one) set aside. complete: whether the
    absence of a row means that it is gone. is_delta: only changes were read. was_read: False when the source
    refused or lacks the entity. since: the instant since which an API was asked for changes, empty for a whole read.
    within: the entity whose records hold these rows, where only the records that changed were read. why: what made an
    incremental run read the entity whole. mark and served: how far it was read, and how many rows the provider has;
    an empty mark is nothing to build upon. earlier: the mark before.
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
    fingerprint of who asked an API.
    """

    scratch: Scratch
    version: str
    entities: dict[str, EntityRead] = field(default_factory=dict)
    requests: int = 0
    mark: str = ""
    notes: tuple[str, ...] = ()
    scope: str = ""

    @property
    def rows(self) -> int:
        """Rows staged, over all entities."""
        return sum(found.rows for found in self.entities.values())

    def path(self, entity: str) -> Path:
        """Parquet file of an entity's rows: the standard's columns and `_state`."""
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
        self._db = scratch.db
        self._folder = scratch.folder
        self._rows: list[Sequence[Any]] = []
        self._parts: list[Path] = []
        self._schema = schema(table)

    def add(self, row: Sequence[Any]) -> None:
        """Stage one row."""
        self._rows.append(row)
        if len(self._rows) >= BATCH_ROWS:
            self._flush()

    def add_frame(self, frame: pl.DataFrame) -> None:
        """Stage a frame with the table's columns."""
        part = self._folder / f"{self.table.name}.part{len(self._parts):05d}.parquet"
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
        db, name = self._db, self.table.name
        parts = ", ".join(literal(part) for part in self._parts)
        db.execute(f"CREATE OR REPLACE VIEW read AS SELECT * FROM read_parquet([{parts}])")
        counted = db.execute('SELECT count(*), count(DISTINCT "sourcedId"), count("sourcedId") FROM read')
        rows, distinct, named = counted.fetchone() or (0, 0, 0)
        source = "read"
        db.execute('CREATE OR REPLACE TABLE set_aside ("sourcedId" VARCHAR)')
        if distinct != rows:
            db.execute(
                'CREATE OR REPLACE VIEW once AS SELECT DISTINCT * FROM read WHERE "sourcedId" IS NOT NULL'
            )
            db.execute('INSERT INTO set_aside SELECT "sourcedId" FROM once GROUP BY 1 HAVING count(*) > 1')
            source = 'once WHERE "sourcedId" NOT IN (SELECT "sourcedId" FROM set_aside)'
        state = "CASE \"status\" WHEN 'tobedeleted' THEN 'inactive' ELSE 'present' END AS \"_state\""
        kept_file = literal(self._folder / f"{name}.parquet")
        db.execute(f"COPY (SELECT *, {state} FROM {source}) TO {kept_file} (FORMAT parquet)")
        db.execute(f"COPY set_aside TO {literal(self._folder / f'{name}.aside.parquet')} (FORMAT parquet)")
        set_aside = int((db.execute("SELECT count(*) FROM set_aside").fetchone() or (0,))[0])
        for part in self._parts:
            part.unlink()
        return distinct - set_aside, set_aside + (rows - named)
