"""Rows of a bundle's files from its records: a collection is read once for all files that take from it.

Called by the bundle's writer. What waits for its turn lies in temporary files, so memory does not grow with the district.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Self

from data_gen.nested_files import NESTED, RENAMED, SCORE_SCALES, score_scales
from data_gen.records import LINES, records
from data_gen.rendering import csv_rows
from data_gen.shape import District
from oneroster_standard.bundle_writer import csv_bytes
from oneroster_standard.standard import CsvFile

BATCH = 1024
MOST_WAITING_BYTES = 1 << 21
"""Bytes of a file that wait in memory; more of them wait on disk."""

Record = dict[str, Any]
Source = Callable[[str], Iterator[Record]]
"""Records of one collection by its name, in order of sourcedId."""
Part = tuple[bytes | memoryview, int]
"""Rows as bytes, and how many they are."""


@dataclass(frozen=True, slots=True)
class DistrictSource:
    """The records of a district that lies in no store, as a version has them."""

    district: District
    version: str = "1.1"

    def __call__(self, collection: str) -> Iterator[Record]:
        """Records of one collection."""
        return records(self.district, collection, self.version)


@dataclass(slots=True)
class _Waiting:
    """Rows that were made while another file was written."""

    stream: tempfile.SpooledTemporaryFile[bytes]
    count: int = 0


class FileRows:
    """The rows of the files; a context manager that removes what still waits.

    folder: where large waiting rows lie.
    """

    def __init__(self, files: Iterable[CsvFile], source: Source, folder: Path) -> None:
        self._source = source
        self._folder = folder
        self._files: dict[str, list[CsvFile]] = {}
        self._waiting: dict[str, _Waiting] = {}
        self._stack = ExitStack()
        for file in files:
            if file.name != SCORE_SCALES and not _at_once(file, source):
                self._files.setdefault(collection_of(file), []).append(file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def parts(self, file: CsvFile) -> Iterator[Part]:
        """Rows of one data file, without its header; the files are to be taken in one fixed order, each to its end."""
        if isinstance(self._source, DistrictSource) and _at_once(file, self._source):
            for lines in LINES[self._source.version, file.name](self._source.district):
                yield lines.body, len(lines)
        elif file.name in self._waiting:
            yield from self._waited(file.name)
        elif file.name == SCORE_SCALES:
            found = score_scales(self._source("scoreScales"), self._source("classes"))
            yield from _rendered([[row.get(name, "") for name in file.headers] for row in found])
        else:
            yield from self._read(file)

    def _read(self, file: CsvFile) -> Iterator[Part]:
        collection = collection_of(file)
        others = [other for other in self._files[collection] if other is not file]
        for other in others:
            # Closed by the stack, or as soon as its turn is over.
            spool = tempfile.SpooledTemporaryFile(max_size=MOST_WAITING_BYTES, dir=str(self._folder))  # noqa: SIM115
            self._waiting[other.name] = _Waiting(self._stack.enter_context(spool))
        found = self._source(collection)
        while batch := list(islice(found, BATCH)):
            for other in others:
                for body, count in _rendered(list(rows_of(other, batch))):
                    self._waiting[other.name].stream.write(body)
                    self._waiting[other.name].count += count
            yield from _rendered(list(rows_of(file, batch)))

    def _waited(self, name: str) -> Iterator[Part]:
        waiting = self._waiting.pop(name)
        waiting.stream.seek(0)
        count = waiting.count
        while body := waiting.stream.read(1 << 20):
            yield body, count
            count = 0
        waiting.stream.close()


def _at_once(file: CsvFile, source: Source) -> bool:
    return isinstance(source, DistrictSource) and (source.version, file.name) in LINES


def apart(files: Iterable[CsvFile], source: Source) -> list[list[CsvFile]]:
    """Files that can be made apart from each other: those that take from one collection stay together."""
    found: dict[str, list[CsvFile]] = {}
    for file in files:
        alone = file.name == SCORE_SCALES or _at_once(file, source)
        found.setdefault(file.name if alone else collection_of(file), []).append(file)
    return list(found.values())


def collection_of(file: CsvFile) -> str:
    """The collection whose records a file's rows come from."""
    return NESTED[file.name][0] if file.name in NESTED else file.entity


def rows_of(file: CsvFile, batch: list[Record]) -> Iterator[list[str]]:
    """Bulk rows of a file from some records of its collection."""
    if file.name not in NESTED:
        return csv_rows(file, batch, RENAMED)
    of_record = NESTED[file.name][1]
    return ([row.get(name, "") for name in file.headers] for record in batch for row in of_record(record))


def _rendered(rows: list[list[str]]) -> Iterator[Part]:
    if rows:
        yield csv_bytes(rows), len(rows)
