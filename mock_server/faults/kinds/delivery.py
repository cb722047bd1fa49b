"""Faults of the way back: slow bodies, cut connections, damaged compression.

They act after the answer was compressed. Under the server a cut is a body that ends before Content-Length, upon which
the server closes the connection, or the socket's end in the middle of a chunked body.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator, Mapping

from mock_server.faults.cutting import end_connection
from mock_server.faults.hooks import Delivery, Fault, fault

FLUSHED_S = 0.05
"""The server writes a piece when it gets to it; ending at once would cut the headers off as well."""


@fault("fault.server-slow-drip")
class SlowDrip(Fault):
    """A body in small pieces."""

    def deliver(self, headers: Mapping[str, str], body: bytes) -> tuple[dict[str, str], Delivery | bytes]:
        """The pieces, with a pause before each."""
        size = max(1, -(-len(body) // self.whole("pieces")))
        return {}, Delivery(self._drip(body, size), len(body))

    def _drip(self, body: bytes, size: int) -> Iterator[bytes]:
        for start in range(0, len(body), size):
            time.sleep(self.number("pause_s"))
            yield body[start : start + size]


@fault("fault.connection-cut")
class ConnectionCut(Fault):
    """A body without its end."""

    def deliver(self, headers: Mapping[str, str], body: bytes) -> tuple[dict[str, str], Delivery | bytes]:
        """A part of the body, then the end of the connection."""
        part = body[: min(int(len(body) * self.number("keep")), max(0, len(body) - 1))]
        if self.word("form") == "chunked":
            return {}, Delivery(self._cut_chunked(part), None, is_cut=True)
        return {}, Delivery(self._cut(part), max(1, len(body)), is_cut=True)

    def _cut(self, part: bytes) -> Iterator[bytes]:
        if part:
            yield part
        time.sleep(FLUSHED_S)

    def _cut_chunked(self, part: bytes) -> Iterator[bytes]:
        yield part or b" "
        time.sleep(FLUSHED_S)
        yield from end_connection()


@fault("fault.body-gzip-damaged")
class GzipDamaged(Fault):
    """A gzip body that cannot be unpacked."""

    def deliver(self, headers: Mapping[str, str], body: bytes) -> tuple[dict[str, str], Delivery | bytes]:
        """Damage the compressed body; one that came uncompressed is compressed first, unless it is to stay plain."""
        form = self.word("form")
        is_packed = headers.get("Content-Encoding") == "gzip"
        changed = {"Content-Encoding": "gzip"}
        if form == "plain":
            return changed, gzip.decompress(body) if is_packed else body
        packed = body if is_packed else gzip.compress(body, mtime=0)
        if form == "short":
            return changed, packed[: len(packed) // 2]
        middle = len(packed) // 2
        return changed, packed[:middle] + bytes(byte ^ 0x55 for byte in packed[middle : middle + 8]) + packed[middle + 8 :]
