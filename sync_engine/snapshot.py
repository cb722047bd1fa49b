"""A source's rows staged as Parquet, one folder per run, with what is known about how whole they are.

Written by the sources, read by the plan. Sets aside rows whose sourcedId is blank or stands for two different
contents. Never decides what is deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from sync_engine.landing import Table

BATCH_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class EntityRead:
    """What was read of one entity.

    rows: distinct rows staged. quarantined: sourcedIds (and rows without one) set aside. complete: whether the
    absence of a row means that it is gone. is_delta: only changes were read. was_read: False when the source
    refused or lacks the entity.
    """

    entity: str
    rows: int = 0
    quarantined: int = 0
    complete: bool = False
    is_delta: bool = False
    was_read: bool = True
    reasons: tuple[str, ...] = ()


@dataclass(slots=True)
class Snapshot:
    """All entities of one read of a source. folder holds NAME.parquet, and NAME.aside.parquet with ids set aside."""

    folder: Path
    version: str
    entities: dict[str, EntityRead] = field(default_factory=dict)
    requests: int = 0

    @property
    def rows(self) -> int:
        """Rows staged, over all entities."""
        return sum(found.rows for found in self.entities.values())

    def path(self, entity: str) -> Path:
        """Parquet file of an entity's rows: the standard's columns and `_state`."""
        return self.folder / f"{entity}.parquet"

    def aside(self, entity: str) -> Path:
        """Parquet file of the sourcedIds set aside."""
        return self.folder / f"{entity}.aside.parquet"


def schema(table: Table) -> dict[str, Any]:
    """Polars types of a table's own columns."""
    return {column.header: pl.List(pl.String) if column.is_list else pl.String for column in table.columns}


class Stage:
    """Collects the rows of one entity in batches on disk, so that memory stays flat.

    Rows are lists in order of the table's headers, or whole Polars frames with these columns.
    """

    def __init__(self, folder: Path, table: Table) -> None:
        self.table = table
        self._folder = folder
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
        name = self.table.name
        with duckdb.connect() as db:
            db.execute(f"SET temp_directory = '{_quoted(self._folder)}'")
            parts = ", ".join(f"'{_quoted(part)}'" for part in self._parts)
            db.execute(f"CREATE VIEW read AS SELECT * FROM read_parquet([{parts}])")
            counted = db.execute('SELECT count(*), count(DISTINCT "sourcedId"), count("sourcedId") FROM read')
            rows, distinct, named = counted.fetchone() or (0, 0, 0)
            source = "read"
            db.execute('CREATE TABLE aside ("sourcedId" VARCHAR)')
            if distinct != rows:
                db.execute('CREATE VIEW once AS SELECT DISTINCT * FROM read WHERE "sourcedId" IS NOT NULL')
                db.execute('INSERT INTO aside SELECT "sourcedId" FROM once GROUP BY 1 HAVING count(*) > 1')
                source = 'once WHERE "sourcedId" NOT IN (SELECT "sourcedId" FROM aside)'
            state = "CASE \"status\" WHEN 'tobedeleted' THEN 'removed' ELSE 'present' END AS \"_state\""
            kept_file = _quoted(self._folder / f"{name}.parquet")
            db.execute(f"COPY (SELECT *, {state} FROM {source}) TO '{kept_file}' (FORMAT parquet)")
            db.execute(f"COPY aside TO '{_quoted(self._folder / f'{name}.aside.parquet')}' (FORMAT parquet)")
            set_aside = int((db.execute("SELECT count(*) FROM aside").fetchone() or (0,))[0])
        for part in self._parts:
            part.unlink()
        return distinct - set_aside, set_aside + (rows - named)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
