"""`oneroster generate` and `oneroster verify-synthetic`.

Called by the front door. Every district is made from a seed; nothing is read from the wall clock.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import click

from data_gen import pools
from data_gen.bundle import from_district, from_store, write_bundle
from data_gen.defects.draft import Draft
from data_gen.defects.planting import ANSWER_KEY, Order, orders, plant, write_draft
from data_gen.destination import beside, move_into_place, refuse_existing, size_of
from data_gen.districts import build, district
from data_gen.lens import lens_of
from data_gen.records import MAKERS
from oneroster_harness.problems import UsageProblem
from oneroster_harness.terminal import (
    DEFAULT_STUDENTS,
    as_of_option,
    echo_json,
    echo_text,
    json_option,
    progress,
    seed_option,
    spec_option,
    vendor_option,
)
from oneroster_standard.standard import load
from oneroster_standard.store import Store

STORE_SUFFIX = ".district"
GENERATE_EPILOG = """
\b
Examples:
  oneroster generate district.zip --students 1000 --seed 7
  oneroster generate broken --defect users.duplicate-id=3 --defect file.byte-order-mark --force
"""
Tell = Callable[[str], None]


def _write_store(
    part: Path, *, students: int, seed: int, as_of: date, locale: str, vendor: str, tell: Tell
) -> dict[str, int]:
    build(part, students=students, seed=seed, as_of=as_of, locale=locale, vendor=vendor, tell=tell)
    store = Store.open(part)
    try:
        return {f"{name}.csv": int(store.meta["collections"][name]["count"]) for name in MAKERS}
    finally:
        store.close()


def _clean_bundle(
    part: Path, *, students: int, seed: int, as_of: date, locale: str, vendor: str, tell: Tell
) -> dict[str, int]:
    if vendor == "reference":
        made = district(students=students, seed=seed, as_of=as_of, locale=locale)
        return write_bundle(part, from_district(made), tell=tell)
    folder = part.with_name("seen.district")
    build(folder, students=students, seed=seed, as_of=as_of, locale=locale, vendor=vendor, tell=tell)
    store = Store.open(folder)
    try:
        return write_bundle(part, from_store(store), tell=tell)
    finally:
        store.close()


def _write_bundle(part: Path, out: Path, wanted: Sequence[Order], district: dict[str, Any]) -> dict[str, int]:
    """Write a bundle; with defects it is written clean beside, changed, and gets its answer key."""
    if not wanted:
        return _clean_bundle(part, **district)
    clean = part.with_name("clean")
    rows = _clean_bundle(clean, **district)
    draft = Draft(clean, district["seed"], out.name)
    entries = plant(draft, wanted)
    write_draft(part, draft)
    key = {
        "bundle": out.name, "seed": district["seed"], "as_of": district["as_of"].isoformat(), "spec": "1.1",
        "students": district["students"], "vendor": district["vendor"], "locale": district["locale"], "defects": entries,
    }  # fmt: skip
    part.with_name(ANSWER_KEY).write_text(json.dumps(key, indent=2) + "\n", encoding="utf-8")
    return draft.rows(rows)


@click.command(epilog=GENERATE_EPILOG)
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--students",
    type=click.IntRange(min=1),
    default=DEFAULT_STUDENTS,
    show_default=True,
    help="Number of students",
)
@seed_option
@as_of_option
@spec_option
@vendor_option(default="reference")
@click.option(
    "--locale",
    default=pools.DEFAULT_LOCALE,
    show_default=True,
    metavar="LOCALE",
    help="Faker locale of names; another than the default depends on Faker's version",
)
@click.option(
    "--defect",
    "defects",
    multiple=True,
    metavar="ID[=COUNT]",
    help="Plant a fault, repeatable; answer-key.json beside OUT says where",
)
@click.option("--force", is_flag=True, help="Replace an earlier result at OUT")
@json_option
def generate(
    out: Path, students: int, seed: int, as_of: date, spec: str | None, vendor: str, locale: str,
    defects: tuple[str, ...], force: bool, json_target: str | None,
) -> None:  # fmt: skip
    """Write a synthetic district to OUT: a .zip, a folder of CSV files, or a .district store."""
    started = time.perf_counter()
    if spec == "1.2":
        raise UsageProblem("--spec 1.2", "1.1: this release writes bundles and stores of 1.1 only")
    lens_of(vendor)
    pools.load(locale)
    wanted = orders(defects)
    is_store = out.suffix == STORE_SUFFIX
    if wanted and is_store:
        raise UsageProblem(
            "--defect with a .district store", "a folder or a .zip: defects are faults of CSV files"
        )
    refuse_existing(out, force=force)
    with beside(out) as folder, progress() as display:
        task = display.add_task("generate", total=None)
        part = folder / f"part{out.suffix}"
        facts = {
            "students": students, "seed": seed, "as_of": as_of, "locale": locale, "vendor": vendor,
            "tell": lambda name: display.update(task, description=name),
        }  # fmt: skip
        rows = _write_store(part, **facts) if is_store else _write_bundle(part, out, wanted, facts)
        move_into_place(part, out)
        if wanted:
            folder.joinpath(ANSWER_KEY).replace(out.with_name(ANSWER_KEY))
    document: dict[str, Any] = {
        "out": str(out), "seed": seed, "as_of": as_of.isoformat(), "spec": load("1.1").version, "rows": rows,
        "bytes": size_of(out), "elapsed_s": round(time.perf_counter() - started, 3),
    }  # fmt: skip
    echo_text(_summary(document, students, vendor), json_target)
    echo_json(document, json_target)


def _summary(document: dict[str, Any], students: int, vendor: str) -> str:
    rows: dict[str, int] = document["rows"]
    lines = [
        f"{document['out']}: {students:,} students, seed {document['seed']}, as of {document['as_of']}, {vendor}",
        *(f"  {name:<22} {count:>12,}" for name, count in rows.items()),
        f"  {document['bytes']:,} bytes in {document['elapsed_s']:.1f} s",
    ]
    return "\n".join(lines)


@click.command("verify-synthetic")
@click.argument("path", type=click.Path(path_type=Path))
@json_option
def verify_synthetic(path: Path, json_target: str | None) -> None:
    """Prove that the data at PATH is synthetic."""
    raise UsageProblem("verify-synthetic", "a later commit")
