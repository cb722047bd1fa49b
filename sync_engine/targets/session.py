"""One transaction on a target: what every engine can do, written once in SQL that DuckDB and PostgreSQL share.

Called by the plan (reading) and the apply (writing). An engine adds its types, its row hash, and how files go in and
rows come out. Never commits half: the engine's context manager commits or rolls back as a whole.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from oneroster_harness.problems import CannotRun
from sync_engine.landing import NEVER_LANDED, Table
from sync_engine.sql_text import quoted


class Target(Protocol):
    """A database that a roster lands in. address: how it is written down, without a secret."""

    address: str

    def is_there(self) -> bool:
        """Whether there is a database to look into; False for a file that nobody has made yet."""
        ...

    def reading(self) -> AbstractContextManager[Session]:
        """One consistent view. Raises CannotRun when the database cannot be reached."""
        ...

    def writing(self) -> AbstractContextManager[Session]:
        """One locked transaction: commits at the end of the block, rolls back on any error."""
        ...


def _names(names: Iterable[str], prefix: str = "") -> str:
    return ", ".join(prefix + quoted(name) for name in names)


class Session(ABC):
    """What happens inside one transaction. Parameters are written `?`."""

    text_type: str
    marks_exports: bool = False
    """Whether exported rows bear a `fingerprint`, made by this DuckDB as the scratch would make it."""
    bytes_type: str = ""
    """Type of a column of bytes; empty where a run's new rows are kept one by one, since no file is worth keeping whole."""
    has_keys: bool = True
    """Whether landed tables have a primary key; without one, `put` itself keeps keys from standing twice."""

    @abstractmethod
    def query(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows, none for a statement without rows."""

    @abstractmethod
    def row_hash(self, columns: Sequence[str]) -> str:
        """SQL of a whole number that depends on all these columns of a row."""

    @abstractmethod
    def row_json(self, alias: str, columns: Sequence[str]) -> str:
        """SQL of these columns of a row as the text of one JSON object, the same for the same row."""

    @abstractmethod
    def text_hash(self, expression: str) -> str:
        """SQL of a whole number that depends on a text, by MD5, the same in every release of the engine."""

    @abstractmethod
    def staged(self, table: Table, file: Path, marks: Sequence[str] = ()) -> str:
        """Make a Parquet file of rows (`table.content`, and text columns named by marks) readable; returns what to
        select from."""

    @abstractmethod
    def export(self, table: Table, tenant: str, folder: Path) -> list[Path]:
        """Write a tenant's rows (`table.content`) as Parquet files; none when the table does not exist."""

    @abstractmethod
    def export_rows(self, sql: str, values: Sequence[Any], schema: Mapping[str, Any], stem: Path) -> list[Path]:
        """Write the rows of a query as Parquet files whose names begin with a stem. schema: Polars types."""

    @abstractmethod
    def lock(self, tables: Iterable[Table]) -> None:
        """Keep other writers away from these tables until the transaction ends."""

    def columns(self, name: str) -> set[str]:
        """Column names of a table in the default schema; empty when there is no such table.

        The catalogue is asked once for all tables, and again for one that was not there: it answers slower than most statements.
        """
        if name not in self._columns:
            self._columns.update(self._columns_now())
        return self._columns.get(name, set())

    @cached_property
    def _columns(self) -> dict[str, set[str]]:
        return {}

    def _columns_now(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for table, column in self.query(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = current_schema() AND table_catalog = current_database()"
        ):
            found.setdefault(str(table), set()).add(str(column))
        return found

    def exists(self, table: Table) -> bool:
        """Whether the table is there.

        Raises CannotRun when a table of that name has other columns than the landed ones.
        """
        found = self.columns(table.name)
        missing = [name for name in ("tenant", *table.content) if name not in found]
        if found and missing:
            raise CannotRun(
                f"the target's table {table.name} lacks the columns {', '.join(missing)}",
                "a table that the sync made, for the same version of the standard", f"table {table.name}",
                "choose another database, or rename that table", "sync.foreign-table",
            )  # fmt: skip
        return bool(found)

    def digest(self, tables: Iterable[Table], tenant: str) -> str:
        """A tenant's state in these tables as one short text, the same for the same rows in any order."""
        state: list[tuple[str, int, str]] = []
        for table in sorted(tables, key=lambda one: one.name):
            if not self.exists(table):
                continue
            rows, total = self.state_of(table, tenant)
            # An empty table is the same state as none.
            if rows:
                state.append((table.name, rows, total))
        return hashlib.sha256(json.dumps(state).encode()).hexdigest()

    def state_of(self, table: Table, tenant: str) -> tuple[int, str]:
        """Number of a tenant's rows in a table and the sum of their hashes."""
        counted = self.query(
            f"SELECT count(*), CAST(sum({self.row_hash(table.content)}) AS {self.text_type})"
            f" FROM {quoted(table.name)} WHERE {quoted('tenant')} = ?",
            (tenant,),
        )
        return int(counted[0][0]), str(counted[0][1])

    def create(self, table: Table) -> None:
        """Make the table if it is not there; what an earlier release kept and must not be kept is taken out."""
        columns = [f"{quoted('tenant')} {self.text_type} NOT NULL"]
        for column in table.columns:
            kind = f"{self.text_type}[]" if column.is_list else self.text_type
            rule = " NOT NULL" if column.header in ("sourcedId", "status") else ""
            columns.append(f"{quoted(column.header)} {kind}{rule}")
        columns.append(f"{quoted('_state')} {self.text_type} NOT NULL")
        if self.has_keys:
            columns.append(f"PRIMARY KEY ({_names(('tenant', 'sourcedId'))})")
        self.query(f"CREATE TABLE IF NOT EXISTS {quoted(table.name)} ({', '.join(columns)})")
        for name in self.columns(table.name).intersection(NEVER_LANDED):
            self.query(f"ALTER TABLE {quoted(table.name)} DROP COLUMN {quoted(name)}")
            self._columns.pop(table.name, None)

    def in_effect(self, table: Table, tenant: str, file: Path, marks: Sequence[str] = ()) -> bool:
        """Whether every row of the file stands in the target already, column for column."""
        if not self.exists(table):
            return False
        differs = " OR ".join(f"s.{quoted(name)} IS DISTINCT FROM t.{quoted(name)}" for name in table.content)
        missing = self.query(
            f"SELECT count(*) FROM {self.staged(table, file, marks)} AS s LEFT JOIN {quoted(table.name)} AS t"
            f' ON t."tenant" = ? AND t."sourcedId" = s."sourcedId" WHERE t."sourcedId" IS NULL OR {differs}',
            (tenant,),
        )
        return int(missing[0][0]) == 0

    def put(self, table: Table, tenant: str, file: Path, marks: Sequence[str] = ()) -> None:
        """Insert the file's rows into an existing table, or replace rows of the same (tenant, sourcedId)."""
        others = [name for name in table.content if name != "sourcedId"]
        replaced = ", ".join(f"{quoted(name)} = excluded.{quoted(name)}" for name in others)
        self.query(
            f"INSERT INTO {quoted(table.name)} ({quoted('tenant')}, {_names(table.content)})"
            f" SELECT ?, {_names(table.content, 's.')} FROM {self.staged(table, file, marks)} AS s"
            f" WHERE true ON CONFLICT ({_names(('tenant', 'sourcedId'))}) DO UPDATE SET {replaced}",
            (tenant,),
        )
