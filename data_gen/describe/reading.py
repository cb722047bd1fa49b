"""Tables of a bundle or a store as rows of named cells, whatever the files' encodings and delimiters are.

Called by the survey. Rows that do not fit their header are counted and left out; a store is read as its CSV files would be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_gen.anonymise.bundles import opened, standard_name
from data_gen.anonymise.columns import bare, known_columns
from data_gen.anonymise.records import DELIMITERS, RecordReader, coding_of, lines, value_of
from oneroster_harness.problems import CannotRun
from oneroster_standard.bundles import Bundle, BundleProblem
from oneroster_standard.marks import parse
from oneroster_standard.standard import load
from oneroster_standard.store import Store, StoreProblem

HEAD_BYTES = 4096
Row = dict[str, str]
MisfitNoted = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Table:
    """One file of the standard and its rows, each with the number of its record below the header, from 1."""

    file: str
    rows: Iterator[tuple[int, Row]]


def is_store(path: Path) -> bool:
    """Whether a path is a .district store."""
    return path.joinpath("district.json").is_file()


def tables(path: Path, misfit: MisfitNoted) -> Iterator[Table]:
    """The tables of a bundle or a store in the order of the standard; misfit is called with a file's name for each row left out.

    Raises CannotRun when the path is neither.
    """
    if is_store(path):
        yield from _store_tables(path)
        return
    with opened(path) as bundle:
        names = {standard_name(name): name for name in bundle.names if standard_name(name)}
        if not names:
            raise CannotRun("no file of OneRoster is there", "a bundle, a .district store or a folder of days", str(path))
        order = [*load("1.2").csv_files, *load("1.1").csv_files]
        for file in sorted(names, key=order.index):
            yield Table(file, _bundle_rows(bundle, names[file], file, misfit))


def _bundle_rows(bundle: Bundle, name: str, file: str, misfit: MisfitNoted) -> Iterator[tuple[int, Row]]:
    with bundle.open_bytes(name) as stream:
        coding = coding_of(stream.read(HEAD_BYTES))
    known = known_columns(file)
    number = 0
    header: list[str] = []
    try:
        with bundle.open_bytes(name) as stream:
            reader = RecordReader(lines(stream, coding))
            first = reader.peek().strip("\r\n\ufeff")
            reader.use(max(DELIMITERS, key=lambda sign: sum(bool(bare(cell.strip('" '), known)) for cell in first.split(sign))))
            for record in reader:
                cells = [value_of(raw.removeprefix("\ufeff")).strip() for raw in record.raw]
                if not any(cells):
                    continue
                if not header:
                    header = [bare(cell, known) or cell for cell in cells]
                    continue
                number += 1
                if record.is_whole and len(cells) == len(header):
                    yield number, dict(zip(header, cells, strict=True))
                else:
                    misfit(file)
    except (BundleProblem, UnicodeDecodeError) as problem:
        raise CannotRun("a file cannot be read to its end", "a complete file", file) from problem


def _store_tables(path: Path) -> Iterator[Table]:
    try:
        store = Store.open(path)
    except StoreProblem as problem:
        raise CannotRun(str(problem), "a finished .district store", str(path)) from problem
    try:
        version = store.specs[0]
        for file, spec in load(version).csv_files.items():
            if spec.entity in load(version).collections and store.count(spec.entity, version):
                columns = [(column.header, column.property) for column in spec.columns]
                yield Table(file, _store_rows(store, spec.entity, version, columns))
    finally:
        store.close()


def _store_rows(store: Store, name: str, version: str, columns: list[tuple[str, str]]) -> Iterator[tuple[int, Row]]:
    for number, raw in enumerate(store.collection(name, version).iter_bytes(), start=1):
        record = parse(raw)
        yield number, {header: _cell(record.get(found)) for header, found in columns}


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(_cell, value))
    if isinstance(value, dict):
        return str(value.get("sourcedId", ""))
    return "" if value is None else str(value)
