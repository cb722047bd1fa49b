"""DuckDB as a target: a file that is locked by the process that writes it.

Called through `open_target`. A file that did not exist before a failed apply does not exist after it either.
"""

from __future__ import annotations

import hashlib
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_fixed

from oneroster_harness.problems import CannotRun
from sync_engine.difference import fingerprint
from sync_engine.landing import Table
from sync_engine.sql_text import literal, quoted
from sync_engine.targets.session import Session

LOOK_AGAIN_S = 0.2
_OPEN: defaultdict[Path, threading.RLock] = defaultdict(threading.RLock)
"""One session per file within a process: DuckDB refuses a file that is open for reading to one that writes."""


class DuckDbSession(Session):
    """One transaction on a DuckDB connection."""

    text_type = "VARCHAR"
    marks_exports = True
    bytes_type = "BLOB"
    # DuckDB's index costs as much as the rows, in time and on disk, and finds nothing faster: every statement here is about many rows.
    has_keys = False

    def __init__(self, db: duckdb.DuckDBPyConnection) -> None:
        self._db = db

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement."""
        return self._db.execute(sql, list(values)).fetchall()

    def row_hash(self, columns: Sequence[str]) -> str:
        """DuckDB's own 64-bit hash, widened so that it can be summed."""
        return f"CAST(hash({', '.join(map(quoted, columns))}) AS HUGEINT)"

    def lock(self, tables: Iterable[Table]) -> None:
        """The file itself is locked while it is open for writing."""

    def row_json(self, alias: str, columns: Sequence[str]) -> str:
        """A struct as JSON."""
        cells = ", ".join(f"{quoted(name)} := {alias}.{quoted(name)}" for name in columns)
        return f"CAST(to_json(struct_pack({cells})) AS VARCHAR)"

    def text_hash(self, expression: str) -> str:
        """The lower half of the MD5."""
        return f"CAST(md5_number_lower({expression}) AS HUGEINT)"

    def staged(self, table: Table, file: Path, marks: Sequence[str] = ()) -> str:
        """Parquet is read in place."""
        return f"read_parquet({literal(file)})"

    def put(self, table: Table, tenant: str, file: Path, marks: Sequence[str] = ()) -> None:
        """Rows of these keys go, then the file's rows come; a table of an earlier release has its key still."""
        if self._is_keyed(table):
            super().put(table, tenant, file, marks)
            return
        rows, own = self.staged(table, file, marks), f"{quoted(table.name)} WHERE {quoted('tenant')} = ?"
        if self.query(f"SELECT 1 FROM {own} LIMIT 1", (tenant,)):
            self.query(f"DELETE FROM {own} AND {quoted('sourcedId')} IN (SELECT {quoted('sourcedId')} FROM {rows})", (tenant,))
        names = ", ".join(map(quoted, table.content))
        self.query(f"INSERT INTO {quoted(table.name)} ({quoted('tenant')}, {names}) SELECT ?, {names} FROM {rows}", (tenant,))

    def _is_keyed(self, table: Table) -> bool:
        found = self.query(
            "SELECT 1 FROM duckdb_constraints() WHERE constraint_type = 'PRIMARY KEY' AND table_name = ?"
            " AND schema_name = current_schema() AND database_name = current_database()", (table.name,),
        )  # fmt: skip
        return bool(found)

    def export_rows(self, sql: str, values: Sequence[Any], schema: Mapping[str, Any], stem: Path) -> list[Path]:
        """One file, written by DuckDB itself, which takes no parameters there."""
        parts = sql.split("?")
        filled = "".join(part + literal(value) for part, value in zip(parts, values, strict=False)) + parts[-1]
        file = stem.with_name(f"{stem.name}.00000.parquet")
        self._db.execute(f"COPY ({filled}) TO {literal(file)} (FORMAT parquet)")
        return [file]

    def export(self, table: Table, tenant: str, folder: Path) -> list[Path]:
        """One file, written by DuckDB itself."""
        if not self.exists(table):
            return []
        file = folder / f"{table.name}.target.parquet"
        self._db.execute(
            f"COPY (SELECT {', '.join(map(quoted, table.content))}, {fingerprint(table.content)} AS fingerprint FROM {quoted(table.name)}"
            f" WHERE {quoted('tenant')} = {literal(tenant)}) TO {literal(file)} (FORMAT parquet)"
        )
        return [file]


class DuckDbTarget:
    """A DuckDB file. path: absolute, need not exist yet. locked_wait_s: how long another process is waited for."""

    def __init__(self, path: Path, locked_wait_s: float = 0.0) -> None:
        self.path = path
        self.locked_wait_s = locked_wait_s
        self.address = f"duckdb:///{path}"

    def is_there(self) -> bool:
        """Whether the file exists."""
        return self.path.exists()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A read-only view; a file that is not there is an empty database and stays not there."""
        self._require_folder()
        with _OPEN[self.path]:
            if not self.path.exists():
                with duckdb.connect() as empty:
                    yield DuckDbSession(empty)
                return
            with self._connect(read_only=True) as db:
                yield from self._transaction(db)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction; DuckDB's file lock keeps other processes out."""
        self._require_folder()
        with _OPEN[self.path]:
            is_new = not self.path.exists()
            try:
                with self._connect(read_only=False) as db:
                    yield from self._transaction(db)
            except BaseException:
                if is_new:
                    self.path.unlink(missing_ok=True)
                    self.path.with_name(f"{self.path.name}.wal").unlink(missing_ok=True)
                raise

    @contextmanager
    def claim(self, tenant: str) -> Iterator[bool]:
        """A lock on an empty file beside the database, which the system lets go of when the process ends."""
        import fcntl

        self._require_folder()
        name = f"{self.path.name}.{hashlib.sha256(tenant.encode()).hexdigest()[:8]}.lock"
        with self.path.with_name(name).open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    def _transaction(self, db: duckdb.DuckDBPyConnection) -> Iterator[Session]:
        db.execute("BEGIN")
        try:
            yield DuckDbSession(db)
            db.execute("COMMIT")
        except duckdb.Error as error:
            _roll_back(db)
            raise CannotRun(
                f"the target failed ({type(error).__name__}); nothing was kept", "all changes or none", self.address, "check the disk's free space and the file's rights", "sync.target-failed",
            ) from error  # fmt: skip
        except BaseException:
            _roll_back(db)
            raise

    def _connect(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        # Another process may look into the file for a moment; whoever can wait for it says so by locked_wait_s.
        patient = Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, duckdb.IOException) and "lock" in str(error).lower()),
            stop=stop_after_delay(self.locked_wait_s), wait=wait_fixed(LOOK_AGAIN_S), reraise=True,
        )  # fmt: skip
        try:
            return patient(duckdb.connect, str(self.path), read_only=read_only)
        except duckdb.Error as error:
            locked = "lock" in str(error).lower()
            met = "another process holds the target" if locked else "the target cannot be opened as DuckDB"
            raise CannotRun(
                met, "a DuckDB file that may be read and written", self.address,
                "end the other process" if locked else "check the path", "sync.target-not-opened",
            ) from error  # fmt: skip

    def _require_folder(self) -> None:
        if not self.path.parent.is_dir():
            raise CannotRun(
                "the target's folder does not exist", "an existing folder", str(self.path.parent),
                "make it, or correct the path; relative paths have three slashes, absolute ones four",
                "sync.target-not-opened",
            )  # fmt: skip


def _roll_back(db: duckdb.DuckDBPyConnection) -> None:
    """A failed COMMIT has rolled back already; DuckDB then has no transaction left to end."""
    try:
        db.execute("ROLLBACK")
    except duckdb.TransactionException:
        return
