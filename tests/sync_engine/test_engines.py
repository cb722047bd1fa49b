"""One definition on every engine: the same change table, the same counts, the same landed rows."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from oneroster_standard.standard import load
from sync_engine.comparison import Fingerprint, Relations, candidates, changes
from sync_engine.snapshot import EntityRead
from sync_engine.sql_text import quoted
from sync_engine.targets.dialects import written
from tests.sync_engine.comparing import policy, seeded, users
from tests.sync_engine.conftest import Database, call, duckdb_database, spark_database, sync
from tests.sync_engine.streams import Read, Row, difference
from tests.sync_engine.warehouses import SETTINGS

Told = dict[str, tuple[str, bool, Row, str]]


def statements(read: Read, fingerprint: Fingerprint, dialect: str) -> tuple[str, str]:
    """The definition in a dialect: the candidates, and the changes among them."""
    found = EntityRead("users", complete=read.is_complete, is_delta=read.is_delta)
    relations = Relations()
    return (
        written(candidates(users(), relations, fingerprint), dialect),
        written(changes(users(), found, policy(read), relations if read.is_delta else relations.narrowed("candidates")), dialect),
    )


def told(rows: list[tuple[Any, ...]], pinned: frozenset[str]) -> Told:
    """Rows of a change table in the shape of the reference; what is pinned is left out by the plan, not by the definition."""
    found: Told = {}
    for kind, from_source, *cells, identity in rows:
        row = dict(zip(users().content, cells, strict=True))
        if row["sourcedId"] not in pinned or kind == "create":
            found[row["sourcedId"]] = (kind, from_source, row, identity)
    return found


@pytest.mark.parametrize("is_delta", [False, True])
def test_postgresql_finds_the_same_changes(postgres_url: str, *, is_delta: bool) -> None:
    import psycopg

    read = seeded(11, 400, is_delta=is_delta)
    names = ", ".join(f"{quoted(name)} {'text[]' if users().is_list(name) else 'text'}" for name in users().content)
    find, compare = statements(read, lambda columns: f"hashtextextended(CAST(ROW({', '.join(map(quoted, columns))}) AS text), 0)", "postgres")
    with psycopg.connect(postgres_url) as db, db.cursor() as cursor:
        for name, rows in (("source", read.source), ("target", read.target)):
            cursor.execute(f"CREATE TEMPORARY TABLE {name} ({names}) ON COMMIT DROP".encode())
            with cursor.copy(f"COPY {name} FROM STDIN".encode()) as copy:
                for row in rows:
                    copy.write_row([row[column] for column in users().content])
        cursor.execute('CREATE TEMPORARY TABLE aside ("sourcedId" text) ON COMMIT DROP')
        cursor.executemany("INSERT INTO aside VALUES (%s)", [(key,) for key in read.aside])
        cursor.execute('CREATE TEMPORARY TABLE gone (entity text, "sourcedId" text, reads bigint, days bigint) ON COMMIT DROP')
        cursor.executemany("INSERT INTO gone VALUES ('users', %s, %s, %s)", [(key, *found) for key, found in read.gone.items()])
        cursor.execute(f"CREATE TEMPORARY TABLE candidates ON COMMIT DROP AS {find}".encode())
        found = cursor.execute(compare.encode()).fetchall()
    assert told(found, read.pinned_rows) == difference(read)


@pytest.mark.services
@pytest.mark.parametrize("is_delta", [False, True])
def test_spark_finds_the_same_changes(tmp_path: Path, *, is_delta: bool) -> None:
    from sync_engine.targets.opening import open_target
    from sync_engine.targets.spark.session import SparkSession, fingerprint, kinds_of

    read = seeded(11, 3000, is_delta=is_delta)
    find, compare = statements(read, fingerprint, "spark")
    with open_target(f"spark:///{tmp_path}/warehouse?{SETTINGS}").reading() as session:
        assert isinstance(session, SparkSession)
        spark, kinds = session.spark, ", ".join(f"`{name}` {kind}" for name, kind in kinds_of(users()).items())
        for name, rows in (("source", read.source), ("target", read.target)):
            spark.createDataFrame([tuple(row[column] for column in users().content) for row in rows], kinds).createOrReplaceTempView(name)
        spark.createDataFrame([(key,) for key in read.aside], "sourcedId STRING").createOrReplaceTempView("aside")
        gone = [("users", key, *found) for key, found in read.gone.items()]
        spark.createDataFrame(gone, "entity STRING, sourcedId STRING, reads BIGINT, days BIGINT").createOrReplaceTempView("gone")
        spark.sql(find).createOrReplaceTempView("candidates")
        found = [tuple(row) for row in spark.sql(compare).collect()]
    assert told(found, read.pinned_rows) == difference(read)


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A district from its first day over weeks and a rollover into the next year, a full bundle of every stop."""
    folder = tmp_path_factory.mktemp("district") / "out"
    ran = call("generate", folder, "--students", 150, "--seed", 5, "--as-of", "2027-05-20", "--days", 90, "--every", 30)
    assert ran.code == 0, ran.err
    return sorted({found.parent for found in folder.parent.rglob("manifest.csv") if found.parent.name != "delta"})


@pytest.mark.services
def test_a_year_lands_the_same_on_duckdb_postgresql_and_spark(district: list[Path], postgresql_target: Database, tmp_path: Path) -> None:
    engines = {
        "duckdb": duckdb_database(tmp_path / "roster.duckdb"), "postgresql": postgresql_target, "spark": spark_database(tmp_path / "warehouse")
    }  # fmt: skip
    assert len(district) >= 4
    seen: set[str] = set()
    for number, bundle in enumerate(district):
        told = {}
        for engine, database in engines.items():
            ran = sync("run", bundle, database.url, "--yes", "--as-of", date(2027, 5, 20) + timedelta(30 * number))
            told[engine] = (ran.code, ran.document["status"], ran.document["changes"], ran.document["reasons"])
            seen.add(ran.document["status"])
            seen |= {kind for found in ran.document["changes"].values() for kind, rows in found.items() if rows}
        assert told["duckdb"] == told["postgresql"] == told["spark"], f"day {bundle.name}"
        for name in sorted(load("1.1").csv_files):
            entity = name.removesuffix(".csv")
            if entity in engines["duckdb"].tables():
                columns = ", ".join(quoted(one) for one in sorted(column_names(engines["duckdb"], entity)))
                rows = {engine: database.rows(entity, columns) for engine, database in engines.items()}
                assert rows["duckdb"] == rows["postgresql"] == rows["spark"], f"day {bundle.name}, {entity}"
    assert {"create", "update", "delete", "held", "applied"} <= seen, "the year has deletions and holds"


def column_names(database: Database, table: str) -> list[str]:
    """Columns of a landed table."""
    found = database.query(f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}'")
    return [str(row[0]) for row in found]
