"""A bundle as digests: one row per record, each cell a hash, so that two bundles can be compared and nobody is known.

Called by the judge of changes, once per bundle. Reads what the CSV judge reads, in the same tolerant way; judges nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from conformance.csv_files.package import Package
from conformance.csv_files.reading import LINE, FileReading, read_frames
from conformance.csv_files.version import find_version, open_any
from conformance.csv_rules.facts import ID, hashed
from oneroster_standard.bundles import BundleProblem
from oneroster_standard.standard import CsvFile, Standard, load

MANIFEST = "manifest.csv"
KEY, STATUS, STAMP = "sourcedId", "status", "dateLastModified"
GONE = "@gone"
AT = "@at"
"""The instant of dateLastModified in milliseconds; null where the cell is blank or no instant."""
HOME = "@home"
"""The first organisation of a list of them."""
FIRST, LAST = "@first", "@last"
"""First and last day of a session."""
LIST = "@list"
YEAR = "@year"


@dataclass(slots=True)
class Table:
    """One file of a bundle. frame: LINE, ID, GONE, AT and a digest per column; filled: cells that are not blank, by column."""

    reading: FileReading
    mode: str
    frame: pl.DataFrame
    filled: dict[str, int] = field(default_factory=dict)
    items: dict[str, pl.DataFrame] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The standard's name of the file."""
        return self.reading.name

    @property
    def is_readable(self) -> bool:
        """Whether its records are known."""
        return not self.reading.stopped_by and self.reading.has(KEY)

    @property
    def columns(self) -> list[str]:
        """Columns of the standard that it has and that tell of the record itself."""
        return [name for name in self.reading.spec.headers if self.reading.has(name) and name not in (KEY, STATUS, STAMP)]

    @property
    def live(self) -> pl.DataFrame:
        """Records that are not flagged as deleted, the first one of each id."""
        return self.frame.filter(~pl.col(GONE) & pl.col(ID).is_not_null()).unique(subset=ID, keep="first", maintain_order=True)


@dataclass(slots=True)
class Snapshot:
    """One bundle. label: what reports call it; trouble: why nothing of it could be read."""

    label: str
    standard: Standard
    tables: dict[str, Table] = field(default_factory=dict)
    trouble: str = ""

    @property
    def is_delta(self) -> bool:
        """Whether the manifest calls one of its files a delta."""
        return any(table.mode == "delta" for table in self.tables.values())

    def read(self, name: str) -> Table | None:
        """A file whose records are known, or None."""
        table = self.tables.get(name)
        return table if table is not None and table.is_readable else None


def take(path: Path, label: str, spec: str | None = None) -> Snapshot:
    """Read a bundle. Raises CannotRun when there is nothing at the path or it may not be read."""
    package = open_any(path)
    try:
        found = Snapshot(label, load(find_version(package, spec)))
        if package.trouble is not None:
            found.trouble = package.trouble.detail.partition(";")[0]
            return found
        if not package.members:
            found.trouble = "no OneRoster CSV file is there"
            return found
        modes = _modes(package, found.standard)
        for name, file in found.standard.csv_files.items():
            if name in package.members and name != MANIFEST:
                found.tables[name] = _table(package, file, modes.get(name, "bulk"))
        return found
    finally:
        package.close()


def _modes(package: Package, standard: Standard) -> dict[str, str]:
    """Files that the manifest calls delta."""
    if MANIFEST not in package.members:
        return {}
    reading = FileReading(standard.csv_files[MANIFEST])
    said: dict[str, str] = {}
    try:
        with package.open(MANIFEST) as stream:
            for frame in read_frames(stream, reading):
                if reading.has("propertyName") and reading.has("value"):
                    said |= dict(frame.select("propertyName", "value").iter_rows())
    except BundleProblem:
        return {}
    return {
        f"{name.strip().removeprefix('file.')}.csv": "delta"
        for name, value in said.items() if name.strip().startswith("file.") and value.strip() == "delta"
    }  # fmt: skip


def _table(package: Package, file: CsvFile, mode: str) -> Table:
    reading = FileReading(file)
    table = Table(reading, mode, pl.DataFrame())
    frames: list[pl.DataFrame] = []
    try:
        with package.open(file.name) as stream:
            for frame in read_frames(stream, reading):
                if reading.has(KEY):
                    frames.append(_digest(table, frame))
    except BundleProblem:
        reading.stopped_by = "cut"
    table.frame = pl.concat(frames) if frames else _empty(table)
    table.items = {name: pl.concat([table.items[name]]) for name in table.items}
    return table


def digest(series: pl.Series) -> pl.Series:
    """A cell as 32 bits: equal cells have equal digests."""
    return (series.hash(seed=0) & 0xFFFFFFFF).cast(pl.UInt32).alias(series.name)


def token(value: str) -> int:
    """The digest of a known word."""
    return int(digest(pl.Series([value], dtype=pl.String))[0])


def _digest(table: Table, frame: pl.DataFrame) -> pl.DataFrame:
    reading = table.reading
    status = frame[STATUS] if reading.has(STATUS) else pl.repeat("", frame.height, dtype=pl.String, eager=True)
    stamp = frame[STAMP] if reading.has(STAMP) else pl.repeat("", frame.height, dtype=pl.String, eager=True)
    kept = [
        frame[LINE], hashed(frame[KEY]).alias(ID), (status == "tobedeleted").alias(GONE),
        stamp.str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="ms", strict=False).alias(AT),
    ]  # fmt: skip
    for name in table.columns:
        column = reading.spec.column(name)
        kept.append(hashed(frame[name]) if column.references and not column.is_list else digest(frame[name]))
        table.filled[name] = table.filled.get(name, 0) + frame.height - int((frame[name] == "").sum())
        if column.references and column.is_list:
            kept.append(hashed(frame[name].str.split(",").list.first().fill_null("").str.strip_chars(" ")).alias(f"{HOME} {name}"))
            _note_items(table, frame, name)
        if table.name == "academicSessions.csv" and name in ("startDate", "endDate"):
            kept.append(frame[name].str.to_date("%Y-%m-%d", strict=False).alias(FIRST if name == "startDate" else LAST))
        if table.name == "academicSessions.csv" and name == "schoolYear":
            kept.append(frame[name].cast(pl.Int32, strict=False).alias(YEAR))
    return pl.DataFrame(kept)


def _note_items(table: Table, frame: pl.DataFrame, name: str) -> None:
    """The ids of a list column, one row each: LINE of its record, and LIST."""
    filled = frame.lazy().select(LINE, name).filter(pl.col(name) != "")
    items = filled.with_columns(pl.col(name).str.split(",")).explode(name).collect()
    found = pl.DataFrame([items[LINE], hashed(items[name].str.strip_chars(" \t")).alias(LIST)]).drop_nulls()
    table.items[name] = pl.concat([table.items[name], found], rechunk=False) if name in table.items else found


def _empty(table: Table) -> pl.DataFrame:
    schema: dict[str, type[pl.DataType] | pl.DataType] = {LINE: pl.UInt32, ID: pl.UInt64, GONE: pl.Boolean, AT: pl.Datetime("ms")}
    return pl.DataFrame(schema=schema)
