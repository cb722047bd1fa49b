"""Rules about deltas: applied to the bundle before, a delta gives the bundle after; and about dateLastModified, by which they are ordered.

Read by the judge of changes through the rulebook.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from conformance.changes.comparing import WAS
from conformance.changes.rulebook import about, change_rule
from conformance.changes.snapshots import AT, GONE, Snapshot, Table
from conformance.changes.steps import Step
from conformance.csv_rules.facts import ID
from conformance.notices import Notice

BULK_AND_DELTA = "CSV tables 1.1, bulk and delta"
_ONE_JOB = "make bulk and delta of one state of the data, in one job"
_FLAG = "list each removed record once, with status tobedeleted"


def _delta(step: Step) -> Snapshot:
    assert step.delta is not None
    return step.delta


def _tables(step: Step) -> Iterator[Table]:
    for table in _delta(step).tables.values():
        if table.is_readable and table.mode == "delta":
            yield table


def _by_id(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col(ID).is_not_null()).unique(subset=ID, keep="last", maintain_order=True)


def _same(table: Table, other: Table) -> list[str]:
    return [name for name in table.columns if name in other.columns]


def differing(rows: pl.DataFrame, other: pl.DataFrame, columns: list[str], *, same: bool = False) -> pl.DataFrame:
    """Rows that the other side has under their id with other cells (or, with same, with the same cells)."""
    both = rows.join(other.select(ID, *columns), on=ID, how="inner", suffix=WAS)
    changes = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name + WAS)) for name in columns) if columns else pl.lit(False)
    return both.filter(~changes if same else changes)


def _without(frame: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    return frame.join(other.select(ID), on=ID, how="anti")


def _sent(step: Step, name: str, *, gone: bool) -> pl.DataFrame:
    """Rows of the delta for a file: those that remove, or those that create and change."""
    table = _delta(step).read(name)
    if table is None:
        return pl.DataFrame(schema={ID: pl.UInt64})
    return _by_id(table.frame).filter(pl.col(GONE) == gone)


@change_rule(
    "delta.missing-tombstone", severity="error", needs="delta", section=BULK_AND_DELTA, expected="a row with status tobedeleted for every removed record", remedy=_FLAG,
    why="Who reads deltas keeps the record for ever; a consumer of full bundles has lost it.",
)  # fmt: skip
def missing_tombstone(step: Step) -> Iterator[Notice]:
    """A record that the next full bundle lacks is flagged in the delta."""
    for name, change in step.pair.files.items() if step.pair else ():
        rows = _without(_without(change.before, change.after), _sent(step, name, gone=True))
        yield from about(rows, "a record is gone and the delta does not say so", name, bundle=step.required.old.label, cause_of=step.root(name))


@change_rule(
    "delta.missing-change", severity="error", needs="delta", section=BULK_AND_DELTA, expected="a row for every created or changed record", remedy=_ONE_JOB,
    why="Who reads deltas never learns of it.",
)  # fmt: skip
def missing_change(step: Step) -> Iterator[Notice]:
    """A record that is new or differs in the next full bundle is in the delta."""
    for name, change in step.pair.files.items() if step.pair else ():
        different = change.after.join(pl.concat([change.created.select(ID), change.changed.select(ID), change.rekeyed.select(ID)]), on=ID, how="semi")
        rows = _without(different, _sent(step, name, gone=False))
        yield from about(rows, "a record is new or differs, and the delta does not say so", name, bundle=step.required.new.label, cause_of=step.root(name))


@change_rule(
    "delta.differs", severity="error", needs="delta", section=BULK_AND_DELTA, expected="the cells of the next full bundle", remedy=_ONE_JOB,
    why="Two consumers of one provider hold different rosters.",
)  # fmt: skip
def differs(step: Step) -> Iterator[Notice]:
    """A row of the delta says what the next full bundle says."""
    for table in _tables(step):
        after = step.new.read(table.name) if step.new is not None and not step.new.trouble else None
        if after is not None and after.mode == "bulk":
            rows = differing(_sent(step, table.name, gone=False), after.live, _same(table, after))
            yield from about(rows, "a row of the delta differs from the full bundle", table.name, bundle=_delta(step).label, cause_of=step.root(table.name))
            absent = _without(_sent(step, table.name, gone=False), after.live)
            yield from about(absent, "a row of the delta is active, and the full bundle does not have it", table.name, "status", bundle=_delta(step).label,
                             cause_of=step.root(table.name))  # fmt: skip


@change_rule(
    "delta.deleted-stays", severity="error", needs="delta", section=BULK_AND_DELTA, expected="tobedeleted only for records that the full bundle does not have", remedy=_ONE_JOB,
    why="Who reads deltas removes somebody who is there.",
)  # fmt: skip
def deleted_stays(step: Step) -> Iterator[Notice]:
    """A record that the delta removes is not in the next full bundle."""
    for table in _tables(step):
        after = step.new.read(table.name) if step.new is not None and not step.new.trouble else None
        if after is not None and after.mode == "bulk":
            rows = _sent(step, table.name, gone=True).join(after.live.select(ID), on=ID, how="semi")
            yield from about(rows, "a record is flagged as deleted, and the full bundle has it", table.name, "status", bundle=_delta(step).label,
                             cause_of=step.root(table.name))  # fmt: skip


@change_rule(
    "delta.unknown-tombstone", severity="info", needs="delta", section=BULK_AND_DELTA, expected="tobedeleted for records of the bundle before", remedy="nothing, when it came and went between the two",
    why="It may be meant for another record.",
)  # fmt: skip
def unknown_tombstone(step: Step) -> Iterator[Notice]:
    """A record that the delta removes was in the bundle before."""
    for table in _tables(step):
        before = step.old.read(table.name) if step.old is not None and not step.old.trouble else None
        if before is not None and before.mode == "bulk":
            rows = _without(_sent(step, table.name, gone=True), before.live)
            yield from about(rows, "a record is flagged as deleted that the bundle before does not have", table.name, bundle=_delta(step).label)


@change_rule(
    "delta.needless-row", severity="info", needs="delta", section=BULK_AND_DELTA, expected="created, changed and removed records only", remedy="list what differs only",
    why="A delta of everything is as large as a full bundle and hides what changed.",
)  # fmt: skip
def needless_row(step: Step) -> Iterator[Notice]:
    """A row of the delta differs from the bundle before."""
    for table, rows in _idle(step):
        stamped = _moved(step, table, rows)
        yield from about(_without(rows, stamped), "a row of the delta changes nothing", table.name, bundle=_delta(step).label)


@change_rule(
    "stamp.idle", severity="info", needs="delta", section=BULK_AND_DELTA, expected="a newer dateLastModified for records that differ", remedy="set dateLastModified where something changes only",
    why="Consumers read again, and announce, what did not change.",
)  # fmt: skip
def stamp_idle(step: Step) -> Iterator[Notice]:
    """dateLastModified moves where something else changes."""
    for table, rows in _idle(step):
        yield from about(_moved(step, table, rows), "dateLastModified has moved and nothing else", table.name, "dateLastModified", bundle=_delta(step).label)


def _idle(step: Step) -> Iterator[tuple[Table, pl.DataFrame]]:
    """Active rows of the delta that the bundle before has just so."""
    for table in _tables(step):
        before = step.old.read(table.name) if step.old is not None and not step.old.trouble else None
        if before is not None and before.mode == "bulk":
            yield table, differing(_sent(step, table.name, gone=False), before.live, _same(table, before), same=True)


def _moved(step: Step, table: Table, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows whose instant is later than the one that is remembered."""
    known = _known(step, table.name)
    return rows.join(known, on=ID, how="inner", suffix=WAS).filter(pl.col(AT) > pl.col(AT + WAS))


