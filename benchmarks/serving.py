"""Serving: a page against a bare Flask view of the same bytes, the last page against the first, memory at two sizes.

Requests go over one kept connection; server CPU per request is steadier than requests per second and is told beside it.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import requests

from benchmarks.measuring import Figure, cpu_seconds, medians, oneroster, resident_mb

MILLION = 140_000
"""Students of a district with about 1,000,000 enrollments."""
STARTED_WITHIN_S = 300


@contextmanager
def _process(command: list[str], ready: Callable[[], bool], environment: dict[str, str] | None = None) -> Iterator[int]:
    process = subprocess.Popen(
        command, env=os.environ | (environment or {}), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + STARTED_WITHIN_S
        while not ready():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{command[1:4]} did not start")
            time.sleep(0.05)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


@contextmanager
def mock(district: Path, folder: Path, vendor: str = "reference") -> Iterator[tuple[int, dict[str, str]]]:
    """A mock over a stored district: process id, and base_url, token, total of enrollments."""
    ready = folder / f"{district.stem}.ready.json"
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "oneroster_harness", "serve", str(district), "--vendor", vendor, "--port", "0", "--ready-file", str(ready)]
    with _process(command, ready.exists) as process_id:
        provider = json.loads(ready.read_text("utf-8"))["providers"][vendor]
        answer = requests.post(
            provider["token_url"], data={"grant_type": "client_credentials"}, auth=(provider["client_id"], provider["client_secret"]), timeout=30
        )
        yield process_id, {**provider, "token": answer.json()["access_token"]}


class Connection:
    """One kept connection that asks for one page again and again."""

    def __init__(self, url: str, token: str = "") -> None:
        parts = urlsplit(url)
        self._path = parts.path + (f"?{parts.query}" if parts.query else "")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._connection = http.client.HTTPConnection(str(parts.hostname), int(parts.port or 80), timeout=60)

    def get(self) -> bytes:
        """One answer's body; raises RuntimeError unless it is 200."""
        self._connection.request("GET", self._path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{self._path}: {answer.status}")
        return body


def _rate(connection: Connection, process_id: int, count: int, cpu: list[float]) -> float:
    """Requests per second; appends the server's CPU seconds per request."""
    used, started = cpu_seconds(process_id), time.perf_counter()
    for _ in range(count):
        connection.get()
    taken = time.perf_counter() - started
    cpu.append((cpu_seconds(process_id) - used) / count)
    return count / taken


def figures(folder: Path, *, full: bool, repeats: int) -> Iterator[Figure]:
    """serve-page at both ends, serve-deep and serve-memory, on a store of 1,000,000 enrollments."""
    small, large = folder / "small.district", folder / "large.district"
    oneroster("generate", str(small), "--students", "1000", "--force", folder=folder)
    oneroster("generate", str(large), "--students", str(1_000_000 if full else MILLION), "--force", folder=folder)
    with mock(small, folder) as (process_id, provider):
        Connection(f"{provider['base_url']}/enrollments?limit=1000", provider["token"]).get()
        small_mb = resident_mb(process_id)
    with mock(large, folder) as (process_id, provider):
        url = f"{provider['base_url']}/enrollments"
        head = requests.get(f"{url}?limit=1", headers={"Authorization": f"Bearer {provider['token']}"}, timeout=60)
        total = int(head.headers["X-Total-Count"])
        for limit, target in ((100, 0.80), (1000, 0.85)):
            yield from _pages(url, provider["token"], process_id, total, limit, target, folder, repeats)
        large_mb = resident_mb(process_id)
    yield Figure(
        "serve-memory", large_mb / small_mb, 1.5,
        f"resident {large_mb:.0f} MB over {total:,} enrollments against {small_mb:.0f} MB over a 1,000-student district",
    )  # fmt: skip


def _pages(
    url: str, token: str, process_id: int, total: int, limit: int, target: float, folder: Path, repeats: int
) -> Iterator[Figure]:
    count = 400 if limit == 100 else 150
    first = Connection(f"{url}?limit={limit}&offset=0", token)
    last = Connection(f"{url}?limit={limit}&offset={total - limit}", token)
    body = folder / "page.json"
    body.write_bytes(last.get())
    port = 8300 + os.getpid() % 500

    def answers() -> bool:
        try:
            return bool(Connection(f"http://127.0.0.1:{port}/page").get())
        except OSError:
            return False

    command = [sys.executable, "-m", "benchmarks.plain_view", str(port)]
    with _process(command, answers, {"PLAIN_VIEW_BODY": str(body)}) as plain_id:
        plain = Connection(f"http://127.0.0.1:{port}/page")
        cpu: list[list[float]] = [[], [], []]
        rates = medians(
            [
                lambda: _rate(plain, plain_id, count, cpu[0]),
                lambda: _rate(first, process_id, count, cpu[1]),
                lambda: _rate(last, process_id, count, cpu[2]),
            ],
            repeats,
        )
    costs = [sorted(values)[len(values) // 2] for values in cpu]
    detail = f"req/s against a bare Flask view; server CPU per request x{{:.2f}}, offset {{:,}} of {total:,}"
    yield Figure(f"serve-page-{limit}-0", rates[1] / rates[0], target, detail.format(costs[1] / costs[0], 0), at_least=True)
    yield Figure(f"serve-page-{limit}", rates[2] / rates[0], target, detail.format(costs[2] / costs[0], total - limit), at_least=True)
    yield Figure(f"serve-deep-{limit}", rates[1] / rates[2], 1.2, "time of the last page against the first")
