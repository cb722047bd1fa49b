"""The API source: all collections of a provider read in full, landed, and judged for completeness.

Called by the command. Core collections must be readable; optional ones may be refused and are then not part of the
run. Never keeps a whole collection in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from oneroster_harness.problems import UsageProblem
from oneroster_harness.providers import Endpoint
from sync_engine.landing import (
    CORE,
    LINKS,
    NEVER_LANDED,
    OPTIONAL,
    dropped_note,
    land_links,
    land_record,
    tables,
    text,
)
from sync_engine.snapshot import EntityRead, Scratch, Snapshot, Stage
from sync_engine.sources import setup_problems
from sync_engine.sources.collection import Collection, Reading, Refused
from sync_engine.sources.connection import Connection

Told = Callable[[str], None]


def version_of(endpoint: Endpoint) -> str:
    """The version that the options or the URL name; 1.1 when neither does.

    Raises UsageProblem for a version whose API is not read.
    """
    in_url = "1.2" if "/v1p2" in endpoint.url else "1.1" if "/v1p1" in endpoint.url else None
    version = endpoint.spec or in_url or "1.1"
    if in_url and version != in_url:
        raise UsageProblem(
            f"--spec {version} and the URL disagree", f"--spec {in_url}", setup_problems.shown(endpoint.url)
        )
    if version != "1.1":
        raise UsageProblem(
            f"the API of OneRoster {version} cannot be synced", "a service root ending in /v1p1",
            setup_problems.shown(endpoint.url), "sync the 1.1 API, or a 1.2 bundle",
        )  # fmt: skip
    return version


def read(connection: Connection, scratch: Scratch, told: Told) -> Snapshot:
    """Read every collection into a snapshot; `told` hears each entity's name as it begins.

    Raises CannotRun when a core collection cannot be read to its end.
    """
    snapshot = Snapshot(scratch, version_of(connection.endpoint))
    for entity in (*CORE, *OPTIONAL):
        told(entity)
        for found in _Entity(connection, scratch, snapshot.version, entity).read():
            snapshot.entities[found.entity] = found
    snapshot.requests = connection.requests
    return snapshot


class _Entity:
    """One collection with the link table that its records carry, if any."""

    def __init__(self, connection: Connection, scratch: Scratch, version: str, entity: str) -> None:
        known = tables(version)
        self._connection = connection
        self._entity = entity
        self._stage = Stage(scratch, known[entity])
        self._links = [
            (Stage(scratch, known[name]), column)
            for name, (owner, column) in LINKS.items()
            if owner == entity and name in known
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
        return [found, *(self._linked(stage, found) for stage, _ in self._links)]

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
        for stage, column in self._links:
            for row in land_links(column, stage.table, record):
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
