"""Reads to compare, made up by Hypothesis or from a seed, and the change table that an engine finds for them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import strategies as st

from sync_engine.difference import changed, find_changes
from sync_engine.landing import Table, tables
from sync_engine.policy import Limit, Pins, Policy, Stages
from sync_engine.snapshot import EntityRead, Scratch, Snapshot, schema
from tests.sync_engine.streams import Read, Row

VARIED = ("givenName", "middleName", "familyName", "role", "identifier", "userIds", "orgSourcedIds", "dateLastModified")
"""Columns of users whose cells differ between the rows of a read; neighbours, so that a value can move to the next column."""
TEXTS = (None, "a", "A", " a", "b", "\u00e9", "x,y", "'\"", "")
LISTS = (None, ["a"], ["b"], ["a", "b"], ["b", "a"])
STATES = ("present", "present", "missing", "inactive", "archived")


def users() -> Table:
    """The table that is compared."""
    return tables("1.1")["users"]


def row(key: str, cells: Sequence[int], state: str) -> Row:
    """A landed user. cells: numbers of the values of VARIED."""
    found: dict[str, Any] = dict.fromkeys(users().headers)
    for name, number in zip(VARIED, cells, strict=True):
        choices: Sequence[Any] = LISTS if users().is_list(name) else TEXTS
        found[name] = choices[number % len(choices)]
    status = "active" if state == "present" else "tobedeleted"
    return {**found, "sourcedId": key, "status": status, "_state": state}


def policy(read: Read) -> Policy:
    """A policy with the read's pins and stages."""
    (inactive_reads, inactive_days), (archived_reads, archived_days) = read.stages
    limits = {("remove", scope, ""): Limit(100, None, 0) for scope in ("district", "school", "class", "role")}
    pins = Pins({read.entity: tuple(sorted(read.pinned_rows))}, {read.entity: tuple(sorted(read.pinned_fields))})
    return Policy(limits, 7, 2, Stages(inactive_reads, inactive_days, archived_reads, archived_days), pins=pins)


def frame(rows: Sequence[Row]) -> pl.DataFrame:
    """Landed rows as they are staged."""
    types = {**schema(users()), "_state": pl.String}
    return pl.DataFrame([[one[name] for name in types] for one in rows], schema=types, orient="row")


def staged(read: Read, scratch: Scratch) -> Snapshot:
    """A read as a source leaves it, with what the target remembers beside it."""
    snapshot = Snapshot(scratch, "1.1")
    snapshot.entities["users"] = EntityRead(
        "users", len(read.source), complete=read.is_complete, is_delta=read.is_delta or read.is_since, since="2026-10-01" if read.is_since else "",
    )  # fmt: skip
    frame(read.source).write_parquet(snapshot.path("users"))
    pl.DataFrame({"sourcedId": sorted(read.aside)}, schema={"sourcedId": pl.String}).write_parquet(snapshot.aside("users"))
    scratch.db.execute('CREATE TABLE gone (entity VARCHAR, "sourcedId" VARCHAR, counts BOOLEAN, reads BIGINT, days BIGINT)')
    if read.gone:
        scratch.db.executemany(
            "INSERT INTO gone VALUES ('users', ?, true, ?, ?)", [(key, reads, days) for key, (reads, days) in sorted(read.gone.items())]
        )
    return snapshot


def by_duckdb(read: Read, folder: Path) -> dict[str, tuple[str, bool, Row, str]]:
    """The change table of the product's own path, in the shape of the reference."""
    with Scratch(folder) as scratch:
        snapshot = staged(read, scratch)
        landed = folder / "landed.parquet"
        frame(read.target).write_parquet(landed)
        find_changes(snapshot, users(), [landed], policy(read))
        return told(scratch, changed("users"))


def told(scratch: Scratch, relation: str) -> dict[str, tuple[str, bool, Row, str]]:
    """A change table in the shape of the reference."""
    names = ", ".join(f'"{name}"' for name in users().content)
    found = scratch.db.execute(f"SELECT kind, from_source, identity, {names} FROM {relation}").fetchall()
    rows = [(kind, seen, dict(zip(users().content, cells, strict=True)), identity) for kind, seen, identity, *cells in found]
    answer = {str(cells["sourcedId"]): (kind, seen, cells, identity) for kind, seen, cells, identity in rows}
    assert len(answer) == len(rows), "a key changes once"
    return answer


_CELLS = st.tuples(*[st.integers(0, 8) for _ in VARIED])
_KEYS = st.sampled_from("kvwxyz")


@st.composite
def reads(draw: st.DrawFn) -> Read:
    """Any read of a few users: most rows of the target are in the source, some of them with other cells."""
    target = draw(st.dictionaries(_KEYS, st.tuples(_CELLS, st.sampled_from(STATES)), max_size=6))
    source = draw(st.dictionaries(_KEYS, st.tuples(st.one_of(st.none(), _CELLS), st.sampled_from(("present", "present", "inactive"))), max_size=6))
    news = [row(key, cells or target.get(key, ((0,) * len(VARIED), ""))[0], state) for key, (cells, state) in source.items()]
    olds = [row(key, cells, state) for key, (cells, state) in target.items()]
    gone = draw(st.dictionaries(_KEYS, st.tuples(st.integers(1, 4), st.sampled_from((0, 1, 29, 30, 31))), max_size=4))
    form = draw(st.sampled_from(("whole", "delta", "since")))
    return Read(
        "users", news, olds, form == "delta", draw(st.booleans()), draw(st.frozensets(_KEYS, max_size=2)) - source.keys(), gone,
        draw(st.frozensets(_KEYS, max_size=2)), draw(st.frozensets(st.sampled_from(VARIED), max_size=2)),
        is_since=form == "since",
    )  # fmt: skip


def seeded(seed: int, rows: int, *, is_delta: bool) -> Read:
    """One large read with every case in it, the same for the same seed."""
    dice = random.Random(seed)

    def cells() -> list[int]:
        return [dice.randrange(9) for _ in VARIED]

    keys = [f"u{number:05d}" for number in range(rows)]
    old = {key: (cells(), dice.choice(STATES)) for key in keys if dice.random() < 0.8}
    new = {}
    for key in keys:
        if dice.random() < 0.8:
            kept = old[key][0] if key in old and dice.random() < 0.7 else cells()
            new[key] = (kept, dice.choice(("present", "present", "present", "inactive")))
    gone = {key: (dice.randrange(1, 5), dice.choice((0, 1, 29, 30, 31))) for key in old if dice.random() < 0.5}
    aside = frozenset(key for key in keys if key not in new and dice.random() < 0.1)
    return Read(
        "users", [row(key, *found) for key, found in new.items()], [row(key, *found) for key, found in old.items()], is_delta, True, aside,
        gone, frozenset(dice.sample(keys, 20)), frozenset({"middleName"}),
    )  # fmt: skip
