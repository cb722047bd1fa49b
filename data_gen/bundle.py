"""CSV bundles: a district's records as the files of OneRoster 1.1 or 1.2, in bulk mode, with their manifest.

Called by the `generate` command and by tests. Streams: a few batches of rows are in memory at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path

from data_gen.file_rows import FileRows, Part, Record, Source
from data_gen.organisations import WATERMARK
from oneroster_harness.terminal import VERSION
from oneroster_standard.bundle_writer import BundleWriter, csv_bytes
from oneroster_standard.marks import parse
from oneroster_standard.standard import Standard, load
from oneroster_standard.store import Store

MANIFEST = "manifest.csv"
Tell = Callable[[str], None]
TOLD_EVERY = 4096


def from_store(store: Store, version: str = "1.1") -> Source:
    """The records of a store as a version has them, whatever vendor it was made for.

    A vendor that hides people without an account (Infinite Campus 1.1) still sends their enrollments,
    demographics and results, by API and by CSV alike: both are exports of one view, and a consumer lands the same
    rows by both. The gap stays in the bundle, as the deviation people.hidden-by-account that the vendor's dialect
    declares; to add the hidden people here would make the bundle say more than the vendor knows.
    """

    return lambda collection: map(parse, store.collection(collection, version).iter_bytes())


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
    path: Path, source: Source, *, version: str = "1.1", tell: Tell | None = None
) -> dict[str, int]:
    """Write a bundle to a folder, or to a ZIP when the path ends in .zip; returns rows by file.

    source: must have the records of the version. tell: called with each file's name before it is written. A file
    without records is left out and absent in the manifest, which comes last: only then is it known what is there.
    """
    standard = load(version)
    files = [file for name, file in standard.csv_files.items() if name != MANIFEST]
    counts: dict[str, int] = {}
    with BundleWriter(path) as writer, FileRows(files, source, path.parent) as rows:
        for file in files:
            if tell:
                tell(file.name)
            parts = rows.parts(file)
            first = next(parts, None)
            if first is not None:
                body = _counted(chain([first], parts), counts, file.name)
                writer.write(file.name, chain([csv_bytes([file.headers])], body))
        manifest = manifest_rows(standard, counts)
        writer.write(MANIFEST, [csv_bytes([standard.csv_files[MANIFEST].headers, *manifest])])
    return {**counts, MANIFEST: len(manifest)}


def from_store_to(store: Path, out: Path, *, version: str = "1.1", tell: Tell | None = None) -> dict[str, int]:
    """Write the bundle of a store on disk: the bytes that `generate` writes for its district and vendor.

    tell: called with a collection's name every few thousand records; what it raises ends the work. The entry point
    `bundle` of `oneroster.districts`, for those who serve districts without making them.
    """
    opened = Store.open(store)
    read = from_store(opened, version)

    def told(collection: str) -> Iterator[Record]:
        for number, record in enumerate(read(collection)):
            if tell and number % TOLD_EVERY == 0:
                tell(collection)
            yield record

    try:
        return write_bundle(out, told, version=version)
    finally:
        opened.close()
