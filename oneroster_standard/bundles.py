"""Reading OneRoster CSV bundles: a folder or a ZIP, files by name, rows with their physical line.

Called by the suite and by the sync. A codec with safety limits; it never repairs and never judges content.
"""

from __future__ import annotations

import csv
import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Self

MAX_ENTRIES = 1_000
MAX_RATIO = 300
MAX_BYTES = 64 << 30
MIN_SUSPECT_BYTES = 64 << 20
MAX_CELL = 16 << 20

_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError)
# What the library raises for places outside of the file, unknown methods, a local header that says encrypted, names.
_UNOPENED = (*_DAMAGE, OSError, NotImplementedError, RuntimeError, ValueError, struct.error)


class BundleProblem(Exception):
    """A bundle or a file in it that cannot be read.

    kind: missing, not-allowed, not-a-bundle, not-a-zip, cut, encrypted, unsafe, encoding, quoting.
    where: file and line, detail: what was met and expected; neither holds a cell's value.
    """

    def __init__(self, kind: str, where: str, detail: str) -> None:
        super().__init__(f"{where}: {detail}")
        self.kind = kind
        self.where = where
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a file: the physical line where it starts (from 1) and its raw cells."""

    line: int
    cells: list[str]


class Bundle:
    """An opened bundle. names holds every regular file as it stands, paths inside a ZIP included."""

    def __init__(
        self, path: Path, names: tuple[str, ...], archive: zipfile.ZipFile | None
    ) -> None:
        self.path = path
        self.names = names
        self._archive = archive

    def close(self) -> None:
        """Release the archive."""
        if self._archive is not None:
            self._archive.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def size(self, name: str) -> int:
        """Uncompressed size of one file in bytes."""
        if self._archive is not None:
            return self._archive.getinfo(name).file_size
        return self.path.joinpath(name).stat().st_size

    @contextmanager
    def open_bytes(self, name: str) -> Iterator[IO[bytes]]:
        """Open one file for streaming; a damaged member raises BundleProblem while it is read."""
        with self._opened(name) as stream:
            try:
                yield stream
            except _DAMAGE as error:
                raise _damaged(name) from error
            except OSError as error:
                # A decoder's complaint bears no error number; those of the disk do, and are not the archive's.
                if error.errno is not None:
                    raise
                raise _damaged(name) from error

    def _opened(self, name: str) -> IO[bytes]:
        if self._archive is None:
            try:
                return self.path.joinpath(name).open("rb")
            except OSError as error:
                raise BundleProblem("not-allowed", name, "the file may not be read") from error
        try:
            return self._archive.open(name)
        except _UNOPENED as error:
            raise _damaged(name) from error

    def rows(self, name: str) -> Iterator[Row]:
        """Read one file as strict RFC 4180 CSV in UTF-8 (a byte order mark is skipped), header included.

        A blank line is a row without cells. Raises BundleProblem (encoding, quoting, cut) at the line met.
        """
        with self.open_bytes(name) as raw:
            text = io.TextIOWrapper(
                raw, encoding="utf-8-sig", errors="strict", newline=""
            )
            csv.field_size_limit(MAX_CELL)
            reader = csv.reader(text, strict=True)
            line = 1
            try:
                for cells in reader:
                    yield Row(line, cells)
                    line = reader.line_num + 1
            except UnicodeDecodeError as error:
                detail = f"a byte that is not UTF-8 was met after line {reader.line_num}; expected UTF-8"
                raise BundleProblem("encoding", name, detail) from error
            except csv.Error as error:
                detail = f"the record that starts at line {line} cannot be read as CSV; expected quotes in pairs"
                raise BundleProblem("quoting", name, detail) from error


def _damaged(name: str) -> BundleProblem:
    detail = "the archive's member is damaged or cut; expected a whole file"
    return BundleProblem("cut", name, detail)


def open_bundle(path: Path) -> Bundle:
    """Open a folder or a ZIP as a bundle.

    Raises BundleProblem when the path does not exist, may not be read, is no ZIP, is encrypted, or is unsafe
    (more than 1,000 entries, paths that leave the archive, links, or a compression ratio above 300).
    """
    if not path.exists():
        raise BundleProblem(
            "missing", str(path), "nothing there; expected a folder or a .zip file"
        )
    if path.is_dir():
        return _open_folder(path)
    try:
        archive = zipfile.ZipFile(path)
    except PermissionError as error:
        raise BundleProblem(
            "not-allowed", str(path), "the file may not be read"
        ) from error
    except _UNOPENED as error:
        detail = "not a readable ZIP archive (its directory is missing or cut); expected a complete .zip file"
        raise BundleProblem("not-a-zip", path.name, detail) from error
    try:
        _refuse_unsafe(archive, path.name)
    except BundleProblem:
        archive.close()
        raise
    return Bundle(
        path,
        tuple(info.filename for info in archive.infolist() if not info.is_dir()),
        archive,
    )


def _open_folder(path: Path) -> Bundle:
    try:
        names = tuple(sorted(entry.name for entry in path.iterdir() if entry.is_file()))
    except PermissionError as error:
        raise BundleProblem(
            "not-allowed", str(path), "the folder may not be read"
        ) from error
    return Bundle(path, names, None)


def _refuse_unsafe(archive: zipfile.ZipFile, name: str) -> None:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise BundleProblem(
            "unsafe",
            name,
            f"{len(entries):,} entries; expected at most {MAX_ENTRIES:,}",
        )
    total = 0
    for number, info in enumerate(entries, start=1):
        where = f"{name}, entry {number}"
        inner = PurePosixPath(info.filename.replace("\\", "/"))
        if inner.is_absolute() or ".." in inner.parts or ":" in info.filename:
            raise BundleProblem(
                "unsafe",
                where,
                "a path that leaves the archive; expected plain file names",
            )
        if stat.S_ISLNK(info.external_attr >> 16):
            raise BundleProblem(
                "unsafe", where, "a symbolic link; expected regular files"
            )
        if info.flag_bits & 0x1:
            raise BundleProblem(
                "encrypted", where, "an encrypted entry; expected no password"
            )
        total += info.file_size
        suspicious = (
            info.file_size > MIN_SUSPECT_BYTES
            and info.file_size > MAX_RATIO * max(info.compress_size, 1)
        )
        if suspicious or total > MAX_BYTES:
            raise BundleProblem(
                "unsafe",
                where,
                f"unpacks to {info.file_size:,} bytes, more than {MAX_RATIO} times its size",
            )
