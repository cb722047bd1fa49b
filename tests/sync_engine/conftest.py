"""Fixtures of the sync's tests: the command, the databases, a mock district, a fake provider."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from oneroster_harness import cli
from tests.sync_engine.fake_provider import FakeProvider, running_fake
from tests.sync_engine.postgres_server import running_postgres
from tests.sync_engine.warehouses import SETTINGS, landed


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """stdout as the machine form."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    def changed(self) -> dict[str, dict[str, int]]:
        """Counts other than zero and unchanged, per entity."""
        counts = {
            entity: {kind: number for kind, number in found.items() if number and kind != "unchanged"}
            for entity, found in self.document["changes"].items()
        }
        return {entity: found for entity, found in counts.items() if found}


def call(*arguments: object) -> Ran:
    """Run `oneroster` in this process."""
    out, err = io.StringIO(), io.StringIO()
    code: Any = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            cli.main([str(argument) for argument in arguments])
        except SystemExit as ended:
            code = ended.code or 0
    return Ran(int(code), out.getvalue(), err.getvalue())


def sync(*arguments: object) -> Ran:
    """Run `oneroster sync` with its machine form on stdout."""
    return call("sync", *arguments, "--json", "-")


@dataclass(frozen=True, slots=True)
class Database:
    """A target of the tests. query: SQL -> rows, on a connection of its own."""

    url: str
    query: Callable[[str], list[tuple[Any, ...]]]

    def rows(self, table: str, columns: str = '"sourcedId", "status", "_state"') -> list[tuple[Any, ...]]:
        """A landed table in order of sourcedId."""
        return self.query(f'SELECT {columns} FROM "{table}" ORDER BY "tenant", "sourcedId"')

    def tables(self) -> set[str]:
        """Names of all tables."""
        found = self.query(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
        )
        return {row[0] for row in found}


def duckdb_database(path: Path) -> Database:
    """A DuckDB file as a target."""

    def query(sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(path)) as db:
            return db.execute(sql).fetchall()

    return Database(f"duckdb:///{path}", query)


def spark_database(folder: Path) -> Database:
    """A warehouse of Spark as a target, looked at by DuckDB."""

    def query(sql: str) -> list[tuple[Any, ...]]:
        with landed(folder) as db:
            return db.execute(sql).fetchall()

    return Database(f"spark:///{folder}?{SETTINGS}", query)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server for the session."""
    with running_postgres() as url:
        yield url


@pytest.fixture
def duck(tmp_path: Path) -> Database:
    """An empty DuckDB target."""
    return duckdb_database(tmp_path / "roster.duckdb")


@pytest.fixture
def duckdb_target(tmp_path: Path) -> Database:
    """An empty DuckDB target, by the engine's name."""
    return duckdb_database(tmp_path / "roster.duckdb")


@pytest.fixture
def postgresql_target(postgres_url: str) -> Database:
    """An empty PostgreSQL target."""
    import psycopg

    def query(sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(postgres_url) as db:
            found = db.execute(sql.encode())
            return found.fetchall() if found.description else []

    query("DROP SCHEMA public CASCADE")
    query("CREATE SCHEMA public")
    return Database(postgres_url, query)


@pytest.fixture(params=["duckdb", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """An empty target of each engine that takes SQL from anybody."""
    found: Database = request.getfixturevalue(f"{request.param}_target")
    return found


@pytest.fixture(params=["duckdb", "postgresql", pytest.param("spark", marks=pytest.mark.services)])
def any_database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """An empty target of each engine, also of those that take no SQL from outside."""
    if request.param == "spark":
        return spark_database(tmp_path / "warehouse")
    found: Database = request.getfixturevalue(f"{request.param}_target")
    return found


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeProvider]:
    """A scripted provider, with a credential in the environment."""
    monkeypatch.setenv("ONEROSTER_CLIENT_ID", "client")
    monkeypatch.setenv("ONEROSTER_CLIENT_SECRET", "s3cret-word")
    with running_fake() as provider:
        yield provider


@dataclass(frozen=True, slots=True)
class Mock:
    """A served district."""

    ready: dict[str, Any]

    def _admin(self, path: str, document: Any = None) -> Any:
        asked = urllib.request.Request(
            self.ready["admin_url"] + path,
            data=None if document is None else json.dumps(document).encode(),
            headers={
                "Authorization": f"Bearer {self.ready['admin_token']}",
                "Content-Type": "application/json",
            },
            method="GET" if document is None else "PUT",
        )
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return json.load(answer)

    def set_quirks(self, vendor: str, quirks: list[str]) -> None:
        """Turn on exactly these quirks."""
        self._admin(f"/vendors/{vendor}/quirks", {"quirks": quirks})

    def truth(self, vendor: str, entity: str, channel: str) -> list[dict[str, Any]]:
        """What a perfect consumer holds."""
        rows: list[dict[str, Any]] = self._admin(f"/vendors/{vendor}/truth/{entity}?channel={channel}")[
            "rows"
        ]
        return rows


@pytest.fixture(scope="session")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mock]:
    """`oneroster serve` with 60 students."""
    folder = tmp_path_factory.mktemp("mock")
    ready, log = folder / "ready.json", folder / "log.txt"
    command = [sys.executable, "-m", "oneroster_harness", "serve", "--students", "60", "--port", "0"]
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [*command, "--ready-file", str(ready)], stdin=subprocess.DEVNULL, stdout=sink, stderr=sink
        )
    try:
        until = time.monotonic() + 60
        while not ready.exists():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, "the mock was not ready within 60 s"
            time.sleep(0.05)
        yield Mock(json.loads(ready.read_text()))
    finally:
        process.terminate()
        process.wait(15)
