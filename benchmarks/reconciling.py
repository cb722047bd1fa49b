"""Reconciling: the comparison against hashing alone, against a stored snapshot, and against SQL written by hand for DuckDB.

Two exports of one district's enrollments, the later one with 2 % changed, 1 % added and 1 % gone. What is timed is what a plan does, by
the same functions; the files are CSV, since that is what arrives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb

from benchmarks.measuring import Figure, medians, seconds
from oneroster_harness.problems import CannotRun
from sync_engine.comparison import Relations, candidates, changes
from sync_engine.difference import fingerprint
from sync_engine.landing import Table, tables
from sync_engine.policy import load_policy
from sync_engine.snapshot import EntityRead
from sync_engine.sql_text import literal, quoted

_PER_STUDENT = 7.3


def enrollments() -> Table:
    """The largest table of a roster."""
    return tables("1.1")["enrollments"]


def write_exports(folder: Path, students: int) -> tuple[Path, Path]:
    """Write both days as CSV; every cell follows from the row's number."""
    rows, found = int(students * _PER_STUDENT), []
    for day, name in ((0, "before.csv"), (1, "after.csv")):
        changed = f"CASE WHEN {day} = 1 AND n % 50 = 7 THEN '2026-10-02' ELSE '2026-08-24' END"
        # 1 % of each day's rows are not in the other one's.
        there = "n % 100 <> 3" if day == 0 else "n % 100 <> 4"
        cells = {
            "sourcedId": "printf('enr-%08d', n)", "status": "'active'", "dateLastModified": "'2026-09-01T00:00:00.000Z'",
            "classSourcedId": f"printf('cls-%08d', n % {max(1, students * 29 // 100)})",
            "schoolSourcedId": f"printf('org-%08d', n % {max(1, students // 500)})", "userSourcedId": "printf('usr-%08d', n // 7)",
            "role": "CASE WHEN n % 20 = 0 THEN 'teacher' ELSE 'student' END", "primary": "CASE WHEN n % 20 = 0 THEN 'true' ELSE 'false' END",
            "beginDate": changed, "endDate": "'2027-06-11'",
        }  # fmt: skip
        file = folder / name
        listed = ", ".join(f"{sql} AS {quoted(header)}" for header, sql in cells.items())
        with duckdb.connect() as db:
            db.execute(f"COPY (SELECT {listed} FROM range({rows}) AS numbers(n) WHERE {there}) TO {literal(file)} (HEADER)")
        found.append(file)
    return found[0], found[1]


def reading(file: Path) -> str:
    """SQL of one export as the snapshot holds it."""
    listed = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in enrollments().headers)
    state = "CASE \"status\" WHEN 'tobedeleted' THEN 'inactive' ELSE 'present' END AS \"_state\""
    return f"(SELECT *, {state} FROM read_csv({literal(file)}, header = true, columns = {{{listed}}}))"


