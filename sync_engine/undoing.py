"""Undo: a plan of its own that gives every row of a run the content it had before, from the images that the run left.

Called by `sync undo`; applied like any other plan. Never guesses: rows that changed since stop it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from oneroster_harness.problems import CannotRun, UsageProblem, nearest
from sync_engine import history
from sync_engine.difference import Counts, read_files
from sync_engine.landing import Table, tables
from sync_engine.plan import Plan, Planned, write_rows
from sync_engine.run_log import Entry, entries, undone
from sync_engine.snapshot import Scratch
from sync_engine.sql_text import literal, quoted
from sync_engine.targets.session import Session, Target


def make(target: Target, *, tenant: str, run: str | None, day: date, scratch: Scratch, folder: Path) -> Plan:
    """Plan to take back one run, by default the last that changed something and was not taken back.

    Raises UsageProblem for a run that is not there, CannotRun when there is nothing to take back or rows changed since.
    """
    with target.reading() as session:
        runs = entries(session, tenant)
        chosen = _chosen(runs, run, target.address)
        known = tables(chosen.spec)
        names = [name for name in chosen.changes if name in known and session.exists(known[name])]
        before = session.digest([known[name] for name in names], tenant)
        files = {
            name: history.images_of(session, tenant, chosen.number, known[name], scratch.folder) for name in names
        }
        for name, images in files.items():
            _load(scratch, known[name], images)
        changed = sum(_rows(scratch, name, _OTHER) for name in names)
        if changed:
            raise _changed_since(session, runs, chosen, tenant, changed, scratch)
    entities = {name: _planned(scratch, known[name], folder) for name in names}
    return Plan(
        f"undo of {chosen.run}", target.address, tenant, chosen.spec, before, day.isoformat(), entities, (), (), (), (),
        {}, chosen.run, 0, 0, folder,
    )  # fmt: skip


def _chosen(runs: Sequence[Entry], run: str | None, where: str) -> Entry:
    taken = undone(runs)
    if run is None:
        found = [one for one in runs if one.changed_rows and not one.undoes and one.run not in taken]
        if not found:
            raise CannotRun("there is no run to take back", "a run that changed rows", where, id="sync.nothing-to-undo")
        return found[-1]
    named = next((one for one in runs if one.run == run), None)
    if named is None:
        raise UsageProblem(f"unknown run {run!r}; {nearest(run, [one.run for one in runs])}", where=where)
    if not named.changed_rows or run in taken:
        why = "was taken back already" if run in taken else "changed no row"
        raise CannotRun(f"the run {run} {why}", "a run that changed rows", where, id="sync.nothing-to-undo")
    return named


_OTHER = "now IS DISTINCT FROM nullif(after, '')"
_BACK = "before IS NOT NULL"
_NEW = "before IS NULL AND now IS NOT NULL"


def _images(name: str) -> str:
    return quoted(f"images_{name}")


def _load(scratch: Scratch, table: Table, files: Sequence[Path]) -> None:
    scratch.db.execute(f"CREATE OR REPLACE TABLE {_images(table.name)} AS SELECT * FROM {read_files(files)}")


def _rows(scratch: Scratch, name: str, where: str) -> int:
    return int((scratch.db.execute(f"SELECT count(*) FROM {_images(name)} WHERE {where}").fetchone() or (0,))[0])


def _changed_since(session: Session, runs: Sequence[Entry], chosen: Entry, tenant: str, rows: int, scratch: Scratch) -> CannotRun:
    later = {number for number in history.later_runs(session, tenant, chosen.number, scratch.folder)}
    names = [one.run for one in reversed(runs) if one.number in later and one.run not in undone(runs) and not one.undoes]
    first = f"undo these first, in this order: {', '.join(names)}" if names else "something other than a sync wrote to them"
    return CannotRun(
        f"{rows:,} rows are not as the run {chosen.run} left them", "rows that nothing changed since", chosen.run, first,
        "sync.undo-out-of-order",
    )  # fmt: skip


def _planned(scratch: Scratch, table: Table, folder: Path) -> Planned:
    name, db = table.name, scratch.db
    kinds = json.dumps({column: ["VARCHAR"] if table.is_list(column) else "VARCHAR" for column in table.content})
    cells = ", ".join(f"image.{quoted(column)} AS {quoted(column)}" for column in table.content)
    back = (
        f"SELECT {cells}, CASE WHEN now IS NULL THEN 'create' ELSE 'update' END AS _kind, '' AS _identity"
        f" FROM (SELECT from_json(before, {literal(kinds)}) AS image, now FROM {_images(name)} WHERE {_BACK})"
    )
    blank = ", ".join(
        quoted(column) if column == "sourcedId"
        else f"CAST(NULL AS {'VARCHAR[]' if table.is_list(column) else 'VARCHAR'}) AS {quoted(column)}"
        for column in table.content
    )  # fmt: skip
    new = f"SELECT {blank}, '{history.ERASE}' AS _kind, '' AS _identity FROM {_images(name)} WHERE {_NEW}"
    counts = Counts(
        create=_rows(scratch, name, f"{_BACK} AND now IS NULL"), update=_rows(scratch, name, f"{_BACK} AND now IS NOT NULL"),
        delete=_rows(scratch, name, _NEW),
    )  # fmt: skip
    return Planned(
        counts, True, write_rows(db, back, folder / f"{name}.apply.parquet"), None,
        write_rows(db, new, folder / f"{name}.erase.parquet"),
    )  # fmt: skip
