"""`python -m benchmarks.soak [--requests N] [--workers N]`: full rate with faults on, and the memory of the server all along.

Clients ask as fast as they can, over kept connections, reconnect where one was cut, and take a new token where one died.
Whatever the server answers has to be what a fault does or a whole page; anything else ends the run.
"""

from __future__ import annotations

import argparse
import http.client
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import requests

from benchmarks.measuring import Figure, resident_mb

FAULTS = (
    "fault.server-error@rate=0.01", "fault.load-too-many-requests@rate=0.01,wait=0", "fault.body-truncated@rate=0.01",
    "fault.body-gzip-damaged@rate=0.005", "fault.connection-cut@rate=0.002", "fault.auth-token-dies@every=5000,times=0",
    "fault.paging-row-lost@rate=0.05", "fault.body-login-page@rate=0.005",
)  # fmt: skip
PATHS = ("/users?limit=20&offset=40", "/enrollments?limit=50&offset=100", "/orgs?limit=10", "/users?limit=20&filter=role%3D%27student%27")
EXPECTED = {"200", "cut", "not json", "401", "429", "500"}
STARTED_WITHIN_S = 120
ROUNDS = 10
FLAT = 1.15
"""The last tenth's memory against that of the second: the first one fills what a worker keeps."""


@dataclass
class Soaked:
    """What came of a run. resident: MB of the server's processes after each tenth."""

    outcomes: Counter[str] = field(default_factory=Counter)
    resident: list[float] = field(default_factory=list)
    elapsed_s: float = 0.0

    @property
    def growth(self) -> float:
        """Memory at the end against that after two tenths."""
        return self.resident[-1] / self.resident[1]

    @property
    def strange(self) -> dict[str, int]:
        """Outcomes that no fault explains."""
        return {name: count for name, count in self.outcomes.items() if name not in EXPECTED}


class _Client:
    """One connection that asks on and on."""

    def __init__(self, provider: dict[str, Any]) -> None:
        self._provider = provider
        self._base = urlsplit(provider["base_url"])
        self._connection: http.client.HTTPConnection | None = None
        self._token = ""

    def _sign_in(self) -> None:
        pair = (self._provider["client_id"], self._provider["client_secret"])
        answer = requests.post(self._provider["token_url"], data={"grant_type": "client_credentials"}, auth=pair, timeout=60)
        self._token = str(answer.json()["access_token"])

    def ask(self, path: str) -> str:
        """Send one request; returns its status, or what was wrong with its body."""
        if not self._token:
            self._sign_in()
        if self._connection is None:
            self._connection = http.client.HTTPConnection(str(self._base.hostname), int(self._base.port or 0), timeout=60)
        try:
            self._connection.request("GET", self._base.path + path, headers={"Authorization": f"Bearer {self._token}"})
            answer = self._connection.getresponse()
            body = answer.read()
        except (http.client.HTTPException, OSError):
            self._connection.close()
            self._connection = None
            return "cut"
        if answer.status == 401:
            self._token = ""
        if answer.status != 200:
            return str(answer.status)
        try:
            json.loads(body)
        except ValueError:
            return "not json"
        return "200"




def _round(provider: dict[str, Any], count: int, clients: int, outcomes: Counter[str]) -> None:
    lock = threading.Lock()

    def run(client: _Client) -> None:
        own: Counter[str] = Counter(client.ask(PATHS[turn % len(PATHS)]) for turn in range(count // clients))
        with lock:
            outcomes.update(own)

    threads = [threading.Thread(target=run, args=(_Client(provider),)) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def soak(requests_in_all: int, *, workers: int = 1, clients: int = 4, students: int = 500) -> Soaked:
    """Run the server under faults and load; raises RuntimeError when it does not start or a fault never struck."""
    with tempfile.TemporaryDirectory(prefix="oneroster-soak-") as folder:
        ready = Path(folder) / "ready.json"
        command = [sys.executable, "-m", "oneroster_harness", "serve", "--students", str(students), "--vendor", "reference", "--port", "0",
                   "--ready-file", str(ready), "--workers", str(workers), *(part for text in FAULTS for part in ("--fault", text))]  # fmt: skip
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until = time.monotonic() + STARTED_WITHIN_S
            while not ready.exists():
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError("the server did not start")
                time.sleep(0.05)
            document = json.loads(ready.read_text("utf-8"))
            found = Soaked()
            started = time.monotonic()
            for _ in range(ROUNDS):
                _round(document["providers"]["reference"], requests_in_all // ROUNDS, clients, found.outcomes)
                found.resident.append(resident_mb(process.pid))
            found.elapsed_s = time.monotonic() - started
            _check_struck(document, requests_in_all)
            return found
        finally:
            process.terminate()
            process.wait(20)


def _check_struck(document: dict[str, Any], requests_in_all: int) -> None:
    asked = Request(f"{document['admin_url']}/vendors/reference/faults", headers={"Authorization": f"Bearer {document['admin_token']}"})
    with urlopen(asked, timeout=30) as answer:
        faults = json.load(answer)["faults"]
    silent = [found["text"] for found in faults if not found["struck"] and requests_in_all >= 5000]
    if silent:
        raise RuntimeError(f"never struck: {', '.join(silent)}")


def main() -> int:
    """Print the figures; returns 1 when memory grew or something strange was answered."""
    parser = argparse.ArgumentParser(prog="benchmarks.soak", description=__doc__)
    parser.add_argument("--requests", type=int, default=200_000, help="in all, default 200000")
    parser.add_argument("--workers", type=int, default=1, help="worker processes, default 1")
    parser.add_argument("--clients", type=int, default=4, help="connections at once, default 4")
    chosen = parser.parse_args()
    found = soak(chosen.requests, workers=chosen.workers, clients=chosen.clients)
    told = ", ".join(f"{name} {count:,}" for name, count in sorted(found.outcomes.items()))
    resident = " ".join(f"{value:.0f}" for value in found.resident)
    served = sum(found.outcomes.values())
    print(f"{served:,} requests in {found.elapsed_s:.0f} s, {served / found.elapsed_s:,.0f}/s; {told}")
    print(f"resident MB after each tenth: {resident}")
    figure = Figure("soak-memory", found.growth, FLAT, "resident at the end against after two tenths")
    print(figure.line())
    if found.strange:
        print(f"not explained by a fault: {found.strange}")
    return int(not figure.holds or bool(found.strange))


if __name__ == "__main__":
    sys.exit(main())
