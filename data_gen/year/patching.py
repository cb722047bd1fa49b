"""A full bundle made of an earlier one and of what has changed since: only lines that differ are made anew.

Called by the writer of days. Streams; files stay in order of their key.
"""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from data_gen.bundle import MANIFEST, manifest_rows
from oneroster_standard.bundle_writer import BundleWriter, csv_bytes
from oneroster_standard.standard import Standard

NEWLINE = b"\r\n"
BATCH_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Lines:
    """Changes of one file. other: key -> line in place of the one that is there, empty for one that goes. new: key and
    line of those that were not there, in order of the key.
    """

    other: dict[bytes, bytes]
    new: list[tuple[bytes, bytes]]


NONE = Lines({}, [])


def lines_of(path: Path) -> Iterator[bytes]:
    """Lines of a file with their ends; a line break inside quotes ends none."""
    with path.open("rb") as stream:
        held = b""
        for line in stream:
            held += line
            if not held.endswith(NEWLINE) or (b'"' in held and held.count(b'"') % 2):
                continue
            yield held
            held = b""
        if held:
            yield held


def key_of(line: bytes) -> bytes:
    """The first cell of a line."""
    if line.startswith(b'"'):
        return next(csv.reader([line.decode("utf-8")]))[0].encode("utf-8")
    return line[: line.index(b",")]


def patched(path: Path, header: bytes, changed: Lines) -> Iterator[bytes]:
    """A file's bytes with rows replaced, added and taken out."""
    waiting = changed.new[::-1]
    held, size = [header], len(header)
    rows = lines_of(path) if path.exists() else iter(())
    next(rows, b"")
    for line in rows:
        own = key_of(line)
        while waiting and waiting[-1][0] < own:
            held.append(waiting.pop()[1])
        held.append(changed.other.get(own, line))
        size += len(line)
        if size > BATCH_BYTES:
            yield b"".join(held)
            held, size = [], 0
    held.extend(line for _, line in reversed(waiting))
    yield b"".join(held)


def write_patched(before: Path, after: Path, standard: Standard, changed: dict[str, Lines]) -> None:
    """Write the folder of a full bundle from the earlier one's folder; a file without rows is left out."""
    after.mkdir(parents=True)
    present: list[str] = []
    for name, file in standard.csv_files.items():
        own = changed.get(name, NONE)
        if name == MANIFEST or not ((before / name).exists() or own.new):
            continue
        header = csv_bytes([file.headers])
        with (after / name).open("wb") as stream:
            size = sum(map(stream.write, patched(before / name, header, own)))
        if size > len(header):
            present.append(name)
        else:
            (after / name).unlink()
    (after / MANIFEST).write_bytes(csv_bytes([standard.csv_files[MANIFEST].headers, *manifest_rows(standard, present)]))


def packed(folder: Path, out: Path, standard: Standard) -> None:
    """Write a bundle's folder as a ZIP, its files in the order of the standard and the manifest last."""
    names = [name for name in standard.csv_files if name != MANIFEST]
    with BundleWriter(out) as writer:
        for name in (*names, MANIFEST):
            if (folder / name).exists():
                writer.write(name, _chunks(folder / name))


def unpacked(bundle: Path, folder: Path) -> Path:
    """The folder of a bundle: itself, or a ZIP's content written to a folder."""
    if bundle.is_dir():
        return bundle
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(folder)
    return folder


def _chunks(path: Path) -> Iterable[bytes]:
    with path.open("rb") as stream:
        while block := stream.read(BATCH_BYTES):
            yield block
