"""Two bundles side by side, file by file: created, changed, removed, unchanged, and records that only changed their id.

Called by the judge of changes; knows digests only. A file that is in one bundle only is not compared: absent is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from conformance.changes.snapshots import HOME, KEY, Snapshot, Table, token
from conformance.csv_files.reading import LINE
from conformance.csv_rules.facts import ID

ROW = "@row"
WAS = " before"
NATURAL: dict[str, tuple[tuple[str, ...], ...]] = {
    "orgs.csv": (("identifier", "type"), ("name", "type")),
    "academicSessions.csv": (("title", "type", "startDate", "endDate"),),
    "courses.csv": (("courseCode", "orgSourcedId"), ("title", "orgSourcedId")),
    "classes.csv": (("classCode", "courseSourcedId", "schoolSourcedId", f"{HOME} termSourcedIds"),
                    ("title", "courseSourcedId", "schoolSourcedId", f"{HOME} termSourcedIds")),
    "users.csv": (("userMasterIdentifier",), ("identifier", "familyName"), ("email", "familyName"),
                  ("username", "givenName", "familyName")),
    "enrollments.csv": (("userSourcedId", "classSourcedId", "role"),),
    "lineItems.csv": (("classSourcedId", "title", "assignDate"),),
    "results.csv": (("lineItemSourcedId", "studentSourcedId"),),
    "roles.csv": (("userSourcedId", "orgSourcedId", "role", "roleType"),),
}  # fmt: skip
"""What tells that two records with different ids are one: the first set of columns that both files have is tried first."""
ORDER = ("orgs.csv", "academicSessions.csv", "courses.csv", "users.csv", "classes.csv", "lineItems.csv")
"""Files whose ids others point to, each after those that it points to."""
MAYBE_BLANK = {"identifier", "userMasterIdentifier", "email", "username", "classCode", "courseCode"}


@dataclass
class FileChange:
    """One file of both bundles. created: rows of new; removed: rows of old; changed: rows of new beside what they were (WAS)."""

    old: Table
    new: Table
    before: pl.DataFrame
    after: pl.DataFrame
    created: pl.DataFrame
    removed: pl.DataFrame
    changed: pl.DataFrame
    rekeyed: pl.DataFrame
    columns: list[str]

    @property
    def name(self) -> str:
        """The standard's name of the file."""
        return self.new.name

    @property
    def unchanged(self) -> int:
        """Records that are the same in both."""
        return self.after.height - self.created.height - self.changed.height - self.rekeyed.height

    @cached_property
    def fields(self) -> dict[str, int]:
        """How often each column changed among the records that both have."""
        if not self.changed.height:
            return {}
        found = {name: int(self.changed[name].ne_missing(self.changed[name + WAS]).sum()) for name in self.columns}
        return {name: count for name, count in found.items() if count}

    def differing(self, *columns: str) -> pl.DataFrame:
        """Changed records that differ in all of these columns."""
        if any(name not in self.columns for name in columns):
            return self.changed.clear()
        return self.changed.filter(*(pl.col(name).ne_missing(pl.col(name + WAS)) for name in columns))


@dataclass(slots=True)
class Pair:
    """Two bundles, and what differs between the files that both have as full sets."""

    old: Snapshot
    new: Snapshot
    files: dict[str, FileChange] = field(default_factory=dict)
    missing: dict[str, FileChange] = field(default_factory=dict)
    """Files that only the old bundle has, compared with an empty one: to ask whether a turn of the year explains it, and for nothing else."""

    def __post_init__(self) -> None:
        moved = pl.DataFrame(schema={"from": pl.UInt64, "to": pl.UInt64})
        names = [*ORDER, *(name for name in self.new.standard.csv_files if name not in ORDER)]
        for name in names:
            old, new = self.old.read(name), self.new.read(name)
            if old is not None and name not in self.new.tables and old.mode == "bulk":
                self.missing[name] = _compare(old, Table(old.reading, old.mode, old.frame.clear()), moved)
            if old is None or new is None or "delta" in (old.mode, new.mode):
                continue
            self.files[name] = found = _compare(old, new, moved)
            if name in ORDER and found.rekeyed.height:
                moved = pl.concat([moved, found.rekeyed.select(pl.col(ID + WAS).alias("from"), pl.col(ID).alias("to"))])