def _known(step: Step, name: str) -> pl.DataFrame:
    return step.past.stamps.get(name, pl.DataFrame(schema={ID: pl.UInt64, AT: pl.Datetime("ms")}))


def _stamped(step: Step) -> Iterator[tuple[Snapshot, Table, pl.DataFrame]]:
    """Rows that bear an instant, beside the one remembered of their record (WAS), of the delta and of the next full bundle."""
    for snapshot in (step.delta, step.new):
        for name, table in (snapshot.tables if snapshot is not None else {}).items():
            if snapshot is not None and table.is_readable and name in step.past.stamps:
                rows = _by_id(table.frame).filter(pl.col(AT).is_not_null())
                yield snapshot, table, rows.join(_known(step, name), on=ID, how="inner", suffix=WAS)


@change_rule(
    "stamp.backwards", severity="error", needs="history", section=BULK_AND_DELTA, expected="an instant that is not before the one that was sent", remedy="set dateLastModified by one clock, to the time of the change",
    why="Who asks for what has changed since yesterday never sees the record again.",
)  # fmt: skip
def stamp_backwards(step: Step) -> Iterator[Notice]:
    """dateLastModified does not go backwards."""
    for snapshot, table, rows in _stamped(step):
        back = rows.filter(pl.col(AT) < pl.col(AT + WAS))
        yield from about(back, "dateLastModified is earlier than what was sent before", table.name, "dateLastModified", bundle=snapshot.label)


@change_rule(
    "stamp.stale", severity="error", needs="history", section=BULK_AND_DELTA, expected="a newer instant for a record that differs", remedy="set dateLastModified whenever a record changes",
    why="Consumers that go by the date pass the change over.",
)  # fmt: skip
def stamp_stale(step: Step) -> Iterator[Notice]:
    """A record that changes bears a newer dateLastModified."""
    for snapshot, table, rows in _stamped(step):
        before = step.old.read(table.name) if step.old is not None and not step.old.trouble else None
        if before is not None and before.mode == "bulk":
            same = rows.filter((pl.col(AT) == pl.col(AT + WAS)) & ~pl.col(GONE)).drop([one for one in rows.columns if one.endswith(WAS)])
            changed = differing(same, before.live, _same(table, before))
            yield from about(changed, "a record differs and bears the dateLastModified of before", table.name, "dateLastModified", bundle=snapshot.label)
