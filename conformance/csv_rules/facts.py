"""Everything that the rules may ask about a bundle after its files were read once.

Filled by the judge, read by the rules. Holds no names or addresses of people: ids are kept as 64-bit hashes (two
different ids of a bundle share one with a chance of about one in a million at ten million rows).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import polars as pl

from conformance.csv_files.faults import Faults, Tally
from conformance.csv_files.package import Package
from conformance.csv_files.reading import LINE, FileReading
from oneroster_standard.standard import CsvColumn, CsvFile, Standard

ID = "@id"
SLICE = 500_000
"""Rows that are joined together where a table has millions."""
FOLDED = "@folded"
"""Hash of the sourcedId in lower case."""


class Skip(Exception):
    """The rule has nothing to judge; the message says why."""


@dataclass(slots=True)
class Finding:
    """One thing wrong in one place or many. observed is a shape, never a value."""

    check: str
    message: str
    file: str = ""
    line: int = 0
    column: str = ""
    expected: str = ""
    observed: str = ""
    count: int = 1
    severity: str = ""
    cause_of: str = ""
    remedy: str = ""
    samples: list[dict[str, object]] = field(default_factory=list)


@dataclass(slots=True)
class Manifest:
    """manifest.csv as rows of (line, name, value) and the first value of each name."""

    rows: list[tuple[int, str, str]] = field(default_factory=list)
    is_present: bool = False
    is_readable: bool = False

    def line(self, name: str) -> int:
        """Line of the first row with that name, or 0."""
        return next((line for line, found, _ in self.rows if found == name), 0)

    def value(self, name: str) -> str | None:
        """Value of the first row with that name, without blanks around it."""
        return next((value.strip() for _, found, value in self.rows if found == name), None)


@dataclass(slots=True)
class BundleFacts:
    """One bundle as read: tables holds the columns that rules across records need, by file."""

    package: Package
    standard: Standard
    spec_asked: str | None
    manifest: Manifest = field(default_factory=Manifest)
    readings: dict[str, FileReading] = field(default_factory=dict)
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    lists: dict[tuple[str, str], pl.DataFrame] = field(default_factory=dict)
    cells: dict[tuple[str, str, str], Tally] = field(default_factory=dict)
    judged: dict[str, int] = field(default_factory=dict)
    damaged: dict[str, str] = field(default_factory=dict)
    known: dict[str, pl.DataFrame] = field(default_factory=dict)

    @property
    def data_files(self) -> list[str]:
        """Files of the standard other than the manifest, in the order of the tables."""
        return [name for name in self.standard.csv_files if name != "manifest.csv"]

    @property
    def present(self) -> list[FileReading]:
        """Readings of data files, in the order of the tables."""
        return [self.readings[name] for name in self.data_files if name in self.readings]

    def mode(self, name: str) -> str:
        """bulk or delta; what the manifest says, and bulk when it says neither."""
        said = self.manifest.value(f"file.{name.removesuffix('.csv')}")
        return "delta" if said == "delta" else "bulk"

    def table(self, name: str, *columns: str) -> pl.DataFrame:
        """Kept columns of a bulk file. Raises Skip when the file, a column or its rows are not there."""
        reading = self.readings.get(name)
        if reading is None:
            raise Skip(f"{name} is not in the bundle")
        if reading.stopped_by:
            raise Skip(f"{name} could not be read ({reading.stopped_by})")
        for column in columns:
            if not reading.has(column):
                raise Skip(f"{name} has no column {column}")
        if self.mode(name) == "delta":
            raise Skip(f"{name} is a delta: records sent earlier are not known here")
        if name not in self.tables:
            raise Skip(f"{name} has no rows")
        return self.tables[name]

    def once(self, key: str, make: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        """What several rules ask for, worked out once."""
        if key not in self.known:
            self.known[key] = make()
        return self.known[key]

    def has_unique_ids(self, name: str) -> bool:
        """Whether no id of a file that was kept stands twice."""
        return bool(self.once(f"unique ids of {name}", lambda: pl.DataFrame({"is": [is_unique(self.tables[name][ID])]}))["is"][0])

    def first_of_each(self, name: str, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows of a file with an id, the first of each."""
        filled = rows.filter(pl.col(ID).is_not_null())
        return filled if self.has_unique_ids(name) else filled.unique(subset=ID, keep="first", maintain_order=True)

    def list_table(self, name: str, column: str) -> pl.DataFrame:
        """Items of a list column as LINE and ID. Raises Skip like table."""
        self.table(name, column)
        return self.lists[name, column]


def hashed(series: pl.Series) -> pl.Series:
    """Ids as 64-bit hashes; a blank id is null."""
    return pl.select(pl.when(series != "").then(series.hash(seed=0))).to_series().alias(series.name)


def is_unique(ids: pl.Series) -> bool:
    """Whether no id stands twice; blank ids are none. By their order, which takes less room than a set of all of them."""
    ordered = ids.sort()
    return not bool((ordered == ordered.shift(1)).any())


def hash_of(text: pl.Expr) -> pl.Expr:
    """The same for a column of a frame."""
    return pl.when(text != "").then(text.hash(seed=0))


def hashed_ids(ids: Iterable[str]) -> pl.Series:
    """Hashes of single ids, made like those of whole columns."""
    return hashed(pl.Series(ID, list(ids), dtype=pl.String))


def places(frame: pl.DataFrame, column: str, limit: int = 5) -> list[dict[str, object]]:
    """The first lines of a frame as samples."""
    lines = frame[LINE].sort().head(limit).to_list() if frame.height else []
    return [{"row": line, "column": column} for line in lines]


def finding_of_rows(
    check: str, rows: pl.DataFrame, file: str, column: str, message: str
) -> Iterator[Finding]:
    """One finding for all rows of the frame, none when it is empty."""
    samples = places(rows, column)
    if samples:
        line = int(str(samples[0]["row"]))
        yield Finding(check, message, file, line, column, count=rows.height, samples=samples)


def shape_of(value: str) -> str:
    """What a cell looks like, without showing it: its length and the kinds of characters in it."""
    kinds = [
        name
        for name, met in (
            ("digits", any(char.isdigit() for char in value)),
            ("letters", any(char.isalpha() for char in value)),
            ("blanks", any(char.isspace() for char in value)),
            ("other signs", any(not char.isalnum() and not char.isspace() for char in value)),
        )
        if met
    ]
    size = f"{len(value)} character{'s' if len(value) != 1 else ''}"
    return f"{size}, {' and '.join(kinds)}" if kinds else "empty"


def of_faults(
    check: str, reading: FileReading, kind: str, message: str, *, expected: str = "", **more: str
) -> Iterable[Finding]:
    """One finding for one kind of fault that was met while the file was read."""
    tally = Faults.get(reading.faults, kind)
    if tally is None:
        return
    first = tally.places[0]
    yield Finding(
        check,
        message,
        reading.name,
        first.line,
        first.column,
        expected,
        first.remark,
        tally.count,
        samples=[{"row": place.line, "column": place.column} for place in tally.places],
        **more,
    )


def columns_of(reading: FileReading) -> Iterable[CsvColumn]:
    """Columns of the standard that the file has."""
    spec: CsvFile = reading.spec
    return (column for column in spec.columns if reading.has(column.header))