def _compare(old: Table, new: Table, moved: pl.DataFrame) -> FileChange:
    columns = [name for name in new.columns if name in old.columns]
    before, after = _followed(old.live, old, moved), new.live
    sides = [side.with_columns(_row(side, columns)) for side in (before, after)]
    before, after = sides
    known = after.select(ID, LINE, ROW).join(before.select(ID, pl.col(ROW).alias(ROW + WAS)), on=ID, how="left")
    created = after.join(known.filter(pl.col(ROW + WAS).is_null()).select(ID), on=ID, how="semi")
    removed = before.join(after.select(ID), on=ID, how="anti")
    changed = after.join(known.filter(pl.col(ROW) != pl.col(ROW + WAS)).select(ID), on=ID, how="semi")
    changed = changed.join(before, on=ID, how="left", suffix=WAS)
    rekeyed = _rekeyed(new.name, created, removed)
    created = created.join(rekeyed.select(ID), on=ID, how="anti")
    removed = removed.join(rekeyed.select(pl.col(ID + WAS).alias(ID)), on=ID, how="anti")
    return FileChange(old, new, before, after, created, removed, changed, rekeyed, columns)


def _row(side: pl.DataFrame, columns: list[str]) -> pl.Series:
    if not side.height or not columns:
        return pl.repeat(0, side.height, dtype=pl.UInt64, eager=True).alias(ROW)
    return side.select(columns).hash_rows(seed=0).alias(ROW)


def _followed(frame: pl.DataFrame, table: Table, moved: pl.DataFrame) -> pl.DataFrame:
    """The old records as they would be if their references bore the new ids: else one new id changes all that point to it."""
    if not moved.height:
        return frame
    wide = dict(zip(moved["from"].to_list(), moved["to"].to_list(), strict=True))
    names = [
        name for column in table.reading.spec.columns if column.references
        for name in (column.header, f"{HOME} {column.header}") if name in frame.columns and frame.schema[name] == pl.UInt64 and column.header != KEY
    ]  # fmt: skip
    return frame.with_columns(pl.col(name).replace(wide) for name in names)


def _rekeyed(name: str, created: pl.DataFrame, removed: pl.DataFrame) -> pl.DataFrame:
    """Created records that are removed ones under another id: the only ones on either side with the same natural key."""
    found: list[pl.DataFrame] = []
    for keys in NATURAL.get(name, ()):
        if any(key not in created.columns or key not in removed.columns for key in keys) or not created.height or not removed.height:
            continue
        sides = []
        for side in (created, removed):
            filled = side.filter(pl.all_horizontal(_is_filled(side, key) for key in keys))
            sides.append(filled.filter(pl.struct(keys).is_unique()))
        one = sides[0].join(sides[1].select(pl.col(ID).alias(ID + WAS), pl.col(LINE).alias(LINE + WAS), *keys), on=list(keys), how="inner")
        if one.height:
            found.append(one.select(LINE, LINE + WAS, ID, ID + WAS))
            created = created.join(one.select(ID), on=ID, how="anti")
            removed = removed.join(one.select(pl.col(ID + WAS).alias(ID)), on=ID, how="anti")
    schema = {LINE: pl.UInt32, LINE + WAS: pl.UInt32, ID: pl.UInt64, ID + WAS: pl.UInt64}
    return pl.concat(found) if found else pl.DataFrame(schema=schema)


def _is_filled(side: pl.DataFrame, key: str) -> pl.Expr:
    return pl.col(key).is_not_null() if side.schema[key] == pl.UInt64 or key not in MAYBE_BLANK else pl.col(key) != token("")
