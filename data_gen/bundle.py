"""CSV bundles: a district's records as the files of OneRoster 1.1 or 1.2, in bulk mode, with their manifest.

Called by the `generate` command and by tests. Streams: a few batches of rows are in memory at a time.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from data_gen.file_rows import FileRows, Part, Record, Source, apart, collection_of
from data_gen.organisations import WATERMARK
from data_gen.workers import Task, done
from oneroster_harness.terminal import VERSION
from oneroster_standard.bundle_writer import BundleWriter, csv_bytes
from oneroster_standard.marks import parse
from oneroster_standard.standard import CsvFile, Standard, load
from oneroster_standard.store import Store

MANIFEST = "manifest.csv"
Tell = Callable[[str], None]
TOLD_EVERY = 4096
READ_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class StoreSource:
    """The records of a store on disk as a version has them, whatever vendor it was made for; other processes can read it as well.

    A vendor that hides people without an account (Infinite Campus 1.1) still sends their enrollments,
    demographics and results, by API and by CSV alike: both are exports of one view, and a consumer lands the same
    rows by both. The gap stays in the bundle, as the deviation people.hidden-by-account that the vendor's dialect
    declares; to add the hidden people here would make the bundle say more than the vendor knows.
    """

    path: Path
    version: str = "1.1"

    def __call__(self, collection: str) -> Iterator[Record]:
        """Records of one collection."""
        store = Store.open(self.path)
        try:
            yield from map(parse, store.collection(collection, self.version).iter_bytes())
        finally:
            store.close()


def manifest_rows(standard: Standard, present: Iterable[str]) -> list[list[str]]:
    """Rows of the manifest: every present file is bulk, every other one absent; the source is the watermark."""
    names = set(present)
    fixed = {"source.systemName": f"oneroster-harness {VERSION}", "source.systemCode": WATERMARK}
    rows: list[list[str]] = []
    for found in standard.manifest:
        if found.name.startswith("file."):
            value = "bulk" if f"{found.name.removeprefix('file.')}.csv" in names else "absent"
        else:
            value = fixed.get(found.name) or found.values[0]
        rows.append([found.name, value])
    return rows


def _counted(parts: Iterable[Part], counts: dict[str, int], name: str) -> Iterator[bytes | memoryview]:
    counts[name] = 0
    for body, count in parts:
        counts[name] += count
        yield body


def write_bundle(
    path: Path, source: Source, *, version: str = "1.1", tell: Tell | None = None, workers: int = 1
) -> dict[str, int]:
    """Write a bundle to a folder, or to a ZIP when the path ends in .zip; returns rows by file.

    source: must have the records of the version. tell: called with each file's name. workers: processes to use, with a source
    that they can be given; the bytes are the same for any number. A file without records is left out and absent in the
    manifest, which comes last: only then is it known what is there.
    """
    standard = load(version)
    files = [file for name, file in standard.csv_files.items() if name != MANIFEST]
    counts: dict[str, int] = {}
    with BundleWriter(path) as writer:
        if workers > 1:
            counts = _write_apart(writer, files, source, version, workers, tell)
        else:
            _write_files(writer, files, source, counts, tell)
        manifest = manifest_rows(standard, counts)
        writer.write(MANIFEST, [csv_bytes([standard.csv_files[MANIFEST].headers, *manifest])])
    return {**counts, MANIFEST: len(manifest)}


def _write_files(
    writer: BundleWriter, files: Sequence[CsvFile], source: Source, counts: dict[str, int], tell: Tell | None = None
) -> None:
    with FileRows(files, source, writer.path.parent) as rows:
        for file in files:
            if tell:
                tell(file.name)
            parts = rows.parts(file)
            first = next(parts, None)
            if first is not None:
                body = _counted(chain([first], parts), counts, file.name)
                writer.write(file.name, chain([csv_bytes([file.headers])], body))


def _write_apart(
    writer: BundleWriter, files: Sequence[CsvFile], source: Source, version: str, workers: int, tell: Tell | None
) -> dict[str, int]:
    """Let processes write the files, into a folder; those of a ZIP are packed in their order when they are all there."""
    with tempfile.TemporaryDirectory(prefix=".files-", dir=writer.path.parent) as beside:
        folder = writer.path if writer.path.suffix != ".zip" else Path(beside)
        tasks = [
            Task(group[0].name, collection_of(group[0]), _write_group, (folder, source, version, [file.name for file in group]))
            for group in apart(files, source)
        ]
        told = {name: count for counts in done(tasks, workers, tell) for name, count in counts.items()}
        for file in files:
            if folder != writer.path and file.name in told:
                with folder.joinpath(file.name).open("rb") as stream:
                    writer.write(file.name, iter(lambda stream=stream: stream.read(READ_BYTES), b""))  # type: ignore[misc]
    return {file.name: told[file.name] for file in files if file.name in told}


def _write_group(folder: Path, source: Source, version: str, names: list[str]) -> dict[str, int]:
    standard, counts = load(version), dict[str, int]()
    with BundleWriter(folder) as writer:
        _write_files(writer, [standard.csv_files[name] for name in names], source, counts)
    return counts


def from_store_to(store: Path, out: Path, *, version: str = "1.1", tell: Tell | None = None) -> dict[str, int]:
    """Write the bundle of a store on disk: the bytes that `generate` writes for its district and vendor.

    tell: called with a collection's name every few thousand records; what it raises ends the work. The entry point
    `bundle` of `oneroster.districts`, for those who serve districts without making them.
    """
    read = StoreSource(store, version)

    def told(collection: str) -> Iterator[Record]:
        for number, record in enumerate(read(collection)):
            if tell and number % TOLD_EVERY == 0:
                tell(collection)
            yield record

    return write_bundle(out, told, version=version)
