"""Districts as stores: built from a seed, or seen through a vendor's ids and scope.

Called by the `generate` and `serve` commands through the `oneroster.districts` entry points; writes nothing else.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

from data_gen import pools
from data_gen.columns import Lines
from data_gen.lens import lens_of
from data_gen.organisations import WATERMARK
from data_gen.records import MAKERS, MAKERS_1P2, rendered
from data_gen.seen_rows import SeenRows
from data_gen.shape import District
from data_gen.shapes.model import Shape, default
from data_gen.workers import Task, done, workers_for
from data_gen.year.days import live_until
from data_gen.year.laying import laid_over
from data_gen.year.views import Passed, Shown, changed
from data_gen.year.world import World
from oneroster_harness.problems import UsageProblem
from oneroster_harness.terminal import VERSION
from oneroster_standard.marks import render
from oneroster_standard.standard import VERSIONS
from oneroster_standard.store import COLLECTIONS, CollectionWriter, Store, StoreWriter

BATCH = 4096
MOST_SCHOOLS = 9_999
"""Their number has four digits in every key; with more of them records would not be in order."""
YEARS = range(1950, 2200)
Tell = Callable[[str], None]


def district(
    *, students: int, seed: int, as_of: date, locale: str = pools.DEFAULT_LOCALE, shape: Shape | None = None
) -> District:
    """The district of a seed and a shape, the small district unless given.

    Raises UsageProblem when students is below 1 or more than schools are for, as_of lies in a far year, or the locale is unknown.
    """
    if students < 1:
        raise UsageProblem(f"{students} students", "at least 1")
    if as_of.year not in YEARS:
        raise UsageProblem(f"as of {as_of}", f"a day of the years {YEARS.start} to {YEARS.stop - 1}")
    made = District(students, seed, as_of, pools.load(locale), shape or default())
    if len(made.schools) + made.shape.closed_schools > MOST_SCHOOLS:
        raise UsageProblem(
            f"{students:,} students in {len(made.schools):,} schools", f"at most {MOST_SCHOOLS:,} schools", f"the shape {made.shape.name}",
            "fewer students, or a shape with larger schools",
        )  # fmt: skip
    return made


def _write(target: CollectionWriter, rendered: Iterable[bytes]) -> None:
    iterator: Iterator[bytes] = iter(rendered)
    while batch := list(islice(iterator, BATCH)):
        target.extend(batch)


def build(
    out: Path,
    *,
    students: int,
    seed: int,
    as_of: date,
    locale: str = pools.DEFAULT_LOCALE,
    vendor: str = "reference",
    tell: Tell | None = None,
    specs: Sequence[str] = VERSIONS,
    shape: Shape | None = None,
    workers: int = 1,
    year: Mapping[str, Any] | None = None,
) -> Path:
    """Write the district of a seed as a `.district` store, through a vendor's ids and scope.

    tell: called with each collection's name. specs: the versions it holds, 1.1 first. shape: the small district unless given;
    its keys are kept in the store. workers: processes to use; the bytes are the same for any number. year: the `[year]`
    table by which its later days come, beside the rates of the shape. Returns out.
    """
    made = district(students=students, seed=seed, as_of=as_of, locale=locale, shape=shape)
    meta: dict[str, Any] = {
        "seed": seed, "as_of": as_of.isoformat(), "students": students, "locale": locale, "faker": made.pools.faker,
        "vendor": "reference", "generator": f"oneroster-harness {VERSION}", "watermark": WATERMARK,
        **({"year": dict(year)} if year else {}),
    }  # fmt: skip
    if shape is not None and shape is not default():
        meta["shape"] = {"name": shape.name, "keys": shape.document}
    if vendor != "reference":
        with tempfile.TemporaryDirectory(prefix="oneroster-") as folder:
            base = build(
                Path(folder) / "base.district",
                students=students,
                seed=seed,
                as_of=as_of,
                locale=locale,
                tell=tell,
                specs=specs,
                shape=shape,
                workers=workers,
                year=year,
            )
            return view(base, out, vendor=vendor, workers=workers)
    with StoreWriter(out, meta, specs) as writer:
        wanted = [(name, version) for version in specs for name in (MAKERS if version == "1.1" else MAKERS_1P2)]
        tasks = [Task(name, name, _make, (out, made, name, version)) for name, version in wanted]
        for (name, version), facts in zip(wanted, done(tasks, workers, tell), strict=True):
            writer.adopt(name, version, facts)
    return out


def _make(out: Path, made: District, name: str, version: str) -> dict[str, Any]:
    return _written(out, name, version, rendered(made, name, version))


def _written(out: Path, name: str, version: str, parts: Iterable[Lines]) -> dict[str, Any]:
    target = CollectionWriter.beside(out, name, version)
    try:
        for lines in parts:
            target.extend_joined(lines.body, lines.lengths)
    finally:
        facts = target.close()
    return facts


def view(store: Path, out: Path, *, vendor: str, quirks: Iterable[str] = (), workers: int = 0) -> Path:
    """Write a store again as a vendor shows it: its ids, its scope. Returns out.

    quirks: ids of the catalogue that decide which records are shown, beside the vendor's own. workers: processes to use,
    0 for as many as suit; the bytes are the same for any number.
    Raises UsageProblem for an unknown vendor and StoreProblem for an unreadable store.
    """
    quirks = tuple(quirks)
    source = Store.open(store)
    first = lens_of(vendor, quirks)
    wanted: list[tuple[str, str]] = []
    try:
        for version in source.specs:
            lens = lens_of(vendor, quirks, version)
            wanted += [
                (name, version)
                for name in COLLECTIONS[version]
                if version == "1.1" or not (source.is_shared(name) and lens.sees_like(first))
            ]
        students = source.count("demographics")
        with StoreWriter(out, {**_meta(source), "vendor": vendor}, source.specs) as writer:
            tasks = [Task(name, name, _see, (store, out, vendor, quirks, name, version)) for name, version in wanted]
            for (name, version), facts in zip(wanted, done(tasks, workers_for(students, workers)), strict=True):
                writer.adopt(name, version, facts)
    finally:
        source.close()
    return out


def _see(store: Path, out: Path, vendor: str, quirks: tuple[str, ...], name: str, version: str) -> dict[str, Any]:
    source = Store.open(store)
    try:
        return _written(out, name, version, SeenRows(lens_of(vendor, quirks, version), source, name, out).lines())
    finally:
        source.close()


def advance(store: Path, *, start: int, stop: int, views: Iterable[tuple[str, Sequence[str], str]]) -> list[Shown]:
    """What changes from the end of day `start` to the end of day `stop`, once for each view, in their order.

    store: the district of day 0, seen through no vendor. views: (vendor, quirks of the view, version).
    Raises UsageProblem for a store that is seen through a vendor, and for an unknown vendor.
    """
    source = Store.open(store)
    try:
        if source.meta.get("vendor", "reference") != "reference":
            raise UsageProblem(
                "this district is seen through a vendor, whose days cannot be told", "a district that was generated without --vendor",
                str(store),
            )  # fmt: skip
        world = World(source)
        live_until(world, start)
        passed = Passed()
        for day in range(start + 1, stop + 1):
            live_until(world, day)
            passed.add(world.changes())
        found = passed.changes()
        return [changed(world, lens_of(vendor, quirks, spec), found) for vendor, quirks, spec in views]
    finally:
        source.close()


def on_day(store: Path, out: Path, *, base: Path, day: int, vendor: str, quirks: Sequence[str] = ()) -> Path:
    """Write the store of a later day, as full bundles have it: without what was deleted. Returns out.

    store: day 0 as the vendor shows it; base: day 0 seen through no vendor; quirks: those of the view.
    """
    source = Store.open(store)
    specs = source.specs
    told = advance(base, start=0, stop=day, views=[(vendor, quirks, spec) for spec in specs])
    changes = dict(zip(specs, told, strict=True))
    try:
        with StoreWriter(out, _meta(source), specs) as writer:
            for version in specs:
                for name in COLLECTIONS[version]:
                    own = changes[version].get(name, {})
                    if version == "1.1" or not (source.is_shared(name) and own == changes["1.1"].get(name, {})):
                        rows = source.collection(name, version).iter_bytes()
                        _write(writer.collection(name, version), map(render, laid_over(rows, own)))
    finally:
        source.close()
    return out


def _meta(source: Store) -> dict[str, Any]:
    return {name: value for name, value in source.meta.items() if name not in ("format", "specs", "collections")}
