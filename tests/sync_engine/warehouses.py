"""A Spark warehouse seen by DuckDB: what stands there, read by another engine than the one that wrote it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

SETTINGS = (
    "master=local[2]&spark.driver.memory=1g&spark.sql.codegen.wholeStage=false&spark.sql.adaptive.enabled=false"
    "&spark.sql.shuffle.partitions=1"
)
"""Few rows are compared faster by a Spark that compiles nothing."""
_KINDS = {"STRING": "VARCHAR", "ARRAY<STRING>": "VARCHAR[]"}


@contextmanager
def landed(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with a view of each table of the newest version; empty when there is none."""
    with duckdb.connect() as db:
        versions = sorted((folder / "_oneroster" / "versions").glob("*.json"))
        tables = json.loads(versions[-1].read_text())["tables"] if versions else {}
        for name, table in tables.items():
            columns = {column: _KINDS.get(kind, kind) for column, kind in table["columns"]}
            listed = ", ".join(f'"{column}"' for column in columns)
            files = ", ".join(f"'{folder}/{part}/*.parquet'" for part in table["parts"])
            if files:
                rows = f"read_parquet([{files}], hive_partitioning = true, hive_types_autocast = false)"
                db.execute(f'CREATE VIEW "{name}" AS SELECT {listed} FROM {rows}')
            else:
                declared = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
                db.execute(f'CREATE TABLE "{name}" ({declared})')
        yield db
