"""`oneroster generate` and `oneroster verify-synthetic`.

Called by the front door. Every district is made from a seed; nothing is read from the wall clock.
"""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path
from typing import Any

import click

from data_gen import defects as families
from data_gen import pools
from data_gen.defects.orders import Order, orders
from data_gen.defects.planting import ANSWER_KEY, require_fits
from data_gen.defects.record_registry import RECORD_DEFECTS
from data_gen.defects.registry import DEFECTS
from data_gen.destination import beside, move_into_place, refuse_days, refuse_existing, size_of
from data_gen.generation import (
    SPEC,
    Recipe,
    drop_old_key,
    write_clean,
    write_delta_from,
    write_faulty,
    write_faulty_series,
    write_faulty_store,
    write_series,
    write_store,
)
from data_gen.lens import lens_of
from data_gen.shapes.model import load as load_shape
from data_gen.shapes.model import preset
from data_gen.shapes.reading import DEFAULT, preset_names
from data_gen.spelling import chosen_habits
from data_gen.verification import Verdict, verify
from data_gen.workers import workers_for
from data_gen.year.bundles import Day, Span, days_folder
from data_gen.year.rates import rates_of, read_rates
from oneroster_harness.problems import UsageProblem
from oneroster_harness.terminal import (
    DEFAULT_STUDENTS,
    EXIT_FINDINGS,
    as_of_option,
    echo_json,
    echo_text,
    json_option,
    progress,
    seed_option,
    spec_option,
    vendor_option,
)

assert families.FAMILIES
STORE_SUFFIX = ".district"
SHOWN = 20
MOST_DAYS = 999
"""Their number has three digits in the name of a folder."""
GENERATE_EPILOG = """
\b
Examples:
  oneroster generate district.zip --students 1000 --seed 7 --days 10
  oneroster generate broken --defect users.duplicate-id=3 --defect file.byte-order-mark --force
"""
VERIFY_EPILOG = """
\b
Examples:
  oneroster verify-synthetic district.zip
  oneroster verify-synthetic my.district --json -
"""


def _list_shapes(context: click.Context, _option: click.Parameter, is_asked: bool) -> None:
    if not is_asked:
        return
    for found in map(preset, preset_names()):
        click.echo(f"{found.name:<16} {found.students:>9,} students  {found.title}")
    context.exit()


def _list_defects(context: click.Context, _option: click.Parameter, is_asked: bool) -> None:
    if not is_asked:
        return
    for id, found in sorted(DEFECTS.items()):
        versions = ", ".join(found.specs)
        click.echo(f"{id:<40} {versions:<9} {found.trips or 'the day before':<27} {found.file or 'the bundle':<33} {found.title}")
    for id, record in sorted(RECORD_DEFECTS.items()):
        click.echo(f"{id:<40} {', '.join(record.specs):<9} {record.trips:<27} {f'.district {record.collection}':<33} {record.title}")
    context.exit()


