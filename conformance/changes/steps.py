"""One step of a series: the bundle before, the delta that leads on, the bundle after, and what is remembered of all before them.

Made by the judge of changes, read by the rules.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

import polars as pl

from conformance.changes.comparing import Pair
from conformance.changes.snapshots import AT, GONE, STAMP, Snapshot, Table
from conformance.changes.turns import Turn, turn_of
from conformance.csv_rules.facts import ID

NAMES = ("givenName", "familyName")
GOES = "@goes"


@dataclass(slots=True)
class Past:
    """What is remembered, by file. stamps: ID and AT, the latest instant of each record; gone: who was removed, with the digests
    of its columns; turns: how often a record went."""

    steps: int = 0
    stamps: dict[str, pl.DataFrame] = field(default_factory=dict)
    gone: dict[str, pl.DataFrame] = field(default_factory=dict)
    turns: dict[str, pl.DataFrame] = field(default_factory=dict)
    accidents: dict[str, str] = field(default_factory=dict)
    """Those of the step before: what is mended comes back, and the delta knows of neither."""


@dataclass(slots=True)
class Step:
    """From one full bundle to the next. old or new is None where a series begins or ends with a delta."""

    old: Snapshot | None
    new: Snapshot | None
    delta: Snapshot | None = None
    past: Past = field(default_factory=Past)
    pair: Pair | None = None
    turn: Turn = field(default_factory=Turn)
    accidents: dict[str, str] = field(default_factory=dict)
    """File -> the rule that found an accident of the full bundles there; "" for one that spoils all files."""

    def __post_init__(self) -> None:
        if self.old is not None and self.new is not None and not self.old.trouble and not self.new.trouble:
            self.pair = Pair(self.old, self.new)
            self.turn = turn_of(self.pair, self.day)

    @property
    def day(self) -> date | None:
        """The latest day that the delta names."""
        tables = self.delta.tables.values() if self.delta is not None else ()
        found = [latest.date() for table in tables if AT in table.frame.columns and isinstance(latest := table.frame[AT].max(), datetime)]
        return max(found, default=None)

    @property
    def both(self) -> tuple[Snapshot, Snapshot]:
        """The full bundles of a step that has both."""
        return self.required.old, self.required.new

    @property
    def required(self) -> Pair:
        """The comparison of a step that has both full bundles; a rule that needs it is put to such steps only."""
        assert self.pair is not None
        return self.pair

    def root(self, name: str) -> str:
        """The accident of a full bundle, this one or the one before, that explains why a file of the delta does not go with it."""
        return next((found[key] for found in (self.accidents, self.past.accidents) for key in ("", name) if found.get(key)), "")

    def note(self, check: str, file: str) -> None:
        """Remember an accident of the full bundles."""
        reach = "" if check == "change.rekeyed" else "enrollments.csv" if check.startswith("change.class-") else file
        self.accidents.setdefault(reach, check)

    def has(self, needs: str) -> bool:
        """Whether a rule with these needs can be put."""
        return {"step": True, "pair": self.pair is not None, "delta": self.delta is not None and not self.delta.trouble,
                "history": self.past.steps > 0}[needs]  # fmt: skip

    def remember(self) -> None:
        """Note what later steps ask about: instants, and who has gone."""
        self.past.steps += 1
        self.past.accidents = self.accidents
        for snapshot in (self.old, self.delta, self.new):
            for name, table in (snapshot.tables if snapshot is not None else {}).items():
                if table.is_readable and table.reading.has(STAMP):
                    _note_stamps(self.past, name, table)
        for name, rows in self.removed().items():
            seen = self.past.gone.get(name)
            self.past.gone[name] = rows if seen is None else pl.concat([rows, seen], how="diagonal").unique(subset=ID, keep="first", maintain_order=True)
            goes = rows.select(ID, pl.lit(1).alias(GOES))
            known = self.past.turns.get(name)
            self.past.turns[name] = goes if known is None else pl.concat([known, goes]).group_by(ID).agg(pl.col(GOES).sum())

    def removed(self) -> dict[str, pl.DataFrame]:
        """Records that went in this step, with their digests: those that the full bundles tell, else those that the delta tells."""
        found: dict[str, pl.DataFrame] = {}
        if self.pair is not None:
            found = {name: change.removed for name, change in self.pair.files.items() if change.removed.height}
        elif self.delta is not None and self.old is not None:
            for name, table in self.delta.tables.items():
                before = self.old.read(name)
                if before is not None and table.is_readable:
                    found[name] = before.live.join(table.frame.filter(pl.col(GONE)).select(ID), on=ID, how="semi")
        return {name: rows.select(ID, *(one for one in NAMES if one in rows.columns)) for name, rows in found.items() if rows.height}


def _note_stamps(past: Past, name: str, table: Table) -> None:
    stamped = table.frame.filter(pl.col(AT).is_not_null() & pl.col(ID).is_not_null()).select(ID, AT)
    if stamped.height:
        known = past.stamps.get(name)
        past.stamps[name] = (stamped if known is None else pl.concat([known, stamped])).group_by(ID).agg(pl.col(AT).max())
