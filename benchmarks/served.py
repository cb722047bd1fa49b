"""Servers under measurement, and a client that costs little: one kept connection, answers read into one buffer.

Called by the benchmarks of serving and syncing. Requests per second are of one connection: what a client waits for.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from benchmarks.measuring import cpu_seconds

STARTED_WITHIN_S = 1800
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


@contextmanager
def process(command: list[str], ready: Callable[[], bool], environment: dict[str, str] | None = None) -> Iterator[int]:
    """A process from the moment that it is ready; ended afterwards."""
    started = subprocess.Popen(
        command, env=os.environ | (environment or {}), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + STARTED_WITHIN_S
        while not ready():
            if started.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{command[1:4]} did not start")
            time.sleep(0.01)
        yield started.pid
    finally:
        started.send_signal(signal.SIGTERM)
        started.wait(60)


def token_of(provider: Mapping[str, Any]) -> str:
    """A bearer token of a provider, or its static key."""
    if provider["bearer"]:
        return str(provider["bearer"])
    pair = (provider["client_id"], provider["client_secret"])
    answer = requests.post(provider["token_url"], data={"grant_type": "client_credentials"}, auth=pair, timeout=60)
    return str(answer.json()["access_token"])


@contextmanager
def mocks(district: Path, folder: Path, vendors: Sequence[str], *more: str) -> Iterator[tuple[int, dict[str, dict[str, Any]]]]:
    """A mock over a stored district: process id, and each vendor's entry of the ready file with a token."""
    ready = folder / f"{district.stem}.ready.json"
    ready.unlink(missing_ok=True)
    named = [part for vendor in vendors for part in ("--vendor", vendor)]
    command = [sys.executable, "-m", "oneroster_harness", "serve", str(district), *named, "--port", "0", "--ready-file", str(ready), *more]
    with process(command, ready.exists) as process_id:
        providers = json.loads(ready.read_text("utf-8"))["providers"]
        yield process_id, {name: {**found, "token": token_of(found)} for name, found in providers.items()}


@contextmanager
def mock(district: Path, folder: Path, vendor: str = "reference") -> Iterator[tuple[int, dict[str, Any]]]:
    """A mock of one vendor."""
    with mocks(district, folder, [vendor]) as (process_id, providers):
        yield process_id, providers[vendor]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: its head, and its body as it came."""

    head: bytes
    body: bytes

    def header(self, name: str) -> str:
        """The value of a header; empty when it is not there."""
        found = re.search(rb"(?i)\r\n" + name.encode() + rb": *([^\r]*)", self.head)
        return found.group(1).decode() if found else ""


class Connection:
    """One kept connection that asks for one page again and again.

    headers: sent with each request. signatures: Authorization values, one per request, instead of a token.
    """

    def __init__(self, url: str, token: str = "", headers: Mapping[str, str] | None = None, signatures: Iterator[str] | None = None) -> None:
        parts = urlsplit(url)
        given = {"Host": parts.netloc, **({"Authorization": f"Bearer {token}"} if token else {}), **(headers or {})}
        lines = [f"GET {parts.path}{f'?{parts.query}' if parts.query else ''} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
        head = "\r\n".join(lines).encode() + b"\r\n"
        self._requests: Iterator[bytes] = (
            (head + f"Authorization: {one}\r\n\r\n".encode() for one in signatures) if signatures else itertools.repeat(head + b"\r\n")
        )
        self._address = (str(parts.hostname), int(parts.port or 80))
        self._buffer = bytearray(8 << 20)
        self._connect()

    def _connect(self) -> None:
        self._socket = socket.create_connection(self._address, timeout=600)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def renew(self) -> None:
        """Connect anew: servers end a connection that was idle for long."""
        self._socket.close()
        self._connect()

    def _ask(self) -> tuple[int, int]:
        """Send a request and read its answer; returns where its body begins and ends in the buffer."""
        self._socket.sendall(next(self._requests))
        view, size, begin, end = memoryview(self._buffer), 0, -1, 0
        while begin < 0 or size < end:
            got = self._socket.recv_into(view[size:])
            if not got:
                raise RuntimeError("the server closed the connection")
            size += got
            if begin < 0 and (found := self._buffer.find(b"\r\n\r\n", 0, size)) >= 0:
                begin, length = found + 4, _LENGTH.search(self._buffer, 0, found + 2)
                end = begin + (int(length.group(1)) if length else 0)
        if not self._buffer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(bytes(self._buffer[:min(size, 600)]).decode("latin-1"))
        return begin, end

    def get(self) -> Answer:
        """One answer; raises RuntimeError unless it is 200."""
        begin, end = self._ask()
        return Answer(bytes(self._buffer[:begin]), bytes(self._buffer[begin:end]))

    def rate(self, count: int) -> float:
        """Requests per second at the median time of a request: what other work takes from some of them does not count.

        Over a connection that is made anew, which the median leaves out.
        """
        self.renew()
        times = []
        for _ in range(count):
            started = time.perf_counter()
            self._ask()
            times.append(time.perf_counter() - started)
        return 1 / statistics.median(times)


@dataclass(frozen=True, slots=True)
class Measured:
    """Requests to one server: a measure of their rate, and beside it the server's CPU seconds per request."""

    connection: Connection
    process_id: int
    count: int
    cpu: list[float]

    def __call__(self) -> float:
        used = cpu_seconds(self.process_id)
        found = self.connection.rate(self.count)
        self.cpu.append((cpu_seconds(self.process_id) - used) / self.count)
        return found

    @property
    def cost(self) -> float:
        """The median of the CPU seconds per request."""
        return sorted(self.cpu)[len(self.cpu) // 2]
