"""A client on a bare socket: the bytes as they came, and how the connection ended. Test support."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

WITHIN_S = 20.0


@dataclass(frozen=True, slots=True)
class Raw:
    """What came over the wire. arrived_s: when each piece came, from the sending of the request."""

    status: int
    headers: dict[str, str]
    body: bytes
    was_ended: bool
    arrived_s: tuple[float, ...]

    @property
    def is_whole(self) -> bool:
        """Whether the body ended as its headers announced."""
        if self.headers.get("transfer-encoding") == "chunked":
            return self.body.endswith(b"0\r\n\r\n")
        return len(self.body) == int(self.headers["content-length"])


def ask(url: str, headers: dict[str, str], quiet_s: float = 1.0) -> Raw:
    """Send a GET and read until the server ends the connection, the body is whole, or nothing comes for `quiet_s`."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [f"GET {target} HTTP/1.1", f"Host: {parts.netloc}", *(f"{name}: {value}" for name, value in headers.items())]
    with socket.create_connection((str(parts.hostname), int(parts.port or 80)), timeout=WITHIN_S) as wire:
        started = time.monotonic()
        wire.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        received, arrived, was_ended = b"", [], False
        while True:
            try:
                piece = wire.recv(1 << 20)
            except TimeoutError:
                break
            except ConnectionResetError:
                was_ended = True
                break
            arrived.append(time.monotonic() - started)
            if not piece:
                was_ended = True
                break
            received += piece
            found = _read(received, was_ended, arrived)
            if found and found.is_whole:
                return found
            if found:
                wire.settimeout(quiet_s)
    found = _read(received, was_ended, arrived)
    assert found is not None, f"no answer: {received[:200]!r}"
    return found


def _read(received: bytes, was_ended: bool, arrived: list[float]) -> Raw | None:
    head, blank, body = received.partition(b"\r\n\r\n")
    if not blank:
        return None
    first, *rest = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    return Raw(int(first.split()[1]), headers, body, was_ended, tuple(arrived))
