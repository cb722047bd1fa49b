"""Serving: pages against a bare Flask view, depth, filters, gzip, signatures, vendors, memory and start.

Every figure is a pair measured in turn on servers that run side by side. Server CPU per request, steadier than requests
per second, is told beside it.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks.measuring import Figure, medians, oneroster, resident_mb, seconds
from benchmarks.served import Connection, Measured, mock, mocks, process
from mock_server.serving import THREADS, WORKER_MEMORY
from oneroster_standard.oauth1 import sign

MILLION = 140_000
"""Students of a district with about 1,000,000 enrollments."""
VENDORS = ("powerschool", "infinite-campus", "classlink")
PER_ROUND = {100: 200, 1000: 100}
FILTERS = ("dateLastModified>'2026-09-01'", "role='student'", "school.sourcedId='org-s0001'", "role='student' AND status='active'")


@dataclass(frozen=True, slots=True)
class Subject:
    """A running reference provider over a district."""

    process_id: int
    provider: dict[str, Any]
    total: int

    def page(self, limit: int, offset: int, query: str = "", **headers: str) -> Measured:
        """Requests for one page of enrollments."""
        url = f"{self.provider['base_url']}/enrollments?limit={limit}&offset={offset}{query}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = Connection(url, self.provider["token"], named)
        return Measured(connection, self.process_id, PER_ROUND[limit], [])


def subject(process_id: int, provider: dict[str, Any]) -> Subject:
    """The provider with the size of its enrollments."""
    first = Connection(f"{provider['base_url']}/enrollments?limit=1", provider["token"]).get()
    return Subject(process_id, provider, int(first.header("X-Total-Count")))


def figures(folder: Path, *, full: bool, repeats: int) -> Iterator[Figure]:
    """All targets of serving, on a store of 1,000,000 enrollments, or of a million students."""
    small, large = folder / "small.district", folder / "large.district"
    oneroster("generate", str(small), "--students", "1000", "--force", folder=folder)
    oneroster("generate", str(large), "--students", str(1_000_000 if full else MILLION), "--force", folder=folder)
    yield from over_stores(small, large, folder, repeats)


def over_stores(small: Path, large: Path, folder: Path, repeats: int) -> Iterator[Figure]:
    """The targets over stores that are there already."""
    with mock(large, folder) as found:
        served = subject(*found)
        for limit, target in ((100, 0.80), (1000, 0.85)):
            yield from _pages(served, limit, target, folder, repeats)
        yield from _gzip(served, repeats)
        yield from _signed(served, repeats)
        after_pages = resident_mb(served.process_id)
        yield from _filters(served, repeats)
        yield from _walk(served, repeats)
        yield from _memory(small, folder, after_pages, resident_mb(served.process_id), served.total)
    yield from _vendors(small, folder, repeats)
    yield from _start(small, large, folder, repeats)


def _pages(served: Subject, limit: int, target: float, folder: Path, repeats: int) -> Iterator[Figure]:
    deep = served.total - limit
    first, last = served.page(limit, 0), served.page(limit, deep)
    body = folder / "page.json"
    body.write_bytes(last.connection.get().body)
    port = 8300 + os.getpid() % 500

    def answers() -> bool:
        try:
            return bool(Connection(f"http://127.0.0.1:{port}/page").get().body)
        except OSError:
            return False

    command = [sys.executable, "-m", "benchmarks.plain_view", str(port), str(THREADS)]
    with process(command, answers, {"PLAIN_VIEW_BODY": str(body), **WORKER_MEMORY}) as plain_id:
        plain = Measured(Connection(f"http://127.0.0.1:{port}/page"), plain_id, PER_ROUND[limit], [])
        rates = medians([plain, first, last], repeats)
    detail = f"req/s against a bare Flask view, bearer checked; server CPU x{last.cost / plain.cost:.2f}; offset {deep:,} of {served.total:,}"
    yield Figure(f"serve-page-{limit}", rates[2] / rates[0], target, detail, at_least=True)
    yield Figure(f"serve-deep-{limit}", rates[1] / rates[2], 1.2, "time of the last page against the first, unfiltered")


def _gzip(served: Subject, repeats: int) -> Iterator[Figure]:
    plain = served.page(1000, served.total // 2)
    coded = served.page(1000, served.total // 2, Accept_Encoding="gzip")
    answer = coded.connection.get()
    if answer.header("Content-Encoding") != "gzip":
        raise RuntimeError("the answer is not in gzip")
    times = len(plain.connection.get().body) / len(answer.body)
    rates = medians([plain, coded], repeats)
    detail = f"req/s of a page of 1,000 in gzip ({times:.0f} times smaller) against the same as it is; server CPU x{coded.cost / plain.cost:.2f}"
    yield Figure("serve-gzip", rates[1] / rates[0], 0.75, detail, at_least=True)


def _signed(served: Subject, repeats: int) -> Iterator[Figure]:
    bearer = served.page(100, served.total // 2)
    url = f"{served.provider['base_url']}/enrollments?limit=100&offset={served.total // 2}"
    key, secret = served.provider["client_id"], served.provider["client_secret"]
    count = PER_ROUND[100] * (repeats + 1) + 1
    signatures = [sign("GET", url, key=key, secret=secret)["Authorization"] for _ in range(count)]
    signed = Measured(Connection(url, signatures=iter(signatures)), served.process_id, PER_ROUND[100], [])
    rates = medians([bearer, signed], repeats)
    detail = f"req/s of a page of 100 signed by OAuth 1.0a against bearer; server CPU x{signed.cost / bearer.cost:.2f}"
    yield Figure("serve-oauth1", rates[1] / rates[0], 0.5, detail, at_least=True)


def _filters(served: Subject, repeats: int) -> Iterator[Figure]:
    plain = served.page(100, 100)
    filtered = [served.page(100, 100, f"&filter={quote(text)}") for text in FILTERS]
    taken = [seconds(one.connection.get) for one in filtered]
    rates = medians([plain, *filtered], repeats)
    ratios = [rate / rates[0] for rate in rates[1:]]
    worst = min(range(len(ratios)), key=ratios.__getitem__)
    detail = f"req/s of a filtered page of 100, the second, against the unfiltered; the worst of {len(FILTERS)}: {FILTERS[worst]}"
    yield Figure("serve-filter", ratios[worst], 0.6, detail, at_least=True)
    yield Figure("serve-filter-first", max(taken), None, f"seconds of the first request with a filter on a field not asked for before, {served.total:,} rows")


def _walk(served: Subject, repeats: int) -> Iterator[Figure]:
    query = f"&filter={quote(FILTERS[1])}&sort=dateLastModified&orderBy=desc"
    first = served.page(100, 0, query)
    started = time.perf_counter()
    total = int(first.connection.get().header("X-Total-Count"))
    taken = time.perf_counter() - started
    last = served.page(100, total - 100, query)
    rates = medians([first, last], repeats)
    detail = f"time of the last page against the first of a filtered, sorted walk of {total:,}; its very first request took {taken:.1f} s"
    yield Figure("serve-deep-sorted", rates[0] / rates[1], 1.2, detail)


def _memory(small: Path, folder: Path, after_pages: float, after_filters: float, total: int) -> Iterator[Figure]:
    with mock(small, folder) as found:
        served = subject(*found)
        for limit in (100, 1000):
            for _ in range(20):
                for headers in ({}, {"Accept_Encoding": "gzip"}):
                    served.page(limit, 0, **headers).connection.get()
        pages = resident_mb(served.process_id)
        for text in FILTERS:
            served.page(100, 100, f"&filter={quote(text)}").connection.get()
        served.page(100, 0, f"&filter={quote(FILTERS[1])}&sort=dateLastModified&orderBy=desc").connection.get()
        filters = resident_mb(served.process_id)
    detail = "MB of the worker, mapped files left out, {:.0f} over {:,} enrollments against {:.0f} of a 1,000-student district, {}"
    yield Figure("serve-memory", after_pages / pages, 1.5, detail.format(after_pages, total, pages, "after pages"))
    yield Figure("serve-memory-filter", after_filters / filters, 1.5, detail.format(after_filters, total, filters, "after filters and a sort"))


def _vendors(district: Path, folder: Path, repeats: int) -> Iterator[Figure]:
    """Each vendor with all of its deviations, pages that were asked for before; and the first walk, told."""
    with mocks(district, folder, ("reference", *VENDORS)) as (process_id, providers):
        for collection in ("enrollments", "users"):
            asked = {
                name: Connection(f"{found['base_url']}/{collection}?limit=100&offset=200", found["token"]) for name, found in providers.items()
            }
            fresh = {name: seconds(one.get) for name, one in asked.items()}
            measured = [Measured(one, process_id, PER_ROUND[100], []) for one in asked.values()]
            rates = dict(zip(asked, medians(measured, repeats), strict=True))
            worst = min(VENDORS, key=rates.__getitem__)
            told = ", ".join(f"{name} {rates[name] / rates['reference']:.2f}" for name in VENDORS)
            first = max(fresh[name] for name in VENDORS)
            detail = f"req/s of a page of 100 {collection} with all deviations against reference: {told}; the first request took {first * 1000:.0f} ms"
            yield Figure(f"serve-vendors-{collection}", rates[worst] / rates["reference"], 0.7, detail, at_least=True)


def _start(small: Path, large: Path, folder: Path, repeats: int) -> Iterator[Figure]:
    def start(district: Path) -> float:
        started = time.perf_counter()
        with mock(district, folder) as found:
            subject(*found)
            return time.perf_counter() - started

    few, many = medians([lambda: start(small), lambda: start(large)], repeats)
    yield Figure("serve-start", many / few, 1.5, f"from command to the first record, {many:.1f} s on the large stored district against {few:.1f} s on the small")
