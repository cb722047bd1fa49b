"""Bundles of later days: the full one, the delta since the day before, and what a perfect consumer must then do.

Called by the `generate` command. A full bundle tells of a deletion by leaving the row out, a delta by flagging it.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_gen.bundle import MANIFEST, manifest_rows
from data_gen.file_rows import Source, collection_of, rows_of
from data_gen.lens import Lens
from data_gen.nested_files import SCORE_SCALES, score_scales
from data_gen.year.days import live
from data_gen.year.laying import GONE, laid_over
from data_gen.year.patching import Lines, packed, unpacked, write_patched
from data_gen.year.views import Passed, Shown, records_of, sides_of
from data_gen.year.world import Change, Record, World
from oneroster_standard.bundle_writer import BundleWriter, csv_bytes
from oneroster_standard.standard import CsvFile, Standard, load
from oneroster_standard.store import Store

EXPECTED = "expected-diff.json"
STATUS, STAMP = 1, 2
"""Places of status and dateLastModified in the rows of every data file."""
Rows = dict[str, list[list[str]]]
"""File -> rows, the first cell of each its key."""


@dataclass(frozen=True, slots=True)
class Delta:
    """What has changed, by file. new: keys of the rows that were not there before."""

    rows: Rows
    new: dict[str, set[str]]


@dataclass(frozen=True, slots=True)
class Day:
    """One later day as it was written: its number, its date, and the ending of its bundles (.zip or none)."""

    number: int
    date: str
    form: str

    @property
    def folder(self) -> str:
        """Name of its folder."""
        return f"day-{self.number:03d}"

    def document(self, place: Path) -> dict[str, Any]:
        """The day as JSON; place: the folder of all days."""
        own = place / self.folder
        return {
            "day": self.number, "date": self.date, "full": str(own / f"full{self.form}"), "delta": str(own / f"delta{self.form}"),
            "expected": str(own / EXPECTED),
        }  # fmt: skip


def source_on(store: Store, spec: str, changes: Shown) -> Source:
    """The records of a full bundle on a day. store: as the vendor shows day 0; changes: since then, as it shows them."""
    return lambda collection: laid_over(store.collection(collection, spec).iter_bytes(), changes.get(collection, {}))


def delta_rows(standard: Standard, world: World, lens: Lens, changes: Iterable[Change]) -> Delta:
    """Rows of a delta by file, in order of their key: what is new or differs is active, what went is flagged."""
    found: dict[str, dict[str, list[str]]] = {name: {} for name in standard.csv_files if name != MANIFEST}
    new: dict[str, set[str]] = {name: set() for name in found}
    by_collection: dict[str, list[CsvFile]] = {}
    for name in found:
        by_collection.setdefault(collection_of(standard.csv_files[name]), []).append(standard.csv_files[name])
    for change in changes:
        sides = sides_of(world, lens, change)
        if sides is None:
            continue
        for file in by_collection.get(change.collection, ()):
            was, now = (_rows_by_key(world, lens, file, change, records) for records in (sides.before, sides.after))
            stamp = change.after["dateLastModified"]
            found[file.name] |= {key: _flagged(row, "active", stamp) for key, row in now.items() if was.get(key) != row}
            found[file.name] |= {key: _flagged(was[key], GONE, stamp) for key in was.keys() - now.keys()}
            new[file.name] |= now.keys() - was.keys()
    rows = {name: [own[key] for key in sorted(own, key=lambda key: key.encode("utf-8"))] for name, own in found.items() if own}
    return Delta(rows, new)


def _rows_by_key(world: World, lens: Lens, file: CsvFile, change: Change, records: list[Record]) -> dict[str, list[str]]:
    there = [one for one in records if one["status"] != GONE]
    if file.name != SCORE_SCALES:
        return {row[0]: row for row in rows_of(file, there)}
    # The school of a scale is that of its class, which may have gone with it.
    taught = world.get("classes", change.after["class"]["sourcedId"])
    found = score_scales(there, records_of(world, lens, "classes", taught))
    return {row["sourcedId"]: [row.get(name, "") for name in file.headers] for row in found}


def _flagged(row: list[str], status: str, stamp: str) -> list[str]:
    found = list(row)
    found[STATUS], found[STAMP] = status, stamp
    return found


def write_delta(path: Path, standard: Standard, rows: Rows) -> dict[str, int]:
    """Write a delta bundle to a folder or a ZIP; returns rows by file. Files without a change are absent."""
    with BundleWriter(path) as writer:
        for name, file in standard.csv_files.items():
            if rows.get(name):
                writer.write(name, [csv_bytes([file.headers, *rows[name]])])
        manifest = [
            [name, "delta" if value == "bulk" else value] for name, value in manifest_rows(standard, [name for name in rows if rows[name]])
        ]
        writer.write(MANIFEST, [csv_bytes([standard.csv_files[MANIFEST].headers, *manifest])])
    return {name: len(found) for name, found in rows.items()}


def expected_difference(world: World, lens: Lens, changes: Iterable[Change]) -> dict[str, Any]:
    """What a perfect consumer of full bundles does on this day, by collection: create, update, retire, restore, with reasons."""
    entities: dict[str, dict[str, list[dict[str, str]]]] = {}
    for change in changes:
        sides = sides_of(world, lens, change)
        if sides is None:
            continue
        before = {one["sourcedId"]: one for one in sides.before}
        after = {one["sourcedId"]: one for one in sides.after}
        for key in sorted({*before, *after}):
            kind = _kind(before.get(key), after.get(key))
            if kind:
                places = entities.setdefault(change.collection, {})
                places.setdefault(kind, []).append({"sourcedId": key, "reason": change.reason})
    return {"day": world.day, "date": world.date.isoformat(), "spec": lens.version, "vendor": lens.vendor, "expected": entities}


def _kind(before: Record | None, after: Record | None) -> str:
    was = before is not None and before["status"] != GONE
    now = after is not None and after["status"] != GONE
    if was and now:
        return "update"
    if was:
        return "retire"
    if now:
        return "create" if before is None else "restore"
    return ""


def bulk_lines(delta: Delta) -> dict[str, Lines]:
    """A delta as a full bundle has it: without status and stamp, empty lines for what went."""
    found: dict[str, Lines] = {}
    for name, rows in delta.rows.items():
        lines = [
            (row[0].encode("utf-8"), b"" if row[STATUS] == GONE else csv_bytes([[*row[:STATUS], "", "", *row[STAMP + 1 :]]]))
            for row in rows
        ]
        new = {key.encode("utf-8") for key in delta.new[name]}
        found[name] = Lines({key: line for key, line in lines if key not in new}, [one for one in lines if one[0] in new])
    return found


@dataclass(frozen=True, slots=True)
class Span:
    """Which of the later days are written: every so many, and the last one."""

    days: int
    every: int = 1

    def is_written(self, day: int) -> bool:
        """Whether a day is one of them."""
        return day % self.every == 0 or day == self.days


def write_days(
    folder: Path, first: Path, base: Store, lens: Lens, span: Span, tell: Callable[[str], None] | None = None
) -> list[Day]:
    """Write later days into a folder, each with what has changed since the one that was written before it.

    first: the bundle of day 0 through the lens, whose form the others take; base: day 0 seen through no vendor.
    """
    standard, form = load(lens.version), ".zip" if first.suffix == ".zip" else ""
    world, passed, since = World(base), Passed(), 0
    written: list[Day] = []
    with tempfile.TemporaryDirectory(dir=first.parent) as scratch:
        full = unpacked(first, Path(scratch) / "day-000")
        for _ in range(span.days):
            live(world)
            passed.add(world.changes())
            if not span.is_written(world.day):
                continue
            if tell:
                tell(f"day {world.day}")
            day = Day(world.day, world.date.isoformat(), form)
            place = folder / day.folder
            place.mkdir(parents=True)
            changes, passed = passed.changes(), Passed()
            delta = delta_rows(standard, world, lens, changes)
            before, full = full, Path(scratch) / day.folder if form else place / "full"
            write_patched(before, full, standard, bulk_lines(delta))
            if form:
                packed(full, place / f"full{form}", standard)
                shutil.rmtree(before)
            write_delta(place / f"delta{form}", standard, delta.rows)
            expected = {**expected_difference(world, lens, changes), "since": since}
            place.joinpath(EXPECTED).write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")
            since = world.day
            written.append(day)
    return written


def days_folder(out: Path) -> Path:
    """Where the later days of a bundle lie: beside it, district.zip -> district.days."""
    return out.with_name(f"{out.name.removesuffix('.zip')}.days")
