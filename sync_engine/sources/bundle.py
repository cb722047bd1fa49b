"""The bundle source: the CSV files of a folder or a ZIP, landed as the manifest says.

Called by the command. A file must be there as announced and carry the standard's columns; a row that does not fit its
header is set aside. Never guesses an encoding or a delimiter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import polars as pl

from oneroster_harness.problems import CannotRun, UsageProblem
from oneroster_standard.bundles import Bundle, BundleProblem, Row, open_bundle
from oneroster_standard.moments import format_instant, parse_instant
from oneroster_standard.standard import VERSIONS, CsvColumn
from sync_engine.landing import NEVER_LANDED, Table, dropped_note, tables
from sync_engine.snapshot import BATCH_ROWS, EntityRead, Scratch, Snapshot, Stage, Staged
from sync_engine.sources import bulk_csv
from sync_engine.sources.asides import placed
from sync_engine.sql_text import literal

MANIFEST = "manifest.csv"
MODES = ("bulk", "delta", "absent")
_REMEDIES = {
    "not-a-zip": "copy the file again; it may have been fetched while it was being written",
    "cut": "copy the file again; it may have been fetched while it was being written",
    "encoding": "export it again as UTF-8",
    "encrypted": "export it again without a password",
    "missing": "check the path",
    "quoting": "export it again with quotes doubled inside quoted cells",
}


def read(
    path: Path, scratch: Scratch, spec: str | None, told: Callable[[str], None], *, without_manifest: bool = False
) -> Snapshot:
    """Read a bundle into a snapshot; `told` hears each entity's name as it begins.

    without_manifest: take the files of a bundle that has none as bulk files. Raises CannotRun naming file and line when anything announced cannot be read whole, UsageProblem when `spec`
    disagrees with the manifest.
    """
    try:
        with open_bundle(path) as bundle:
            is_announced = not without_manifest or MANIFEST in bundle.names
            announced = _manifest(bundle) if is_announced else _supposed(bundle, spec)
            version = _version(announced, spec, path)
            snapshot = Snapshot(scratch, version, is_announced=is_announced)
            for name, table in tables(version).items():
                mode = _mode(announced, name)
                if mode != "absent":
                    told(name)
                    snapshot.entities[name] = _read_file(bundle, table, scratch, mode)
            if not is_announced:
                snapshot.notes = ("the bundle has no manifest.csv: its files are taken as bulk files of 1.1, or of 1.2 with --spec or roles.csv",)
                for name in snapshot.entities:
                    _doubt_marks(snapshot, name)
            return snapshot
    except BundleProblem as problem:
        raise CannotRun(
            f"the bundle cannot be read: {problem.detail}", "a complete OneRoster CSV bundle", problem.where,
            _REMEDIES.get(problem.kind, "export the bundle again"), f"sync.bundle-{problem.kind}",
        ) from problem  # fmt: skip


def _manifest(bundle: Bundle) -> dict[str, str]:
    if MANIFEST not in bundle.names:
        raise CannotRun(
            "the bundle has no manifest.csv", "manifest.csv beside the other files", bundle.path.name,
            "export the bundle again; in a ZIP the files lie at its root; --without-manifest for a district that never sends one",
            "sync.bundle-manifest",
        )  # fmt: skip
    rows = [row.cells for row in bundle.rows(MANIFEST) if row.cells]
    if not rows or [cell.strip() for cell in rows[0]] != ["propertyName", "value"]:
        raise CannotRun(
            "the manifest's header is missing",
            "propertyName,value",
            f"{MANIFEST}, line 1",
            id="sync.bundle-header",
        )
    return {cells[0].strip(): cells[1].strip() for cells in rows[1:] if len(cells) >= 2}


def _supposed(bundle: Bundle, spec: str | None) -> dict[str, str]:
    """What the manifest of these files would say."""
    names = set(bundle.names)
    version = spec or ("1.2" if "roles.csv" in names else "1.1")
    found = {f"file.{name}": "bulk" for name in tables(version) if f"{name}.csv" in names}
    if not found:
        raise CannotRun(
            "none of the standard's files is in the bundle", "users.csv, classes.csv and others at its root", bundle.path.name,
            "export the bundle again", "sync.bundle-manifest",
        )  # fmt: skip
    return {"oneroster.version": version, **found}


def _doubt_marks(snapshot: Snapshot, name: str) -> None:
    """A file whose rows are flagged for deletion may be a delta; without a manifest nobody says that it is not."""
    told = snapshot.scratch.db.execute(
        f"SELECT count(*) FROM read_parquet({literal(snapshot.path(name))}) WHERE _state <> 'present'"
    ).fetchone()
    if told and told[0]:
        reason = f"{name}: without a manifest, a file with rows to be deleted may be a delta"
        found = snapshot.entities[name]
        snapshot.entities[name] = replace(found, complete=False, reasons=(*found.reasons, reason))


def _version(announced: dict[str, str], spec: str | None, path: Path) -> str:
    found = announced.get("oneroster.version", "")
    if found not in VERSIONS:
        raise CannotRun(
            "the manifest names no version of OneRoster that is known", " or ".join(VERSIONS),
            f"{MANIFEST}, oneroster.version", id="sync.bundle-version",
        )  # fmt: skip
    if spec and spec != found:
        raise UsageProblem(f"--spec {spec} and the manifest disagree", f"--spec {found}", path.name)
    return found


def _mode(announced: dict[str, str], entity: str) -> str:
    mode = announced.get(f"file.{entity}", "absent").lower() or "absent"
    if mode not in MODES:
        raise CannotRun(
            "the manifest says neither bulk, delta nor absent", ", ".join(MODES), f"{MANIFEST}, file.{entity}",
            id="sync.bundle-manifest",
        )  # fmt: skip
    return mode


def _read_file(bundle: Bundle, table: Table, scratch: Scratch, mode: str) -> EntityRead:
    name = f"{table.name}.csv"
    if name not in bundle.names:
        raise CannotRun(
            f"{name} is missing although the manifest says {mode}", f"{name} at the bundle's root", bundle.path.name,
            "export the bundle again; nothing was changed", "sync.bundle-file-missing",
        )  # fmt: skip
    header = _header(next(bundle.rows(name), None), table, name)
    staged = bulk_csv.read_whole(bundle, name, header, table, scratch) or read_carefully(bundle, name, header, table, scratch)
    quarantined = staged.aside
    why = "cells do not fit the header, no sourcedId, or one id with two contents"
    reasons = [f"{table.name}: {quarantined:,} rows were set aside ({why})"] if quarantined else []
    reasons += [dropped_note(table.name, column, filled) for column, filled in staged.told.items() if filled]
    asides = placed(bundle, name, header, table.name, staged.asides) if quarantined else ()
    return EntityRead(table.name, staged.kept, quarantined, not quarantined, mode == "delta", reasons=tuple(reasons), asides=asides)


def read_carefully(bundle: Bundle, name: str, header: Sequence[str], table: Table, scratch: Scratch) -> Staged:
    """Stage a file row by row, with the rows that do not fit its header set aside."""
    stage = Stage(scratch, table)
    broken = 0
    dropped: Counter[str] = Counter()
    rows = bundle.rows(name)
    next(rows)
    for frame, unfit in _frames(rows, header, table, dropped):
        stage.add_frame(frame)
        broken += unfit
    kept, aside = stage.finish()
    return Staged(kept + aside + broken, kept, aside + broken, dict(dropped), stage.asides)


def _header(row: Row | None, table: Table, name: str) -> list[str]:
    found = [cell.strip() for cell in row.cells] if row else []
    missing = [header for header in table.headers if header not in found]
    if missing or len(set(found)) != len(found):
        met = f"the header lacks {', '.join(missing)}" if missing else "the header names a column twice"
        raise CannotRun(
            met, ",".join(table.headers), f"{name}, line 1", "export the file again with the standard's header",
            "sync.bundle-header",
        )  # fmt: skip
    return found


def _frames(
    rows: Iterator[Row], header: Sequence[str], table: Table, dropped: Counter[str]
) -> Iterator[tuple[pl.DataFrame, int]]:
    """Batches of landed rows, each with the number of rows that did not fit; `dropped` counts what never lands."""
    unkept = [name for name in header if name in NEVER_LANDED]
    landed = [_landed(column) for column in table.columns]
    while batch := [row.cells for row in islice(rows, BATCH_ROWS)]:
        fitting = [cells for cells in batch if len(cells) == len(header)]
        raw = pl.DataFrame(fitting, schema=dict.fromkeys(header, pl.String), orient="row")
        unfit = len(batch) - len(fitting) - sum(not cells for cells in batch)
        for name in unkept:
            if filled := int((raw[name].str.strip_chars() != "").sum()):
                dropped[name] += filled
        yield raw.select(landed), unfit


def _landed(column: CsvColumn) -> pl.Expr:
    cell = pl.col(column.header).str.strip_chars()
    if column.header == "status":
        # A bulk file leaves it blank; one that says tobedeleted nevertheless is taken at its word.
        told = cell.str.to_lowercase() == "tobedeleted"
        return pl.when(told).then(pl.lit("tobedeleted")).otherwise(pl.lit("active")).alias("status")
    if column.is_list:
        return _list(cell, braces=column.item_format.startswith("{")).alias(column.header)
    if column.format == "date":
        cell = pl.when(cell.str.contains(r"^\d{4}-\d{2}-\d{2}[T ]")).then(cell.str.head(10)).otherwise(cell)
    elif column.format == "dateTime":
        cell = cell.map_elements(_instant, return_dtype=pl.String, skip_nulls=True)
    elif column.format == "float":
        fraction = cell.str.contains(r"^-?\d+\.\d+$")
        cell = pl.when(fraction).then(cell.str.strip_chars_end("0").str.strip_chars_end(".")).otherwise(cell)
    return pl.when(cell == "").then(None).otherwise(cell).alias(column.header)


def _list(cell: pl.Expr, *, braces: bool) -> pl.Expr:
    """Items of a list cell, trimmed, blank ones left out; `{type:id}` items keep their braces."""
    items = cell.str.split(",")
    if braces:
        inner = cell.str.strip_prefix("{").str.strip_suffix("}")
        split = inner.str.replace_all(r"\}\s*,\s*\{", "},{").str.split("},{")
        braced = split.list.eval(pl.concat_str([pl.lit("{"), pl.element(), pl.lit("}")]))
        items = pl.when(cell.str.starts_with("{") & cell.str.ends_with("}")).then(braced).otherwise(items)
    trimmed = items.list.eval(pl.element().str.strip_chars())
    kept = trimmed.list.eval(pl.element().filter(pl.element() != ""))
    return pl.when(kept.list.len() > 0).then(kept).otherwise(None)


def _instant(cell: str) -> str:
    try:
        return format_instant(parse_instant(cell)) if cell else cell
    except ValueError:
        return cell
