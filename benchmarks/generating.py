"""Generating: against a Faker call per name, against DuckDB's COPY, against zlib; memory at two sizes."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
from faker import Faker

from benchmarks.measuring import Figure, medians, oneroster, peak_mb, seconds
from data_gen.districts import district
from data_gen.enrollments import enrollment_lines
from oneroster_harness.terminal import AS_OF
from oneroster_standard.bundle_writer import BundleWriter

FAKER_ROWS = 400
BLOCK = 1 << 20


def rows_of(folder: Path) -> int:
    """Records of a bundle: lines without headers."""
    return sum(path.read_bytes().count(b"\n") - 1 for path in folder.glob("*.csv") if path.name != "manifest.csv")


def figures(folder: Path, *, full: bool, repeats: int) -> Iterator[Figure]:
    """gen-vs-faker, gen-first and gen-memory."""
    students = 100_000 if full else 10_000
    out = folder / "generated"

    def generate() -> float:
        taken = seconds(lambda: oneroster("generate", str(out), "--students", str(students), "--force", folder=folder))
        return rows_of(out) / taken

    maker = Faker("en_US")

    def plain() -> float:
        return FAKER_ROWS / seconds(lambda: [(maker.first_name(), maker.last_name()) for _ in range(FAKER_ROWS)])

    ours, faker = medians([generate, plain], repeats)
    yield Figure(
        "gen-vs-faker", ours / faker, 300, f"{ours:,.0f} rows/s of {students:,} students against {faker:,.0f} names/s", at_least=True
    )
    python = [sys.executable, "-c", "import faker, numpy"]
    first, imports = medians(
        [
            lambda: seconds(lambda: oneroster("generate", str(folder / "first"), "--force", folder=folder)),
            lambda: seconds(lambda: peak_mb(*python, folder=folder)),
        ],
        repeats,
    )
    yield Figure("gen-first", first / imports, 3, "a 1,000-student bundle against importing faker and numpy")
    small, large = (
        peak_mb(sys.executable, "-m", "oneroster_harness", "generate", str(out), "--students", str(size), "--force", folder=folder)
        for size in (1_000, students)
    )
    yield Figure("gen-memory", large / small, 1.3, f"peak {large:.0f} MB at {students:,} students against {small:.0f} MB at 1,000")
    yield against_copy(folder, 1_000_000 if full else 100_000, repeats)
    yield from zipping(folder, out, repeats)


def against_copy(folder: Path, students: int, repeats: int) -> Figure:
    """gen-vs-copy: enrollments.csv made from the seed, against COPY of the same rows out of a table in memory."""
    ours, theirs = folder / "enrollments.csv", folder / "copied.csv"
    made = district(students=students, seed=1, as_of=AS_OF)

    def write() -> float:
        def run() -> None:
            with ours.open("wb") as stream:
                for lines in enrollment_lines(made):
                    stream.write(lines.body)

        return seconds(run)

    write()
    with duckdb.connect() as db:
        db.execute(f"CREATE TABLE rows AS SELECT * FROM read_csv('{ours}', header=false, all_varchar=true)")
        (count,) = db.execute("SELECT count(*) FROM rows").fetchone() or (0,)
        here, there = medians(
            [write, lambda: seconds(lambda: db.execute(f"COPY rows TO '{theirs}' (HEADER false)"))], repeats
        )
    return Figure("gen-vs-copy", here / there, 0.35, f"{count:,} rows: {here:.2f} s against {there:.2f} s")


def zipping(folder: Path, bundle: Path, repeats: int) -> Iterator[Figure]:
    """gen-zip and gen-zip-size: the bundle's files as a ZIP, against zipfile at level 6."""
    ours, theirs = folder / "ours.zip", folder / "theirs.zip"
    files = sorted(bundle.glob("*.csv"))

    def write() -> None:
        with BundleWriter(ours) as writer:
            for file in files:
                with file.open("rb") as stream:
                    writer.write(file.name, iter(lambda: stream.read(BLOCK), b""))

    def plain() -> None:
        with zipfile.ZipFile(theirs, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for file in files:
                archive.write(file, file.name)

    here, there = medians([lambda: seconds(write), lambda: seconds(plain)], repeats)
    yield Figure("gen-zip", here / there, 0.20, f"{here:.2f} s against {there:.2f} s of zipfile at level 6")
    size, other = ours.stat().st_size, theirs.stat().st_size
    yield Figure("gen-zip-size", size / other, 1.15, f"{size:,} bytes against {other:,}")
