"""Writing OneRoster CSV bundles: a folder, or a ZIP with the files at its root.

Called by the generator and by tests; the same content gives the same bytes on every machine.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from isal import isal_zlib

ZIP_TIME = (2026, 1, 1, 0, 0, 0)
ZIP_LEVEL = 1


def csv_bytes(rows: Iterable[Sequence[str]]) -> bytes:
    """Render rows as RFC 4180 CSV: CRLF, UTF-8 without a byte order mark, quotes only where needed."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL).writerows(rows)
    return text.getvalue().encode("utf-8")


def _compress_fast(member: Any) -> None:
    """Let isal compress a member: a fifth of zlib's time for a little more size.

    zipfile takes no compressor of others; to be removed when it does.
    """
    if not hasattr(member, "_compressor"):
        raise RuntimeError("zipfile keeps its compressor elsewhere in this Python")
    member._compressor = isal_zlib.compressobj(
        ZIP_LEVEL, isal_zlib.DEFLATED, -isal_zlib.MAX_WBITS
    )


class BundleWriter:
    """Writes files of a bundle one after the other; a context manager.

    path ending in .zip gives an archive, anything else a folder (made when it is not there).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._archive: zipfile.ZipFile | None = None

    def __enter__(self) -> Self:
        if self.path.suffix == ".zip":
            self._archive = zipfile.ZipFile(
                self.path, "w", zipfile.ZIP_DEFLATED, compresslevel=ZIP_LEVEL
            )
        else:
            self.path.mkdir(parents=True, exist_ok=True)
        return self

    def write(self, name: str, chunks: Iterable[bytes | memoryview]) -> int:
        """Write one file from its chunks; returns its size in bytes."""
        size = 0
        if self._archive is not None:
            info = zipfile.ZipInfo(name, date_time=ZIP_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            with self._archive.open(info, "w", force_zip64=True) as member:
                _compress_fast(member)
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
        if self._archive is not None:
            self._archive.close()
