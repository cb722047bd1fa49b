"""CSV bundles: a district's records as the files of OneRoster 1.1 or 1.2, in bulk mode, with their manifest.

Called by the `generate` command and by tests. Streams: only one batch of rows is in memory at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from data_gen.organisations import WATERMARK
from data_gen.records import LINES, records
from data_gen.rendering import csv_rows
from data_gen.shape import District
from data_gen.v1p2.files import FILES, RENAMED
from oneroster_harness.terminal import VERSION
from oneroster_standard.bundle_writer import BundleWriter, csv_bytes
from oneroster_standard.marks import parse
from oneroster_standard.standard import CsvFile, Standard, load
from oneroster_standard.store import Store

MANIFEST = "manifest.csv"
BATCH = 4096
LINKS = {
    "classResources.csv": ("classes", "classSourcedId"),
    "courseResources.csv": ("courses", "courseSourcedId"),
}
"""Link files: the collection whose records hold the links, and the column of its key."""

Record = dict[str, Any]
Source = Callable[[str], Iterator[Record]]
"""Records of one collection by its name, in order of sourcedId."""
Tell = Callable[[str], None]
TOLD_EVERY = 4096


@dataclass(frozen=True, slots=True)
class DistrictSource:
    """The records of a district that lies in no store, as a version has them."""

    district: District
    version: str = "1.1"

    def __call__(self, collection: str) -> Iterator[Record]:
        """Records of one collection."""
        return records(self.district, collection, self.version)


def from_store(store: Store, version: str = "1.1") -> Source:
    """The records of a store as a version has them, whatever vendor it was made for.

    A vendor that hides people without an account (Infinite Campus 1.1) still sends their enrollments,
    demographics and results, by API and by CSV alike: both are exports of one view, and a consumer lands the same
    rows by both. The gap stays in the bundle, as the deviation people.hidden-by-account that the vendor's dialect
    declares; to add the hidden people here would make the bundle say more than the vendor knows.
    """

    return lambda collection: map(parse, store.collection(collection, version).iter_bytes())


def _linked_rows(file: CsvFile, source: Source) -> Iterator[list[str]]:
    collection, header = LINKS[file.name]
    for record in source(collection):
        for resource in record.get("resources") or ():
            own, linked = str(record["sourcedId"]), str(resource["sourcedId"])
            found = {"sourcedId": f"{own}-{linked}", header: own, "resourceSourcedId": linked}
            yield [found.get(name, "") for name in file.headers]


def rows_of(file: CsvFile, source: Source) -> Iterator[list[str]]:
    """Rows of one data file, without its header."""
    if file.name in LINKS:
        return _linked_rows(file, source)
    if file.name in FILES:
        rows = FILES[file.name](source)
        return ([row.get(header, "") for header in file.headers] for row in rows)
    return csv_rows(file, source(file.entity), RENAMED)


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


def _parts(file: CsvFile, source: Source) -> Iterator[tuple[bytes, int]]:
    """The file's rows as bytes, many at a time, with how many they are."""
    if isinstance(source, DistrictSource) and (source.version, file.name) in LINES:
        for lines in LINES[source.version, file.name](source.district):
            yield lines.body, len(lines)
        return
    rows = rows_of(file, source)
    while batch := list(islice(rows, BATCH)):
        yield csv_bytes(batch), len(batch)


def _counted(parts: Iterable[tuple[bytes, int]], counts: dict[str, int], name: str) -> Iterator[bytes]:
    counts[name] = 0
    for body, count in parts:
        counts[name] += count
        yield body


def write_bundle(
    path: Path, source: Source, *, version: str = "1.1", tell: Tell | None = None
) -> dict[str, int]:
    """Write a bundle to a folder, or to a ZIP when the path ends in .zip; returns rows by file.

    source: must have the records of the version. tell: called with each file's name before it is written. A file without records is left out and absent in the
    manifest, which comes last: only then is it known what is there.
    """
    standard = load(version)
    counts: dict[str, int] = {}
    with BundleWriter(path) as writer:
        for name, file in standard.csv_files.items():
            if name == MANIFEST:
                continue
            if tell:
                tell(name)
            parts = _parts(file, source)
            first = next(parts, None)
            if first is not None:
                body = _counted(chain([first], parts), counts, name)
                writer.write(name, chain([csv_bytes([file.headers])], body))
        manifest = manifest_rows(standard, counts)
        writer.write(MANIFEST, [csv_bytes([standard.csv_files[MANIFEST].headers, *manifest])])
    return {**counts, MANIFEST: len(manifest)}


def from_store_to(store: Path, out: Path, *, tell: Tell | None = None) -> dict[str, int]:
    """Write the bundle of a store on disk: the bytes that `generate` writes for its district and vendor.

    tell: called with a collection's name every few thousand records; what it raises ends the work. The entry point
    `bundle` of `oneroster.districts`, for those who serve districts without making them.
    """
    opened = Store.open(store)
    read = from_store(opened)

    def told(collection: str) -> Iterator[Record]:
        for number, record in enumerate(read(collection)):
            if tell and number % TOLD_EVERY == 0:
                tell(collection)
            yield record

    try:
        return write_bundle(out, told)
    finally:
        opened.close()
