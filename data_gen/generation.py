"""What `generate` writes: a store, a clean bundle, or a bundle with planted defects and its answer key.

Called by the command and by tests. Writes into places that it is given and never replaces anything.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from data_gen import pools
from data_gen.bundle import StoreSource, write_bundle
from data_gen.defects.draft import Draft
from data_gen.defects.orders import Order
from data_gen.defects.planting import ANSWER_KEY, plant, write_draft
from data_gen.defects.store_planting import plant_records
from data_gen.districts import build, district, view
from data_gen.file_rows import DistrictSource
from data_gen.lens import lens_of
from data_gen.shapes.model import Shape
from data_gen.shapes.reading import DEFAULT
from data_gen.spelling import Spelling, as_folder, require_rows_only, respell
from data_gen.year.bundles import Day, Span, days_folder, write_days, write_delta
from data_gen.year.delta_from import difference
from oneroster_standard.moments import format_instant
from oneroster_standard.standard import load
from oneroster_standard.store import COLLECTIONS, Store

SPEC = "1.1"
"""The version that is written unless another is asked for."""
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that a district's bytes depend on; the same recipe gives the same bytes.

    habits: of writing, ID or ID=ARGUMENT; bundles only. workers: processes to use; their number changes no byte.
    """

    students: int
    seed: int
    as_of: date
    locale: str = pools.DEFAULT_LOCALE
    vendor: str = "reference"
    spec: str = SPEC
    shape: Shape | None = None
    workers: int = 1
    year: Mapping[str, Any] | None = None
    """The `[year]` table of the user's rates."""
    habits: tuple[str, ...] = ()

    @property
    def spelling(self) -> Spelling:
        """How its bundles are spelt."""
        return Spelling(self.habits, self.as_of)

    def build(self, out: Path, tell: Tell | None) -> Path:
        """Write it as a store."""
        return build(
            out, students=self.students, seed=self.seed, as_of=self.as_of, locale=self.locale,
            vendor=self.vendor, tell=tell, shape=self.shape, workers=self.workers, year=self.year,
        )  # fmt: skip


def write_store(out: Path, recipe: Recipe, tell: Tell | None = None) -> dict[str, int]:
    """Write a `.district` store of both versions; returns the spec's records by the CSV file that would hold them."""
    return _records_by_file(recipe.build(out, tell), recipe.spec)


def _records_by_file(path: Path, spec: str) -> dict[str, int]:
    store = Store.open(path)
    try:
        files = load(spec).csv_files
        names = [name for name in COLLECTIONS[spec] if f"{name}.csv" in files]
        return {f"{name}.csv": store.count(name, spec) for name in names}
    finally:
        store.close()


def write_faulty_store(
    out: Path, recipe: Recipe, wanted: Sequence[Order], tell: Tell | None = None, name: str = ""
) -> dict[str, int]:
    """Write a store with planted defects of its records, and answer-key.json beside it; returns records like write_store.

    Records are named by their ids in this store; a vendor that is served from it may show others.
    """
    write_store(out, recipe, tell)
    entries = plant_records(out, wanted, recipe.seed)
    write_key(out.with_name(ANSWER_KEY), recipe, name or out.name, entries)
    return _records_by_file(out, recipe.spec)


def write_clean(out: Path, recipe: Recipe, tell: Tell | None = None) -> dict[str, int]:
    """Write a bundle without faults to a folder or a ZIP, with the recipe's habits; returns rows by file.

    A vendor's bundle is made of the vendor's store, which is written beside and left there.
    """
    return respell(out, recipe.spelling, _write_plain(out, recipe, tell))


def _write_plain(out: Path, recipe: Recipe, tell: Tell | None) -> dict[str, int]:
    if recipe.vendor == "reference":
        made = district(students=recipe.students, seed=recipe.seed, as_of=recipe.as_of, locale=recipe.locale, shape=recipe.shape)
        return write_bundle(out, DistrictSource(made, recipe.spec), version=recipe.spec, tell=tell, workers=recipe.workers)
    seen = recipe.build(out.with_name("seen.district"), tell)
    return write_bundle(out, StoreSource(seen, recipe.spec), version=recipe.spec, tell=tell, workers=recipe.workers)


