"""PostgreSQL as a target, through psycopg 3: COPY in, a server-side cursor out, one advisory lock per database.

Called through `open_target`. The driver is an extra of the distribution; passwords come from libpq's own places
(PGPASSWORD, .pgpass), and are never printed or kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import duckdb
import polars as pl

from oneroster_harness.problems import CannotRun
from sync_engine.landing import Table
from sync_engine.snapshot import BATCH_ROWS, schema
from sync_engine.sql_text import literal, quoted
from sync_engine.targets.session import Session

if TYPE_CHECKING:
    import psycopg

LOCK = 0x6F6E65726F7374
"""Number of the advisory lock: applies to one database come one after the other."""
CLAIMS = 0x6F6E6572
"""First number of the locks of single tenants."""
_CHUNK_BYTES = 1 << 20


def _sql(text: str) -> bytes:
    """Our `?` as psycopg writes it; as bytes, since the text is put together from quoted names of the standard."""
    return text.replace("?", "%s").encode()


class PostgresSession(Session):
    """One transaction on a PostgreSQL connection. scratch: folder for files on their way in."""

    text_type = "text"
    bytes_type = "bytea"

    def __init__(self, db: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._db = db
        self._loaded: dict[Path, str] = {}

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement."""
        found = self._db.execute(_sql(sql), list(values))
        return found.fetchall() if found.description else []

    def row_hash(self, columns: Sequence[str]) -> str:
        """PostgreSQL's own 64-bit hash of the row's text, widened so that it can be summed."""
        return f"CAST(hashtextextended(CAST(ROW({', '.join(map(quoted, columns))}) AS text), 0) AS numeric)"

    def lock(self, tables: Iterable[Table]) -> None:
        """Readers go on reading; other writers wait."""
        for table in tables:
            if self.exists(table):
                self._db.execute(_sql(f"LOCK TABLE {quoted(table.name)} IN SHARE ROW EXCLUSIVE MODE"))

    def row_json(self, alias: str, columns: Sequence[str]) -> str:
        """A record as JSON."""
        cells = ", ".join(f"{alias}.{quoted(name)}" for name in columns)
        return f"CAST((SELECT row_to_json(cells) FROM (SELECT {cells}) AS cells) AS text)"

    def text_hash(self, expression: str) -> str:
        """The first 64 bits of the MD5."""
        return f"CAST(CAST(CAST('x' || substr(md5({expression}), 1, 16) AS bit(64)) AS bigint) AS numeric)"

    def staged(self, table: Table, file: Path, marks: Sequence[str] = ()) -> str:
        """Rows go by COPY into a temporary table that ends with the transaction; once per file."""
        if file not in self._loaded:
            names = [*table.content, *marks]
            name = quoted(f"_staged_{table.name}_{len(self._loaded)}")
            columns = ", ".join(
                f"{quoted(header)} {'text[]' if table.is_list(header) else 'text'}" for header in names
            )
            self._db.execute(_sql(f"CREATE TEMPORARY TABLE {name} ({columns}) ON COMMIT DROP"))
            self._copy(name, table, names, file)
            self._loaded[file] = name
        return self._loaded[file]

    def _copy(self, name: str, table: Table, names: Sequence[str], file: Path) -> None:
        cells = ", ".join(
            f"{_array_text(header)} AS {quoted(header)}" if table.is_list(header) else quoted(header)
            for header in names
        )
        text = file.with_suffix(".csv")
        try:
            with duckdb.connect() as db:
                db.execute("SET threads = 1")
                db.execute(
                    f"COPY (SELECT {cells} FROM read_parquet({literal(file)})) TO {literal(text)} (FORMAT csv, HEADER false)"
                )
            with (
                text.open("rb") as stream,
                self._db.cursor() as cursor,
                cursor.copy(_sql(f"COPY {name} FROM STDIN (FORMAT csv, ENCODING 'UTF8')")) as copy,
            ):
                while chunk := stream.read(_CHUNK_BYTES):
                    copy.write(chunk)
        finally:
            text.unlink(missing_ok=True)

    def export(self, table: Table, tenant: str, folder: Path) -> list[Path]:
        """Files of one batch each, so that memory stays flat."""
        if not self.exists(table):
            return []
        return self.export_rows(
            f'SELECT {", ".join(map(quoted, table.content))} FROM {quoted(table.name)} WHERE "tenant" = ?', (tenant,),
            {**schema(table), "_state": pl.String}, folder / f"{table.name}.target",
        )  # fmt: skip

    def export_rows(self, sql: str, values: Sequence[Any], schema: Mapping[str, Any], stem: Path) -> list[Path]:
        """Files of one batch each, from a cursor on the server."""
        files: list[Path] = []
        with self._db.cursor(f"export_{stem.name}") as cursor:
            cursor.execute(_sql(sql), list(values))
            while (rows := cursor.fetchmany(BATCH_ROWS)) or not files:
                file = stem.with_name(f"{stem.name}.{len(files):05d}.parquet")
                pl.DataFrame(rows, schema=dict(schema), orient="row").write_parquet(file, compression="lz4")
                files.append(file)
        return files


def _array_text(header: str) -> str:
    """SQL for DuckDB: a list as PostgreSQL writes an array, every item in quotes."""
    item = r"""'"' || replace(replace(x, '\', '\\'), '"', '\"') || '"'"""
    return (
        f"CASE WHEN {quoted(header)} IS NULL THEN NULL ELSE"
        f" '{{' || array_to_string(list_transform({quoted(header)}, lambda x: {item}), ',') || '}}' END"
    )


class PostgresTarget:
    """A PostgreSQL database. parameters: libpq keywords; address: the URL without its password."""

    def __init__(self, address: str, parameters: Mapping[str, str]) -> None:
        self.address = address
        self._parameters = dict(parameters)

    def is_there(self) -> bool:
        """A server's database is there, or connecting fails."""
        return True

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A read-only snapshot of the whole database."""
        with self._session("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY") as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction behind the advisory lock."""
        with self._session(f"SELECT pg_advisory_xact_lock({LOCK})") as session:
            yield session

    @contextmanager
    def claim(self, tenant: str) -> Iterator[bool]:
        """An advisory lock of a connection of its own, which the server lets go of when that ends."""
        with self._connection() as db:
            db.autocommit = True
            found = db.execute(_sql("SELECT pg_try_advisory_lock(?, hashtext(?))"), (CLAIMS, tenant)).fetchone()
            yield bool(found and found[0])

    @contextmanager
    def _session(self, first: str) -> Iterator[Session]:
        db = self._connection()
        import psycopg

        try:
            with db:
                db.execute(_sql(first))
                yield PostgresSession(db)
        except psycopg.Error as error:
            raise CannotRun(
                f"the target failed ({type(error).__name__}); nothing was kept", "all changes or none", self.address,
                "see the server's own log, and whether the user may create tables", "sync.target-failed",
            ) from error  # fmt: skip

    def _connection(self) -> psycopg.Connection[tuple[Any, ...]]:
        try:
            import psycopg
        except ImportError as error:
            raise CannotRun(
                "the PostgreSQL driver is not installed", "psycopg 3", self.address,
                "pip install 'oneroster-harness[postgres]'", "sync.no-driver",
            ) from error  # fmt: skip
        try:
            return psycopg.connect(**cast(dict[str, Any], self._parameters))
        except psycopg.Error as error:
            raise CannotRun(
                f"the target cannot be reached ({type(error).__name__})", "a PostgreSQL server that lets us in",
                self.address, "check host, port, database and user; the password comes from PGPASSWORD or .pgpass",
                "sync.target-not-opened",
            ) from error  # fmt: skip
