"""Planting defects into a written store: records are changed in every version that has them, and the key says which.

Called when a `.district` is generated. The same seed spoils the same records.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data_gen.defects.orders import Order
from data_gen.defects.record_registry import RECORD_DEFECTS, Record, RecordDefect
from data_gen.draws import Draws
from oneroster_harness.problems import UsageProblem
from oneroster_standard.marks import parse, render
from oneroster_standard.store import CollectionWriter, Store

BATCH = 4096
DESCRIPTION = "district.json"


@dataclass(slots=True)
class _Spoilt:
    """What becomes of one collection's files. rows: row -> what stands there now; added: records beside those."""

    rows: dict[int, bytes] = field(default_factory=dict)
    added: list[tuple[bytes, bytes]] = field(default_factory=list)


class _Planter:
    """One store while defects are planted into it."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store = store
        self.draws = Draws(seed)
        self.spoilt: dict[str, _Spoilt] = {}
        self.taken: dict[str, set[str]] = {}

    def record(self, collection: str, version: str, sourced_id: str) -> Record | None:
        """One record by its id, as the clean store has it."""
        rows = self.store.collection(collection, version)
        row = rows.find(sourced_id)
        return None if row is None else parse(rows.record_bytes(row))

    def first(self, collection: str, version: str, wanted: Callable[[Record], bool]) -> Record | None:
        """The first record of a collection that passes a test."""
        every = map(parse, self.store.collection(collection, version).iter_bytes())
        return next((found for found in every if wanted(found)), None)

    def plant(self, defect: RecordDefect, order: Order) -> list[dict[str, Any]]:
        """Spoil records for one order; returns their places. Raises UsageProblem when there are too few."""
        specs = [spec for spec in self.store.specs if spec in defect.specs]
        if not specs:
            raise UsageProblem(f"--defect {order.id}", f"a store that holds {' or '.join(defect.specs)}", str(self.store.path))
        rows = self.store.collection(defect.collection, specs[0])
        count = order.places(len(rows))
        places: list[dict[str, Any]] = []
        for number in range(count):
            start = self.draws.one(f"defects/records/{defect.id}", number, max(len(rows), 1))
            found = next((place for row in self._from(len(rows), start) if (place := self._spoil(defect, specs, row))), None)
            if found is None:
                raise UsageProblem(
                    f"--defect {order.text}", f"at most {number}: the district has no more records for it",
                    try_="ask for fewer, or for more students",
                )  # fmt: skip
            places.append(found)
        return sorted(places, key=lambda place: str(place["sourcedId"]).encode("utf-8"))

    @staticmethod
    def _from(length: int, start: int) -> Iterator[int]:
        return ((start + step) % length for step in range(length))

    def _spoil(self, defect: RecordDefect, specs: Sequence[str], row: int) -> dict[str, Any] | None:
        """Spoil one record in each version, or nothing when it does not serve in one of them."""
        taken = self.taken.setdefault(defect.collection, set())
        sourced_id = str(parse(self.store.collection(defect.collection, specs[0]).record_bytes(row))["sourcedId"])
        if sourced_id in taken:
            return None
        made: list[tuple[str, int, Record]] = []
        for spec in specs:
            stem = self.store.stem(defect.collection, spec)
            if any(stem == known for known, _, _ in made):
                continue
            rows = self.store.collection(defect.collection, spec)
            own = rows.find(sourced_id)
            changed = None if own is None else defect.change(parse(rows.record_bytes(own)), spec, self)
            if own is None or changed is None:
                return None
            made.append((stem, own, changed))
        key = str(made[0][2]["sourcedId"])
        if key != sourced_id and self.store.collection(defect.collection, specs[0]).find(key) is not None:
            return None
        taken.add(sourced_id)
        for stem, own, changed in made:
            spoilt = self.spoilt.setdefault(stem, _Spoilt())
            if defect.adds:
                spoilt.added.append((str(changed["sourcedId"]).encode("utf-8"), render(changed)))
            else:
                spoilt.rows[own] = render(changed)
        taken.add(key)
        return {"collection": defect.collection, "sourcedId": key, "field": defect.field, "specs": list(specs)}

    def rewritten(self, stem: str, name: str, version: str) -> Iterator[bytes]:
        """Records of one collection as they are now, in order of their ids."""
        spoilt = self.spoilt[stem]
        waiting = sorted(spoilt.added, reverse=True)
        for row, raw in enumerate(self.store.collection(name, version).iter_bytes()):
            key = str(parse(raw)["sourcedId"]).encode("utf-8")
            while waiting and waiting[-1][0] < key:
                yield waiting.pop()[1]
            yield spoilt.rows.get(row, raw)
        while waiting:
            yield waiting.pop()[1]


def plant_records(path: Path, wanted: Sequence[Order], seed: int) -> list[dict[str, Any]]:
    """Plant defects into a store on disk; returns the entries of the answer key in the order that was asked.

    What was planted is told in the store's description as well. Raises UsageProblem when there are too few records.
    """
    store = Store.open(path)
    aside = path.with_name("spoilt")
    aside.mkdir()
    try:
        planter = _Planter(store, seed)
        planted = {
            order.id: planter.plant(RECORD_DEFECTS[order.id], order)
            for order in sorted(wanted, key=lambda found: (RECORD_DEFECTS[found.id].adds, found.id))
        }
        facts = {
            store.stem(name, version): _write(aside, store.stem(name, version), planter.rewritten(store.stem(name, version), name, version))
            for version, name in store.contents if store.stem(name, version) in planter.spoilt
        }  # fmt: skip
    finally:
        store.close()
    for entry in aside.iterdir():
        entry.replace(path / entry.name)
    shutil.rmtree(aside)
    description = json.loads(path.joinpath(DESCRIPTION).read_text("utf-8"))
    description["collections"] |= facts
    description["defects"] = {id: len(places) for id, places in sorted(planted.items())}
    path.joinpath(DESCRIPTION).write_text(json.dumps(description, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return [_entry(RECORD_DEFECTS[order.id], planted[order.id]) for order in wanted]


def _write(folder: Path, stem: str, records: Iterator[bytes]) -> dict[str, Any]:
    writer = CollectionWriter(folder, stem)
    batch: list[bytes] = []
    for record in records:
        batch.append(record)
        if len(batch) == BATCH:
            writer.extend(batch)
            batch = []
    writer.extend(batch)
    return writer.close()


def _entry(defect: RecordDefect, places: list[dict[str, Any]]) -> dict[str, Any]:
    return {"defect": defect.id, "rule": defect.trips, **places[0], "count": len(places), "day": 0, "places": places}