def write_series(out: Path, recipe: Recipe, span: Span, tell: Tell | None = None) -> tuple[dict[str, int], list[Day]]:
    """Write day 0 to out and later days into its days folder; returns rows of day 0 by file, and the days.

    Stores are written beside out and left there.
    """
    base = Store.open(replace(recipe, vendor="reference").build(out.with_name("base.district"), tell))
    is_plain = recipe.vendor == "reference"
    seen = base if is_plain else Store.open(view(base.path, out.with_name("seen.district"), vendor=recipe.vendor, workers=recipe.workers))
    try:
        rows = write_bundle(out, StoreSource(seen.path, recipe.spec), version=recipe.spec, tell=tell, workers=recipe.workers)
        later = write_days(days_folder(out), out, base, lens_of(recipe.vendor, (), recipe.spec), span, tell)
    finally:
        seen.close()
        base.close()
    for day in later:
        for name in ("full", "delta"):
            respell(days_folder(out) / day.folder / f"{name}{day.form}", recipe.spelling, {}, day.number)
    return respell(out, recipe.spelling, rows), later


def write_delta_from(out: Path, recipe: Recipe, earlier: Path, tell: Tell | None = None) -> dict[str, int]:
    """Write a delta bundle: what the district has that an earlier bundle (a folder) has not, and what went.

    Raises UsageProblem when the earlier bundle is none of this version.
    """
    now = out.with_name("now")
    _write_plain(now, recipe, tell)
    standard = load(recipe.spec)
    stamp = format_instant(datetime.combine(recipe.as_of, time(), tzinfo=UTC))
    rows = write_delta(out, standard, difference(standard, earlier, now, stamp))
    return respell(out, recipe.spelling, rows)


def write_faulty(
    out: Path, recipe: Recipe, wanted: Sequence[Order], tell: Tell | None = None, name: str = ""
) -> dict[str, int]:
    """Write a bundle with planted defects, and answer-key.json beside it; returns data rows by file.

    The clean bundle is written first, into a folder beside that is left there. name: the bundle's name in the key.
    Raises UsageProblem when the district has no place for a defect.
    """
    require_rows_only(recipe.spelling, list(load(recipe.spec).csv_files))
    clean = out.with_name("clean")
    rows = write_clean(clean, recipe, tell)
    draft = Draft(clean, recipe.seed, name or out.name)
    entries = plant(draft, wanted)
    write_draft(out, draft)
    write_key(out.with_name(ANSWER_KEY), recipe, draft.out_name, entries)
    return draft.rows(rows)


def write_faulty_series(
    out: Path, recipe: Recipe, span: Span, wanted: Sequence[Order], tell: Tell | None = None, name: str = ""
) -> tuple[dict[str, int], list[Day]]:
    """Write a series like write_series, plant defects into the full bundles of their days, and write one key of all.

    Deltas and expected differences stay those of the clean days: they say what a perfect consumer would do.
    """
    require_rows_only(recipe.spelling, list(load(recipe.spec).csv_files))
    rows, later = write_series(out, recipe, span, tell)
    places = {found.number: found for found in later}
    own_name = name or out.name
    folder = days_folder(out.with_name(own_name)).name
    entries: dict[Order, dict[str, Any]] = {}
    for day in sorted({order.day for order in wanted}):
        orders = [order for order in wanted if order.day == day]
        path = out if day == 0 else days_folder(out) / places[day].folder / f"full{places[day].form}"
        draft = Draft(as_folder(path, out.with_name(f"clean-{day}")), recipe.seed, own_name if day == 0 else path.name)
        shown = own_name if day == 0 else f"{folder}/{places[day].folder}/{path.name}"
        entries |= {order: {**entry, "bundle": shown} for order, entry in zip(orders, plant(draft, orders), strict=True)}
        write_draft(path, draft)
        rows = draft.rows(rows) if day == 0 else rows
    write_key(out.with_name(ANSWER_KEY), recipe, own_name, [entries[order] for order in wanted])
    return rows, later


def write_key(path: Path, recipe: Recipe, bundle: str, entries: Sequence[dict[str, Any]]) -> None:
    """Write the answer key: how the data was made, and where each fault lies."""
    key = {
        "bundle": bundle, "seed": recipe.seed, "as_of": recipe.as_of.isoformat(), "spec": recipe.spec,
        "students": recipe.students, "shape": recipe.shape.name if recipe.shape else DEFAULT, "vendor": recipe.vendor, "habits": list(recipe.habits),
        "locale": recipe.locale, "defects": list(entries),
    }  # fmt: skip
    path.write_text(json.dumps(key, indent=2) + "\n", encoding="utf-8")


def drop_old_key(out: Path) -> None:
    """Remove an answer key beside OUT that tells of an earlier bundle of the same name."""
    path = out.with_name(ANSWER_KEY)
    try:
        told = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return
    if isinstance(told, dict) and told.get("bundle") == out.name:
        path.unlink()
