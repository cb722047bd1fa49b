"""Bundles of later days: the full one, the delta since the day before, and what a perfect consumer must then do.

Called by the `generate` command. A full bundle tells of a deletion by leaving the row out, a delta by flagging it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_gen.bundle import MANIFEST, manifest_rows, write_bundle
from data_gen.file_rows import Source, collection_of, rows_of
from data_gen.lens import Lens
from data_gen.year.days import live
from data_gen.year.views import Shown, changed, records_of, together
from data_gen.year.world import GONE, Change, Record, World
from oneroster_standard.bundle_writer import BundleWriter, csv_bytes
from oneroster_standard.marks import parse
from oneroster_standard.standard import CsvFile, Standard, load
from oneroster_standard.store import Store, sourced_id_of

EXPECTED = "expected-diff.json"
STATUS, STAMP = 1, 2
"""Places of status and dateLastModified in the rows of every data file."""
Rows = dict[str, list[list[str]]]
"""File -> rows, the first cell of each its key."""


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


def laid_over(rows: Iterable[bytes], changes: Mapping[str, bytes]) -> Iterator[Record]:
    """Records in order of their key, with changes over them and without what is gone."""
    waiting = sorted(changes, key=lambda key: key.encode("utf-8"), reverse=True)
    for raw in rows:
        own = sourced_id_of(raw).encode("utf-8")
        while waiting and waiting[-1].encode("utf-8") < own:
            yield from _kept(changes[waiting.pop()])
        if waiting and waiting[-1].encode("utf-8") == own:
            yield from _kept(changes[waiting.pop()])
        else:
            yield parse(raw)
    while waiting:
        yield from _kept(changes[waiting.pop()])


def _kept(raw: bytes) -> Iterator[Record]:
    record = parse(raw) if raw else None
    if record is not None and record["status"] != GONE:
        yield record


def source_on(store: Store, spec: str, changes: Shown) -> Source:
    """The records of a full bundle on a day. store: as the vendor shows day 0; changes: since then, as it shows them."""
    return lambda collection: laid_over(store.collection(collection, spec).iter_bytes(), changes.get(collection, {}))


def delta_rows(standard: Standard, world: World, lens: Lens, changes: Iterable[Change]) -> Rows:
    """Rows of a delta by file, in order of their key: what is new or differs is active, what went is flagged."""
    found: dict[str, dict[str, list[str]]] = {name: {} for name in standard.csv_files if name != MANIFEST}
    by_collection: dict[str, list[CsvFile]] = {}
    for name in found:
        by_collection.setdefault(collection_of(standard.csv_files[name]), []).append(standard.csv_files[name])
    for change in changes:
        before, after = (records_of(world, lens, change.collection, one) for one in (change.before, change.after))
        for file in by_collection.get(change.collection, ()):
            _add(file, found[file.name], before, after, change.after["dateLastModified"])
    return {name: [rows[key] for key in sorted(rows, key=lambda key: key.encode("utf-8"))] for name, rows in found.items() if rows}


def _add(file: CsvFile, rows: dict[str, list[str]], before: list[Record], after: list[Record], stamp: str) -> None:
    was, now = ({row[0]: row for row in rows_of(file, [one for one in found if one["status"] != GONE])} for found in (before, after))
    for key, row in now.items():
        if was.get(key) != row:
            rows[key] = _flagged(row, "active", stamp)
    for key in was.keys() - now.keys():
        rows[key] = _flagged(was[key], GONE, stamp)


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
        before = {one["sourcedId"]: one for one in records_of(world, lens, change.collection, change.before)}
        after = {one["sourcedId"]: one for one in records_of(world, lens, change.collection, change.after)}
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


def write_days(
    folder: Path, form: str, base: Store, shown: Store, lens: Lens, days: int, tell: Callable[[str], None] | None = None
) -> list[Day]:
    """Write each of the days after day 0 into a folder; base: seen through no vendor; shown: through the lens's.

    form: ending of the bundles, `.zip` or empty for folders.
    """
    standard = load(lens.version)
    world = World(base)
    passed: list[list[Change]] = []
    written: list[Day] = []
    for _ in range(days):
        live(world)
        if tell:
            tell(f"day {world.day}")
        changes = list(world.changes())
        passed.append(changes)
        day = Day(world.day, world.date.isoformat(), form)
        place = folder / day.folder
        place.mkdir(parents=True)
        since = changed(world, lens, together(passed))
        write_bundle(place / f"full{form}", source_on(shown, lens.version, since), version=lens.version)
        write_delta(place / f"delta{form}", standard, delta_rows(standard, world, lens, changes))
        expected = json.dumps(expected_difference(world, lens, changes), indent=1)
        place.joinpath(EXPECTED).write_text(expected + "\n", encoding="utf-8")
        written.append(day)
    return written


def days_folder(out: Path) -> Path:
    """Where the later days of a bundle lie: beside it, district.zip -> district.days."""
    return out.with_name(f"{out.name.removesuffix('.zip')}.days")
