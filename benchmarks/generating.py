"""Generating: against a Faker call per name, against DuckDB's COPY, against zlib; a vendor's view against the district; memory by size."""

from __future__ import annotations

import shutil
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
VENDORS = ("powerschool", "infinite-campus", "classlink")


def rows_of(folder: Path) -> int:
    """Records of a bundle: lines without headers."""
    return sum(path.read_bytes().count(b"\n") - 1 for path in folder.glob("*.csv") if path.name != "manifest.csv")


def figures(folder: Path, *, full: bool, repeats: int) -> Iterator[Figure]:
    """gen-vs-faker, gen-first and gen-memory."""
    students = 1_000_000 if full else 100_000
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
    yield from memory(folder, out, (1_000, 10_000, students) if not full else (1_000, 100_000, students))
    yield from views(folder, 140_000 if full else 20_000, repeats)
    yield against_copy(folder, 1_000_000 if full else 100_000, repeats)
    yield from zipping(folder, out, repeats)


def memory(folder: Path, out: Path, sizes: tuple[int, ...]) -> Iterator[Figure]:
    """gen-memory and gen-memory-mb: peak of the largest process, for each of some sizes."""
    peaks = [
        peak_mb(sys.executable, "-m", "oneroster_harness", "generate", str(out), "--students", str(size), "--force", folder=folder)
        for size in sizes
    ]
    told = ", ".join(f"{peak:.0f} MB at {size:,} students" for size, peak in zip(sizes, peaks, strict=True))
    yield Figure("gen-memory", max(peaks) / peaks[0], 1.3, told)
    yield Figure("gen-memory-mb", max(peaks), 200, "MB, the largest of them")


def views(folder: Path, students: int, repeats: int) -> Iterator[Figure]:
    """view-vs-store and view-memory: a vendor's view of a store against making that store, one process each."""
    base, seen = folder / "base.district", folder / "seen.district"
    small = folder / "small.district"
    oneroster("generate", str(small), "--students", "1000", folder=folder)
    code = "import sys; from pathlib import Path; from data_gen.districts import view; "
    code += "view(Path(sys.argv[1]), Path(sys.argv[2]), vendor=sys.argv[3], workers=1)"

    def see(vendor: str, store: Path = base) -> float:
        shutil.rmtree(seen, ignore_errors=True)
        return peak_mb(sys.executable, "-c", code, str(store), str(seen), vendor, folder=folder)

    def make() -> None:
        oneroster("generate", str(base), "--students", str(students), "--workers", "1", "--force", folder=folder)

    for vendor in VENDORS:
        there, here = medians([lambda: seconds(make), lambda vendor=vendor: seconds(lambda: see(vendor))], repeats)  # type: ignore[misc]
        yield Figure("view-vs-store", here / there, 1.0, f"{vendor}: {here:.2f} s against {there:.2f} s at {students:,} students")
        few, many = see(vendor, small), see(vendor)
        yield Figure("view-memory-mb", many, 200, f"{vendor}: MB at {students:,} students, {few:.0f} at 1,000")


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
