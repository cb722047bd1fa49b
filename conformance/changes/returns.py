"""Rules over a whole series: records that come back, as themselves or as somebody else, and records that come and go.

Read by the judge of changes through the rulebook.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from conformance.changes.comparing import WAS
from conformance.changes.rulebook import about, change_rule
from conformance.changes.snapshots import Snapshot
from conformance.changes.steps import GOES, NAMES, Step
from conformance.csv_rules.facts import ID
from conformance.notices import Notice

OFTEN = 3
"""How often a record goes before it is told that it comes and goes."""


def _back(step: Step) -> Iterator[tuple[Snapshot, str, pl.DataFrame]]:
    """Records of the step that had gone, with the names that they had then (WAS)."""
    sides: list[tuple[Snapshot, str, pl.DataFrame]] = []
    if step.pair is not None:
        sides = [(step.pair.new, name, change.created) for name, change in step.pair.files.items()]
    elif step.delta is not None:
        sides = [(step.delta, name, table.live) for name, table in step.delta.tables.items() if table.is_readable]
    for snapshot, name, rows in sides:
        gone = step.past.gone.get(name)
        if gone is not None:
            yield snapshot, name, rows.join(gone, on=ID, how="inner", suffix=WAS)


def _is_another(rows: pl.DataFrame) -> pl.Expr:
    if any(name + WAS not in rows.columns for name in NAMES):
        return pl.lit(False)
    return pl.all_horizontal(pl.col(name).ne_missing(pl.col(name + WAS)) for name in NAMES)


@change_rule(
    "change.id-returns", severity="warning", needs="history", expected="an id that nobody had", remedy="never give the sourcedId of a record that was deleted to another one",
    why="Who kept the old account opens it to the newcomer.",
)  # fmt: skip
def id_returns(step: Step) -> Iterator[Notice]:
    """A deleted id does not come back as somebody else."""
    for snapshot, name, rows in _back(step):
        yield from about(rows.filter(_is_another(rows)), "an id that was deleted comes back as somebody else", name, "sourcedId", bundle=snapshot.label)


@change_rule(
    "change.came-back", severity="info", needs="history", expected="deleted records that stay deleted", remedy="nothing, when it was deleted by mistake",
    why="A consumer must take its account up again, not make a second one.",
)  # fmt: skip
def came_back(step: Step) -> Iterator[Notice]:
    """A deleted record does not come back."""
    for snapshot, name, rows in _back(step):
        yield from about(rows.filter(~_is_another(rows)), "a record that was deleted is there again", name, "sourcedId", bundle=snapshot.label)


@change_rule(
    "change.flickers", severity="warning", needs="history", expected="records that stay, or stay away", remedy="look whether the export's scope changes from run to run",
    why="Each time accounts are closed and opened again.",
)  # fmt: skip
def flickers(step: Step) -> Iterator[Notice]:
    """No record comes and goes again and again."""
    for name, rows in step.removed().items():
        goes = step.past.turns.get(name)
        source = step.pair.old if step.pair is not None else step.old
        if goes is not None and source is not None and (table := source.read(name)) is not None:
            often = rows.join(goes.filter(pl.col(GOES) >= OFTEN - 1), on=ID, how="semi")
            lines = table.live.join(often.select(ID), on=ID, how="semi")
            yield from about(lines, "a record goes for the third time or more", name, "status", bundle=source.label)
