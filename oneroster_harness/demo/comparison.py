"""What landed against the truth: every table, every row, every column, by SQL.

Called by the loop. The truth comes from the mock's admin API, which reads the generator's records through the
vendor's scope and ids and none of the vendor's habits on the wire.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import requests

from oneroster_standard.standard import CsvFile, load

MANIFEST = "manifest.csv"
NEVER_LANDED = "password"
"""The one column that a consumer does not keep; its presence is a note of the run."""
KEY = "sourcedId"


@dataclass(frozen=True, slots=True)
class Compared:
    """One table: rows that landed, rows of the truth, rows that differ in any column or stand on one side only."""

    entity: str
    landed: int
    truth: int
    differ: int


def truth_of(admin_url: str, token: str, vendor: str, entity: str, channel: str) -> list[dict[str, Any]]:
    """Rows that a perfect consumer of the vendor would hold."""
    answer = requests.get(
        f"{admin_url}/vendors/{vendor}/truth/{entity}", params={"channel": channel}, timeout=600,
        headers={"Authorization": f"Bearer {token}"},
    )  # fmt: skip
    answer.raise_for_status()
    rows: list[dict[str, Any]] = answer.json()["rows"]
    return rows


def compare(database: Path, ready: dict[str, Any], vendor: str, channel: str, folder: Path) -> list[Compared]:
    """Compare every table of a landed DuckDB database with the truth of a vendor's channel (api or csv)."""
    found = []
    connection = duckdb.connect(":memory:")
    try:
        connection.execute(f"ATTACH '{_quoted(str(database))}' AS landed (READ_ONLY)")
        tables = {row[0] for row in connection.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'landed'").fetchall()}
        for file in load("1.1").csv_files.values():
            if file.name == MANIFEST:
                continue
            entity = file.name.removesuffix(".csv")
            rows = truth_of(ready["admin_url"], ready["admin_token"], vendor, entity, channel)
            if rows or entity in tables:
                found.append(_compare(connection, file, entity, rows, entity in tables, folder))
    finally:
        connection.close()
    return found


def _compare(
    connection: duckdb.DuckDBPyConnection, file: CsvFile, entity: str, rows: list[dict[str, Any]], has_table: bool, folder: Path
) -> Compared:
    if not has_table:
        return Compared(entity, 0, len(rows), len(rows))
    landed = _count(connection, f'SELECT count(*) FROM landed.main."{entity}"')
    if not rows:
        return Compared(entity, landed, 0, landed)
    path = folder / f"truth-{entity}.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    kinds = ", ".join(f"'{column.header}': '{'VARCHAR[]' if column.is_list else 'VARCHAR'}'" for column in file.columns)
    source = f"read_json('{_quoted(str(path))}', format = 'array', columns = {{{kinds}}}, maximum_object_size = 1073741824)"
    columns = [f'"{column.header}"' for column in file.columns if column.header != NEVER_LANDED]
    differs = " OR ".join(f"truth.{name} IS DISTINCT FROM mine.{name}" for name in columns)
    differ = _count(
        connection,
        f'SELECT count(*) FROM {source} AS truth FULL JOIN landed.main."{entity}" AS mine '
        f'ON truth."{KEY}" = mine."{KEY}" WHERE truth."{KEY}" IS NULL OR mine."{KEY}" IS NULL OR {differs}',
    )
    path.unlink()
    return Compared(entity, landed, len(rows), differ)


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _quoted(text: str) -> str:
    return text.replace("'", "''")
