"""The API source: all collections of a provider read in full, landed, and judged for completeness.

Called by the command. Core collections must be readable; optional ones may be refused and are then not part of the
run. Never keeps a whole collection in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sync_engine.landing import (
    CORE,
    NEVER_LANDED,
    OPTIONAL,
    dropped_note,
    land_record,
    tables,
    text,
)
from sync_engine.nested import NESTED
from sync_engine.snapshot import EntityRead, Scratch, Snapshot, Stage
from sync_engine.sources import setup_problems
from sync_engine.sources.collection import Collection, Reading, Refused
from sync_engine.sources.connection import Connection
from sync_engine.sql_text import literal

Told = Callable[[str], None]
_UNREAD = EntityRead("scoreScales", was_read=False)


def read(connection: Connection, scratch: Scratch, told: Told) -> Snapshot:
    """Read every collection into a snapshot; `told` hears each entity's name as it begins.

    Raises CannotRun when a core collection cannot be read to its end.
    """
    snapshot = Snapshot(scratch, connection.version)
    for entity in (*CORE, *OPTIONAL):
        if entity not in tables(snapshot.version):
            continue
        told(entity)
        for found in _Entity(connection, scratch, snapshot.version, entity).read():
            snapshot.entities[found.entity] = found
    if snapshot.entities.get("scoreScales", _UNREAD).was_read:
        _give_schools(snapshot)
    snapshot.requests = connection.requests
    return snapshot


def _give_schools(snapshot: Snapshot) -> None:
    """A score scale names its class in the API, and in a file that class's school as well."""
    scales, given = snapshot.path("scoreScales"), snapshot.path("scoreScales.given")
    snapshot.scratch.db.execute(
        'COPY (SELECT scale.* REPLACE (coalesce(scale."orgSourcedId", class."schoolSourcedId") AS "orgSourcedId")'
        f" FROM read_parquet({literal(scales)}) AS scale LEFT JOIN read_parquet({literal(snapshot.path('classes'))}) AS class"
        f' ON class."sourcedId" = scale."classSourcedId") TO {literal(given)} (FORMAT parquet)'
    )
    given.replace(scales)


class _Entity:
    """One collection with the tables whose rows its records hold, if any."""

    def __init__(self, connection: Connection, scratch: Scratch, version: str, entity: str) -> None:
        known = tables(version)
        self._connection = connection
        self._entity = entity
        self._stage = Stage(scratch, known[entity])
        self._nested = [
            (Stage(scratch, known[name]), nested) for name, nested in NESTED[version].items() if nested.owner == entity
        ]
        self._broken = 0
        self._dropped = dict.fromkeys(NEVER_LANDED, 0)

    def read(self) -> list[EntityRead]:
        collection = Collection(self._connection, self._entity)
        try:
            first = collection.walk(self._land)
        except Refused as refused:
            return self._refused(refused)
        rows, quarantined = self._stage.finish()
        quarantined += self._broken
        distinct = rows + quarantined
        reasons = _doubts(first, distinct, quarantined)
        if first.totals is None and not reasons:
            reasons = _doubts_of_second(first, collection.walk(lambda _: None))
        notes = [*reasons, *self._emptiness(distinct)]
        dropped = (dropped_note(self._entity, name, sent) for name, sent in self._dropped.items() if sent)
        found = EntityRead(
            self._entity, rows, quarantined, not reasons,
            reasons=(*(f"{self._entity}: {one}" for one in notes), *dropped),
        )  # fmt: skip
        return [found, *(self._linked(stage, found) for stage, _ in self._nested)]

    def _emptiness(self, rows: int) -> list[str]:
        """Some providers show a withheld permission as an empty collection; a person should know."""
        if rows or self._entity not in CORE:
            return []
        return [f"served, but empty; {setup_problems.remedy(self._connection.endpoint, 'empty-collection')}"]

    def _land(self, record: Mapping[str, Any] | None) -> None:
        if record is None:
            self._broken += 1
            return
        self._stage.add(land_record(self._stage.table, record))
        for name in NEVER_LANDED:
            if name in record and text(record[name]):
                self._dropped[name] += 1
        for stage, nested in self._nested:
            for row in nested.rows(stage.table, record):
                stage.add(row)

    def _linked(self, stage: Stage, owner: EntityRead) -> EntityRead:
        rows, quarantined = stage.finish()
        return replace(
            owner, entity=stage.table.name, rows=rows, quarantined=quarantined, reasons=(),
            complete=owner.complete and not quarantined,
        )  # fmt: skip

    def _refused(self, refused: Refused) -> list[EntityRead]:
        endpoint = self._connection.endpoint
        if refused.status == 401:
            raise setup_problems.refused_credential(endpoint, refused.url, refused.status)
        if self._entity in CORE:
            if refused.status == 403:
                raise setup_problems.withheld_permission(endpoint, refused.url, self._entity)
            if refused.status == 404:
                raise setup_problems.wrong_url(endpoint, refused.url)
            raise setup_problems.failing(refused.url, f"status {refused.status}", 1)
        reason = f"{self._entity}: not served to us (status {refused.status})"
        return [EntityRead(self._entity, was_read=False, reasons=(reason,))]


def _doubts(reading: Reading, distinct: int, quarantined: int) -> list[str]:
    """Why this reading does not prove that all rows were seen; empty when it does."""
    found: list[str] = []
    if quarantined:
        found.append(f"{quarantined:,} rows were set aside (no sourcedId, or one id with two contents)")
    if reading.totals is not None:
        begin, end = reading.totals
        if begin != end:
            found.append(f"the announced total moved from {begin:,} to {end:,} while reading")
        elif distinct != begin:
            found.append(f"{begin:,} rows were announced and {distinct:,} distinct ones received")
        return found
    if reading.repeats_a_page:
        found.append("a page came twice, and no total is announced")
    if reading.received != distinct:
        found.append(f"{reading.received:,} rows were received but only {distinct:,} are distinct")
    return found


def _doubts_of_second(first: Reading, second: Reading) -> list[str]:
    """Without an announced total, only a second reading that agrees shows that nothing moved meanwhile."""
    agree = (first.received, first.fingerprint) == (second.received, second.fingerprint)
    return [] if agree else ["no total is announced, and a second reading showed other rows"]
