"""Generating: rows per second of a whole bundle against a Faker call per name; memory at two sizes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from faker import Faker

from benchmarks.measuring import Figure, medians, oneroster, peak_mb, seconds

FAKER_ROWS = 400


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
