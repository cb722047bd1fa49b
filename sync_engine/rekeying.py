"""Enrollments whose key changed while user, class and role stayed: one row under another key, not one that went and one that came.

Called by the plan after the comparison. The row keeps the key that it landed under, with its history; the new key becomes an alias.
What fits several is left apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from sync_engine.aliases import Alias
from sync_engine.comparison import ABSENT, CREATE, DELETE, UPDATE
from sync_engine.difference import changed, target_of
from sync_engine.landing import Table
from sync_engine.snapshot import Snapshot
from sync_engine.sql_text import literal, quoted

NATURAL_KEY = ("userSourcedId", "classSourcedId", "role")
ENTITY = "enrollments"


@dataclass(frozen=True, slots=True)
class Rekeyed:
    """aliases: new keys of landed rows. notes: what a person should know."""

    aliases: tuple[Alias, ...] = ()
    notes: tuple[str, ...] = ()


def rekey(snapshot: Snapshot, table: Table, day: str) -> Rekeyed:
    """Make one update of a row that went and one that came, where only the key is another one."""
    db, name = snapshot.scratch.db, changed(ENTITY)
    read = snapshot.entities[ENTITY]
    going = (DELETE, ABSENT) if read.complete else (DELETE,)
    found = {str(kind) for (kind,) in db.execute(f"SELECT DISTINCT kind FROM {name}").fetchall()}
    if CREATE not in found or not found.intersection(going):
        return Rekeyed()
    key = ", ".join(map(quoted, NATURAL_KEY))
    kinds = ", ".join(map(literal, going))
    db.execute(
        'CREATE OR REPLACE TABLE pairs AS SELECT came."sourcedId" AS new, went."sourcedId" AS old,'
        ' count(*) OVER (PARTITION BY came."sourcedId") AS news, count(*) OVER (PARTITION BY went."sourcedId") AS olds'
        f" FROM (SELECT \"sourcedId\", {key} FROM {name} WHERE kind = '{CREATE}' AND _state = 'present') AS came"
        f" JOIN (SELECT t.\"sourcedId\", {', '.join(f't.{quoted(one)}' for one in NATURAL_KEY)} FROM {target_of(ENTITY)} AS t"
        f' JOIN {name} AS c ON c."sourcedId" = t."sourcedId" AND c.kind IN ({kinds})) AS went USING ({key})'
    )
    apart = int((db.execute("SELECT count(DISTINCT new) FROM pairs WHERE news > 1 OR olds > 1").fetchone() or (0,))[0])
    db.execute("DELETE FROM pairs WHERE news > 1 OR olds > 1")
    pairs = db.execute("SELECT new, old FROM pairs ORDER BY new").fetchall()
    notes = [f"{ENTITY}: {apart:,} rows fit several by user, class and role, and are taken as new"] if apart else []
    if pairs:
        _join(db, name, table)
        notes.append(f"{ENTITY}: {len(pairs):,} rows came under another key; they keep the one that they landed under")
    by = "+".join(NATURAL_KEY)
    return Rekeyed(tuple(Alias(ENTITY, str(new), str(old), by, "", day) for new, old in pairs), tuple(notes))


def _join(db: duckdb.DuckDBPyConnection, name: str, table: Table) -> None:
    """The row that came takes the place of the one that went, or is nothing new at all."""
    db.execute(f'DELETE FROM {name} WHERE "sourcedId" IN (SELECT old FROM pairs)')
    db.execute(
        f"UPDATE {name} SET kind = '{UPDATE}', \"sourcedId\" = pairs.old, identity = '' FROM pairs WHERE {name}.\"sourcedId\" = pairs.new"
    )
    same = " AND ".join(f"c.{quoted(one)} IS NOT DISTINCT FROM t.{quoted(one)}" for one in table.content)
    db.execute(
        f'DELETE FROM {name} WHERE "sourcedId" IN (SELECT c."sourcedId" FROM {name} AS c JOIN pairs ON pairs.old = c."sourcedId"'
        f' JOIN {target_of(ENTITY)} AS t ON t."sourcedId" = c."sourcedId" WHERE {same})'
    )
