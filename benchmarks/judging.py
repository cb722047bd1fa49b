"""Judging: the full CSV check against a plain read by the same engine; the API suite's requests and its share of the time."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from benchmarks.measuring import Figure, medians, oneroster, peak_mb, seconds
from benchmarks.plain_loop import judge_by_loop
from conformance.api_judge import judge as judge_api
from conformance.csv_judge import judge
from mock_server.mock_process import running_mock
from oneroster_harness.providers import Endpoint


def plain_read(bundle: Path) -> int:
    """Rows of all files, every column read as text: the fastest reader that was measured."""
    return sum(pl.read_csv(file, infer_schema=False).height for file in sorted(bundle.glob("*.csv")))

LATENCY_MS = 25


def fast_tier(repeats: int) -> tuple[int, float]:
    """Requests of a fast run on 1,000 students, and the share of its time that is the suite's own: CPU against wall clock."""
    shares = []
    with running_mock(students=1_000, vendors=["reference"]) as mock:
        mock.set_faults("reference", [f"fault.server-slow-answer@delay_s={LATENCY_MS / 1000}"])
        found = mock.provider("reference")
        endpoint = Endpoint(
            url=found.base_url, auth="oauth2", token_url=found.token_url, client_id=found.client_id, client_secret=found.client_secret
        )
        for _ in range(repeats):
            started, spent = time.perf_counter(), time.thread_time()
            report = judge_api(endpoint)
            shares.append((time.thread_time() - spent) / (time.perf_counter() - started))
    return report.requests, statistics.median(shares)


def figures(folder: Path, *, full: bool, repeats: int) -> Iterator[Figure]:
    """csv-vs-read, csv-vs-loop, csv-memory and api-fast. That 14 kinds of broken file are told with their exact line is a test."""
    students = 1_000_000 if full else 40_000
    bundle = folder / "judged"
    oneroster("generate", str(bundle), "--students", str(students), "--force", folder=folder)
    rows = plain_read(bundle)
    check, read, loop = medians(
        [lambda: seconds(lambda: judge(bundle)), lambda: seconds(lambda: plain_read(bundle)), lambda: seconds(lambda: judge_by_loop(bundle))], repeats
    )
    yield Figure("csv-vs-read", check / read, 3.0, f"full check of {rows:,} rows against a plain read of all columns")
    yield Figure("csv-vs-loop", check / loop, 0.15, "the same check against a loop over the csv module, with sets and compiled patterns")
    peak = peak_mb(sys.executable, "-m", "oneroster_harness", "check", "csv", str(bundle), folder=folder)
    yield Figure("csv-memory", peak, 1024 if full else None, f"MB at the peak of that check, {rows:,} rows")
    requests, share = fast_tier(repeats)
    yield Figure("api-fast", requests, 400, "requests of the fast tier on a district of 1,000 students")
    yield Figure("api-fast-own", share, 0.5, f"share of that run's time that is not spent waiting, at {LATENCY_MS} ms of latency")