@click.command(epilog=GENERATE_EPILOG)
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--students", type=click.IntRange(min=1),
    help=f"Number of students; the shape's own ({DEFAULT_STUDENTS:,} of the default) unless given, and the shape scales to it",
)
@click.option(
    "--shape", "shape_name", default=DEFAULT, show_default=True, metavar="NAME|FILE",
    help="Shape of the district: a preset, or a .toml file that extends one and sets single keys",
)
@click.option(
    "--list-shapes", is_flag=True, is_eager=True, expose_value=False, callback=_list_shapes, help="List the presets of --shape, and exit",
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
    help="Locale of names; other than de_DE, en_US, es_MX and ja_JP they depend on the version of Faker",
)
@click.option(
    "--defect",
    "defects",
    multiple=True,
    metavar="ID[=COUNT|=RATE%][@day=N]",
    help="Plant a fault in so many places, or in so many of 100 rows or records, on one day of --days; repeatable. answer-key.json beside OUT says where",
)
@click.option(
    "--habit", "habits", multiple=True, metavar="ID[=ARG]",
    help="A habit of writing of docs/delivery-habits.md beside those that the vendor's bundles show by themselves, repeatable; "
    "`none` leaves those away, `delivered` takes all with which the server delivers for the vendor",
)
@click.option(
    "--list-defects",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_defects,
    help="List the defects with the rule that finds each, and exit",
)
@click.option(
    "--days", type=click.IntRange(0, MOST_DAYS), default=0, show_default=True,
    help="Also write so many later days beside OUT (OUT.days): a full bundle, a delta, expected-diff.json",
)
@click.option(
    "--every", type=click.IntRange(1, MOST_DAYS), default=1, show_default=True, metavar="K",
    help="With --days: write every Kth day and the last one; the days between pass unwritten",
)
@click.option(
    "--rates", "rates", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
    help="TOML with a table [year]: how often things happen and when a school year ends, see docs/school-year.md",
)
@click.option(
    "--delta-from", "earlier", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR",
    help="Write a delta bundle against an earlier bundle, a folder",
)
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="N",
    help="Processes to use; the bytes are the same for any number; default one per core from 20,000 students on, else one",
)
@click.option("--force", is_flag=True, help="Replace an earlier result at OUT")
@json_option
def generate(
    out: Path, students: int | None, shape_name: str, seed: int, as_of: date, spec: str | None, vendor: str, locale: str,
    defects: tuple[str, ...], habits: tuple[str, ...], days: int, every: int, rates: Path | None, earlier: Path | None,
    workers: int | None, force: bool, json_target: str | None,
) -> None:  # fmt: skip
    """Write a synthetic district to OUT: a .zip, a folder of CSV files, or a .district store.

    --spec chooses the version of the CSV files; a .district always holds both.
    """
    started = time.perf_counter()
    lens_of(vendor)
    pools.load(locale)
    shape = load_shape(shape_name)
    count = students or shape.students
    rates_of(shape.document.get("year"))
    year = read_rates(rates) if rates else None
    is_store = out.suffix == STORE_SUFFIX
    if habits and is_store:
        raise UsageProblem("--habit with a .district store", "a folder or a .zip: a habit is one of writing files")
    wanted = _orders(defects, is_store=is_store)
    recipe = Recipe(
        count, seed, as_of, locale, vendor, spec or SPEC, shape, workers_for(count, workers or 0), year,
        () if is_store else chosen_habits(vendor, habits),
    )  # fmt: skip
    _refuse_together(days, earlier, is_store=is_store, has_defects=bool(wanted))
    if rates and not (days or is_store):
        raise UsageProblem("--rates for a bundle without later days", "--days N, or a .district whose days pass when it is served")
    later: list[Day] = []
    span = _span(days, every, wanted)
    if not is_store:
        require_fits(wanted, spec=recipe.spec, days=days)
    refuse_existing(out, force=force)
    if days:
        refuse_days(days_folder(out), force=force)
    with beside(out) as folder, progress() as display:
        task = display.add_task("generate", total=None)

        def tell(name: str) -> None:
            display.update(task, description=name)

        part = folder / f"part{out.suffix}"
        if is_store and wanted:
            rows = write_faulty_store(part, recipe, wanted, tell, out.name)
        elif is_store:
            rows = write_store(part, recipe, tell)
        elif days and wanted:
            rows, later = write_faulty_series(part, recipe, span, wanted, tell, out.name)
        elif days:
            rows, later = write_series(part, recipe, span, tell)
        elif earlier is not None:
            rows = write_delta_from(part, recipe, earlier, tell)
        elif wanted:
            rows = write_faulty(part, recipe, wanted, tell, out.name)
        else:
            rows = write_clean(part, recipe, tell)
        move_into_place(part, out)
        if days:
            move_into_place(days_folder(part), days_folder(out))
        drop_old_key(out)
        if wanted:
            folder.joinpath(ANSWER_KEY).replace(out.with_name(ANSWER_KEY))
    document: dict[str, Any] = {
        "out": str(out), "seed": seed, "as_of": as_of.isoformat(), "spec": recipe.spec, "rows": rows,
        "bytes": size_of(out), "elapsed_s": round(time.perf_counter() - started, 3),
    }  # fmt: skip
    if shape_name != DEFAULT:
        document["shape"] = shape.name
    if days:
        document["days"] = [found.document(days_folder(out)) for found in later]
    echo_text(_summary(document, recipe, len(wanted)), json_target)
    echo_json(document, json_target)


