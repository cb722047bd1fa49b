"""The full CSV check against a plain read of the same files, in one run, interleaved, as a ratio of medians.

    python benchmarks/csv_check.py BUNDLE [--rounds 5]
    python benchmarks/csv_check.py --students 20000

A plain read is Polars reading all columns of every file as text, which is the fastest reader that was measured.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl

from conformance.csv_judge import judge


def _plain_read(bundle: Path) -> int:
    return sum(pl.read_csv(file, infer_schema=False).height for file in sorted(bundle.glob("*.csv")))


def _seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def _generate(out: Path, students: int) -> Path:
    command = [sys.executable, "-m", "oneroster_harness", "generate", str(out), "--students", str(students)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return out


def measure(bundle: Path, rounds: int) -> dict[str, object]:
    """Medians of both in seconds, their ratio, rows, bytes and the peak of resident memory in MB."""
    reads: list[float] = []
    checks: list[float] = []
    rows = _plain_read(bundle)
    for _ in range(rounds):
        reads.append(_seconds(lambda: _plain_read(bundle)))
        checks.append(_seconds(lambda: judge(bundle)))
    report = judge(bundle)
    return {
        "rows": rows,
        "bytes": sum(file.stat().st_size for file in bundle.glob("*.csv")),
        "findings": len(report.findings),
        "plain_read_s": round(statistics.median(reads), 3),
        "check_s": round(statistics.median(checks), 3),
        "ratio": round(statistics.median(checks) / statistics.median(reads), 2),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> None:
    """Measure one bundle and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", nargs="?", type=Path, help="folder with the files (default: a new one)")
    parser.add_argument("--students", type=int, default=5_000, help="size of the new bundle")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bundle = chosen.bundle or _generate(Path(folder) / "bundle", chosen.students)
        print(json.dumps(measure(bundle, chosen.rounds)))


if __name__ == "__main__":
    main()