class Bench:
    """One database with both exports to read; each method is one thing that is timed."""

    def __init__(self, folder: Path, students: int) -> None:
        self.db = duckdb.connect(config={"temp_directory": str(folder / "spill")})
        self.old, self.new = write_exports(folder, students)
        self.stored, self.hashes = folder / "stored.parquet", folder / "hashes.parquet"
        self.db.execute(f"CREATE VIEW old_csv AS SELECT * FROM {reading(self.old)}")
        self.db.execute(f"CREATE VIEW new_csv AS SELECT * FROM {reading(self.new)}")
        self.db.execute('CREATE TABLE aside ("sourcedId" VARCHAR)')
        self.db.execute('CREATE TABLE gone (entity VARCHAR, "sourcedId" VARCHAR, counts BOOLEAN, reads BIGINT, days BIGINT)')
        self.db.execute(f"COPY (SELECT * FROM old_csv) TO {literal(self.stored)} (FORMAT parquet)")
        marked = f'SELECT "sourcedId", "_state", {fingerprint(enrollments().content)} AS fingerprint FROM old_csv'
        self.db.execute(f"COPY ({marked}) TO {literal(self.hashes)} (FORMAT parquet)")
        self.db.execute(f"CREATE VIEW old_stored AS SELECT * FROM read_parquet({literal(self.stored)})")

    def hash_both(self) -> None:
        """Read both exports and hash every row; compare nothing."""
        for name in ("old_csv", "new_csv"):
            self.db.execute(f"SELECT sum({fingerprint(enrollments().content)}) FROM {name}").fetchall()

    def compare(self, target: str) -> None:
        """The definition: candidates by hashes, then the exact comparison of these."""
        relations = Relations("new_csv", target)
        self.db.execute(f"CREATE OR REPLACE TABLE candidates AS {candidates(enrollments(), relations, fingerprint)}")
        found = changes(enrollments(), EntityRead("enrollments", complete=True), load_policy(), relations.narrowed("candidates"))
        self.db.execute(f"CREATE OR REPLACE TABLE changed AS {found}")

    def find(self, known: str = "") -> None:
        """The candidates alone: which rows are new, other or gone. known: hashes of the older rows, kept by the last run."""
        found = candidates(enrollments(), Relations("new_csv", "old_csv"), fingerprint, known)
        self.db.execute(f"CREATE OR REPLACE TABLE candidates AS {found}")

    def by_hand_hashed(self) -> None:
        """What one would write for DuckDB alone, no stages, no pins: hashes first, then the rows."""
        mark = fingerprint(enrollments().content)
        self.db.execute(
            f"CREATE OR REPLACE TABLE by_hand AS WITH s AS (SELECT \"sourcedId\", {mark} AS mark FROM new_csv),"
            f" t AS (SELECT \"sourcedId\", {mark} AS mark FROM old_stored),"
            ' d AS (SELECT coalesce(s."sourcedId", t."sourcedId") AS id, CASE WHEN s.mark IS NULL THEN \'absent\' WHEN t.mark IS NULL'
            " THEN 'create' ELSE 'update' END AS kind FROM s FULL JOIN t ON s.\"sourcedId\" = t.\"sourcedId\""
            " WHERE s.mark IS DISTINCT FROM t.mark)"
            " SELECT d.kind, n.* FROM d JOIN new_csv AS n ON n.\"sourcedId\" = d.id WHERE d.kind <> 'absent'"
            " UNION ALL SELECT d.kind, o.* FROM d JOIN old_stored AS o ON o.\"sourcedId\" = d.id WHERE d.kind = 'absent'"
        )

    def by_hand_whole(self) -> None:
        """The other way by hand: every column in one pass."""
        differs = " OR ".join(f"s.{quoted(name)} IS DISTINCT FROM t.{quoted(name)}" for name in enrollments().headers)
        cells = ", ".join(f"CASE WHEN s.\"sourcedId\" IS NULL THEN t.{quoted(name)} ELSE s.{quoted(name)} END" for name in enrollments().content)
        self.db.execute(
            f"CREATE OR REPLACE TABLE by_hand AS SELECT CASE WHEN s.\"sourcedId\" IS NULL THEN 'absent' WHEN t.\"sourcedId\" IS NULL"
            f" THEN 'create' WHEN {differs} THEN 'update' END AS kind, {cells}"
            ' FROM new_csv AS s FULL JOIN old_stored AS t ON s."sourcedId" = t."sourcedId" WHERE kind IS NOT NULL'
        )

    def counts(self, table: str) -> dict[str, int]:
        """Rows by kind."""
        return dict(self.db.execute(f"SELECT kind, count(*) FROM {table} GROUP BY 1").fetchall())

    def found(self) -> int:
        """Rows of the candidates."""
        return int((self.db.execute("SELECT count(*) FROM candidates").fetchone() or (0,))[0])


def figures(folder: Path, *, full: bool, repeats: int) -> Iterator[Figure]:
    """diff-vs-hash, diff-stored and expr-vs-hand."""
    students = 1_000_000 if full else 50_000
    bench = Bench(folder, students)

    def timed(action: Callable[[], None]) -> Callable[[], float]:
        return lambda: seconds(action)

    kept = f"read_parquet({literal(bench.hashes)})"
    hashed, found, by_hashes, whole, *by_hand = medians(
        [
            timed(bench.hash_both), timed(bench.find), timed(lambda: bench.find(kept)), timed(lambda: bench.compare("old_stored")),
            timed(bench.by_hand_hashed), timed(bench.by_hand_whole),
        ],
        repeats,
    )  # fmt: skip
    if bench.counts("changed") != bench.counts("by_hand") or bench.found() != sum(bench.counts("changed").values()):
        raise CannotRun("the ways do not agree", "the same counts", f"{bench.counts('changed')} and {bench.counts('by_hand')}")
    rows = f"{int(students * _PER_STUDENT):,} rows a side"
    yield Figure("diff-vs-hash", found / hashed, 1.5, f"which rows differ between two exports, {rows}, against hashing both without comparing")
    yield Figure("diff-stored", by_hashes / hashed, 0.9, "the same against the hashes of the last run, kept as Parquet")
    yield Figure("expr-vs-hand", whole / min(by_hand), 1.3, f"the change table by the portable definition, {hashed:.1f} s of hashing beside it, against the better of two ways by hand for DuckDB")