def _orders(texts: tuple[str, ...], *, is_store: bool) -> list[Order]:
    """Orders of faults of CSV files, or of a store's records.

    Raises UsageProblem for an id that only the other one has.
    """
    known, other = (RECORD_DEFECTS, DEFECTS) if is_store else (DEFECTS, RECORD_DEFECTS)
    for text in texts:
        id = text.partition("@")[0].partition("=")[0]
        if id not in known and id in other:
            kind = "records: OUT ending in .district" if id in RECORD_DEFECTS else "CSV files: a folder or a .zip"
            raise UsageProblem(f"--defect {id}", f"a fault of {kind}", try_="see oneroster generate --list-defects")
        if is_store and "@" in text:
            raise UsageProblem(f"--defect {text} with a .district store", "no day: a served district lives by POST /advance of the admin API")
    return orders(texts, known)


def _span(days: int, every: int, wanted: list[Order]) -> Span:
    """Which later days are written; raises UsageProblem when a defect is wanted on another one."""
    if every > 1 and not days:
        raise UsageProblem("--every without --days", "--days N --every K")
    span = Span(days, every)
    unwritten = [order.day for order in wanted if 0 < order.day <= days and not span.is_written(order.day)]
    if unwritten:
        raise UsageProblem(f"--defect on day {unwritten[0]}, which --every {every} leaves out", "a day that is written")
    return span


def _refuse_together(days: int, earlier: Path | None, *, is_store: bool, has_defects: bool) -> None:
    if days and (is_store or earlier is not None):
        raise UsageProblem(
            "--days with a .district store or --delta-from", "a folder or a .zip",
            try_="a served district lives by POST /advance of the admin API",
        )  # fmt: skip
    if earlier is not None and (is_store or has_defects):
        raise UsageProblem("--delta-from with a .district store or --defect", "a folder or a .zip without faults")


def _summary(document: dict[str, Any], recipe: Recipe, defects: int) -> str:
    rows: dict[str, int] = document["rows"]
    lines = [
        f"{document['out']}: {recipe.students:,} students, {recipe.shape.name if recipe.shape else DEFAULT}, seed {recipe.seed}, as of {recipe.as_of}, {recipe.vendor}, {recipe.spec}",
        *(f"  {name:<22} {count:>12,}" for name, count in rows.items()),
        f"  {document['bytes']:,} bytes in {document['elapsed_s']:.1f} s",
    ]
    if document.get("days"):
        lines.append(f"  {len(document['days'])} later day(s) in {days_folder(Path(document['out']))}")
    if defects:
        lines.append(f"  {defects} kind(s) of defect planted; {ANSWER_KEY} beside it says where")
    return "\n".join(lines)


@click.command("verify-synthetic", epilog=VERIFY_EPILOG)
@click.argument("path", type=click.Path(path_type=Path))
@json_option
@click.pass_context
def verify_synthetic(context: click.Context, path: Path, json_target: str | None) -> None:
    """Prove that the data at PATH (a folder, a .zip or a .district) is synthetic, not of real people."""
    verdict = verify(path)
    echo_text(_verdict_text(path, verdict), json_target)
    echo_json(verdict.document(path), json_target)
    if verdict.findings:
        context.exit(EXIT_FINDINGS)


def _verdict_text(path: Path, verdict: Verdict) -> str:
    seen = f"{verdict.rows:,} rows, {verdict.emails:,} e-mail addresses, {verdict.phones:,} phone numbers"
    if not verdict.findings:
        made = "anonymised by this tool" if verdict.is_anonymised else "synthetic"
        return f"{path}: {made}. {seen}; all reserved, watermark present"
    lines = [f"{path}: not proved synthetic. {seen}; {verdict.count:,} finding(s)"]
    for found in verdict.findings[:SHOWN]:
        row = f", row {found.row}" if found.row else ""
        column = f", {found.column}" if found.column else ""
        lines.append(f"  {found.file}{row}{column}: {found.message}")
    if verdict.count > SHOWN:
        lines.append(f"  and {verdict.count - min(SHOWN, len(verdict.findings)):,} more")
    return "\n".join(lines)
