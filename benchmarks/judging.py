"""Judging a bundle: the full CSV check against a plain read of the same files by the same engine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from benchmarks.measuring import Figure, medians, oneroster, peak_mb, seconds
from conformance.csv_judge import judge


def plain_read(bundle: Path) -> int:
    """Rows of all files, every column read as text: the fastest reader that was measured."""
    return sum(pl.read_csv(file, infer_schema=False).height for file in sorted(bundle.glob("*.csv")))


def figures(folder: Path, *, full: bool, repeats: int) -> Iterator[Figure]:
    """csv-vs-read and csv-memory."""
    students = 1_000_000 if full else 40_000
    bundle = folder / "judged"
    oneroster("generate", str(bundle), "--students", str(students), "--force", folder=folder)
    rows = plain_read(bundle)
    check, read = medians([lambda: seconds(lambda: judge(bundle)), lambda: seconds(lambda: plain_read(bundle))], repeats)
    yield Figure("csv-vs-read", check / read, 3.0, f"full check of {rows:,} rows against a plain read of all columns")
    peak = peak_mb(sys.executable, "-m", "oneroster_harness", "check", "csv", str(bundle), folder=folder)
    yield Figure("csv-memory", peak, 1024 if full else None, f"MB at the peak of that check, {rows:,} rows")
