"""Writing OneRoster CSV bundles: a folder, or a ZIP with the files at its root.

Called by the generator and by tests; the same content gives the same bytes on every machine.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from isal import isal_zlib
from zlib_ng import zlib_ng

ZIP_TIME = (2026, 1, 1, 0, 0, 0)
FAST_LEVEL, SMALL_LEVEL = 1, 4
"""Levels of isal, which takes a twelfth of zlib's time, and of zlib-ng, which takes a third and comes near its size."""
SEGMENT_BYTES = 1 << 21
MOST_WAITING = 4
"""Segments that are compressed or waited for at once."""
PROBE_BYTES = 1 << 17
PROBE_GAIN = 0.8
"""A file is left to zlib-ng when that makes its beginning smaller than this share of what isal makes of it."""


def csv_bytes(rows: Iterable[Sequence[str]]) -> bytes:
    """Render rows as RFC 4180 CSV: CRLF, UTF-8 without a byte order mark, quotes only where needed."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL).writerows(rows)
    return text.getvalue().encode("utf-8")


def _is_small_better(beginning: bytes) -> bool:
    """Whether zlib-ng suits a file: rows of keys gain a third by it, names and addresses a tenth."""
    small = zlib_ng.compress(beginning, SMALL_LEVEL, -zlib_ng.MAX_WBITS)
    fast = isal_zlib.compress(beginning, FAST_LEVEL, -isal_zlib.MAX_WBITS)
    return len(small) < PROBE_GAIN * len(fast)


def _deflated(segment: bytes, is_small: bool, is_last: bool) -> bytes:
    """A segment of a member that can be told without those before it."""
    if is_small:
        found = zlib_ng.compressobj(SMALL_LEVEL, zlib_ng.DEFLATED, -zlib_ng.MAX_WBITS)
        return found.compress(segment) + found.flush(zlib_ng.Z_FINISH if is_last else zlib_ng.Z_FULL_FLUSH)
    fast = isal_zlib.compressobj(FAST_LEVEL, isal_zlib.DEFLATED, -isal_zlib.MAX_WBITS)
    return fast.compress(segment) + fast.flush(isal_zlib.Z_FINISH if is_last else isal_zlib.Z_FULL_FLUSH)


class _Compressor:
    """Compresses a member segment by segment in threads, by the library that suits it; the bytes depend on neither."""

    def __init__(self, pool: Executor) -> None:
        self._pool = pool
        self._waiting: deque[Future[bytes]] = deque()
        self._begun = bytearray()
        self._is_small: bool | None = None

    def compress(self, data: bytes | memoryview) -> bytes:
        """Take more of the member; returns what is finished."""
        self._begun += data
        done = []
        while len(self._begun) > SEGMENT_BYTES:
            self._submit(bytes(self._begun[:SEGMENT_BYTES]), is_last=False)
            del self._begun[:SEGMENT_BYTES]
            while len(self._waiting) > MOST_WAITING:
                done.append(self._waiting.popleft().result())
        return b"".join(done)

    def _submit(self, segment: bytes, *, is_last: bool) -> None:
        if self._is_small is None:
            self._is_small = _is_small_better(segment[:PROBE_BYTES])
        self._waiting.append(self._pool.submit(_deflated, segment, self._is_small, is_last))

    def flush(self) -> bytes:
        """What is left."""
        self._submit(bytes(self._begun), is_last=True)
        return b"".join(one.result() for one in self._waiting)


def _compress_fast(member: Any, pool: Executor) -> None:
    """Let other libraries compress a member.

    zipfile takes no compressor of others; to be removed when it does.
    """
    if not hasattr(member, "_compressor"):
        raise RuntimeError("zipfile keeps its compressor elsewhere in this Python")
    member._compressor = _Compressor(pool)


class BundleWriter:
    """Writes files of a bundle one after the other; a context manager.

    path ending in .zip gives an archive, anything else a folder (made when it is not there).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._archive: zipfile.ZipFile | None = None
        self._pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> Self:
        if self.path.suffix == ".zip":
            self._archive = zipfile.ZipFile(self.path, "w", zipfile.ZIP_DEFLATED)
            self._pool = ThreadPoolExecutor(max_workers=MOST_WAITING)
        else:
            self.path.mkdir(parents=True, exist_ok=True)
        return self

    def write(self, name: str, chunks: Iterable[bytes | memoryview]) -> int:
        """Write one file from its chunks; returns its size in bytes."""
        size = 0
        if self._archive is not None and self._pool is not None:
            info = zipfile.ZipInfo(name, date_time=ZIP_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            with self._archive.open(info, "w", force_zip64=True) as member:
                _compress_fast(member, self._pool)
                for chunk in chunks:
                    size += member.write(chunk)
            return size
        with self.path.joinpath(name).open("wb") as stream:
            for chunk in chunks:
                size += stream.write(chunk)
        return size

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown()
        if self._archive is not None:
            self._archive.close()
