"""The API source: all collections of a provider read in full or since a mark, landed, and judged for completeness.

Called by the command. Core collections must be readable; optional ones may be refused and are then not part of the
run. Never keeps a whole collection in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sync_engine.incremental import Earlier, Since
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
from sync_engine.quarantine import NO_RECORD, Aside
from sync_engine.snapshot import EntityRead, Scratch, Snapshot, Stage
from sync_engine.sources import setup_problems
from sync_engine.sources.changes import Ages, Filters, NotFiltered, agrees, read_since, total_of
from sync_engine.sources.collection import Collection, Reading, Refused
from sync_engine.sources.connection import Connection
from sync_engine.sql_text import literal

Told = Callable[[str], None]
_WHOLE = ("classes", "scoreScales")
_UNREAD = EntityRead("scoreScales", was_read=False)


def read(connection: Connection, scratch: Scratch, told: Told, earlier: Earlier | None = None) -> Snapshot:
    """Read every collection into a snapshot; `told` hears each entity's name as it begins.

    earlier: what the target remembers; None, or one that asks for no incremental read, reads everything whole. Raises
    CannotRun when a core collection cannot be read to its end.
    """
    snapshot = Snapshot(scratch, connection.version, scope=earlier.scope if earlier else "")
    filters = Filters()
    for entity in (*CORE, *OPTIONAL):
        if entity not in tables(snapshot.version):
            continue
        told(entity)
        since = earlier.since(entity) if earlier else Since()
        if since.at and entity in _WHOLE and earlier and "scoreScales" in earlier.marks:
            # Score scales take their schools from the classes of the same read.
            since = Since(why="score scales need all of them", mark=since.mark)
        for found in _Entity(connection, snapshot, entity, since, earlier, filters).read():
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
        f' ON class."sourcedId" = scale."classSourcedId" ORDER BY scale."sourcedId") TO {literal(given)} (FORMAT parquet)'
    )
    given.replace(scales)


class _Staged:
    """One collection's rows on their way into the snapshot, with the tables whose rows its records hold, if any."""

    def __init__(self, scratch: Scratch, version: str, entity: str) -> None:
        known = tables(version)
        self.main = Stage(scratch, known[entity])
        self.nested = [
            (Stage(scratch, known[name]), nested) for name, nested in NESTED[version].items() if nested.owner == entity
        ]
        self.broken = 0
        self.dropped = dict.fromkeys(NEVER_LANDED, 0)

    def land(self, record: Mapping[str, Any] | None) -> None:
        """Stage one record, None for one that is no object."""
        if record is None:
            self.broken += 1
            return
        self.main.add(land_record(self.main.table, record))
        for name in NEVER_LANDED:
            if name in record and text(record[name]):
                self.dropped[name] += 1
        for stage, nested in self.nested:
            for row in nested.rows(stage.table, record):
                stage.add(row)

    def finish(self, owner: EntityRead, notes: Sequence[str]) -> list[EntityRead]:
        """The staged rows of the collection, and of what its records hold."""
        name = owner.entity
        dropped = (dropped_note(name, column, sent) for column, sent in self.dropped.items() if sent)
        found = replace(owner, reasons=(*(f"{name}: {one}" for one in notes), *dropped))
        linked = [self._linked(stage, found) for stage, _ in self.nested]
        if any(one.quarantined for one in linked):
            # What was set aside is to be read again.
            found = replace(found, mark="")
        return [replace(found, asides=self._asides(name, self.main)), *linked]

    def _asides(self, entity: str, stage: Stage) -> tuple[Aside, ...]:
        place = f"GET /{entity}"
        broken = [Aside(entity, "", NO_RECORD, "", place, self.broken)] if self.broken and stage is self.main else []
        return (*(replace(one, place=place) for one in stage.asides), *broken)

    def _linked(self, stage: Stage, owner: EntityRead) -> EntityRead:
        rows, quarantined = stage.finish()
        return replace(
            owner, entity=stage.table.name, rows=rows, quarantined=quarantined, reasons=(), mark="",
            complete=owner.complete and not quarantined, within=owner.entity if owner.since else "",
            asides=self._asides(owner.entity, stage),
        )  # fmt: skip


class _Entity:
    """One collection: what changed in it, or the whole of it."""

    def __init__(
        self, connection: Connection, snapshot: Snapshot, entity: str, since: Since, earlier: Earlier | None, filters: Filters
    ) -> None:
        self._connection, self._snapshot, self._entity = connection, snapshot, entity
        self._since, self._earlier, self._filters = since, earlier, filters

    def read(self) -> list[EntityRead]:
        why = self._since.why
        if self._since.at:
            try:
                return self._changes()
            except NotFiltered as problem:
                why = str(problem)
            except Refused:
                why = "a filtered read is refused"
        return self._whole(why)

    def _staged(self) -> _Staged:
        return _Staged(self._snapshot.scratch, self._snapshot.version, self._entity)

    def _whole(self, why: str) -> list[EntityRead]:
        collection, staged = Collection(self._connection, self._entity), self._staged()
        try:
            first = collection.walk(staged.land)
        except Refused as refused:
            return self._refused(refused)
        rows, quarantined = staged.main.finish()
        quarantined += staged.broken
        distinct = rows + quarantined
        reasons = _doubts(first, distinct, quarantined)
        if first.totals is None and not reasons:
            reasons = _doubts_of_second(first, collection.walk(lambda _: None))
        found = EntityRead(
            self._entity, rows, quarantined, not reasons, why=why, served=distinct, earlier=self._since.mark,
            mark="" if reasons else self._mark(first),
        )  # fmt: skip
        return staged.finish(found, [*reasons, *self._emptiness(distinct)])

    def _changes(self) -> list[EntityRead]:
        """What changed since the mark; raises NotFiltered when the answer does not prove to hold all of it."""
        since, mark, staged = self._since.at, self._since.mark, self._staged()
        assert mark is not None and self._earlier is not None
        ages = Ages(since)

        def land(record: Mapping[str, Any] | None) -> None:
            ages.note(record)
            staged.land(record)

        first, asked = read_since(self._connection, self._entity, since, self._filters, land)
        rows, aside = staged.main.finish()
        if doubts := _doubts(first, rows, aside + staged.broken):
            same = first.received == rows and not (aside or staged.broken or first.repeats_a_page)
            # A total that counts the whole collection is known of some providers; two readings that agree do as well.
            if not same or not agrees(self._connection, self._entity, asked, first):
                raise NotFiltered(f"of what changed, {doubts[0]}")
        elif first.totals is None and not agrees(self._connection, self._entity, asked, first):
            raise NotFiltered("no total is announced, and a second filtered reading showed other rows")
        total = total_of(self._connection, self._entity)
        if total == rows:
            # The answer is the whole collection, with the proof that a whole read has.
            return staged.finish(
                EntityRead(
                    self._entity, rows, complete=True, why="everything in it was changed", served=rows, earlier=mark,
                    mark=self._mark(first),
                ), []
            )  # fmt: skip
        if ages.older:
            raise NotFiltered("the filter has no effect: older rows came")
        expected = mark.served + self._earlier.unknown(self._entity, self._snapshot)
        if total is None and (not mark.tells or self._earlier.vanishes):
            raise NotFiltered("deleted rows vanish from it, and no total is announced")
        if total is not None and total != expected:
            raise NotFiltered(f"the provider has {total:,} rows where {expected:,} were expected")
        return staged.finish(
            EntityRead(
                self._entity, rows, 0, True, is_delta=True, since=since, served=expected, earlier=mark,
                mark=max(mark.at, self._mark(first)),
            ), []
        )  # fmt: skip

    def _mark(self, reading: Reading) -> str:
        """The latest change that the rows tell of, at most the provider's own time; empty when a row tells none."""
        path = literal(self._snapshot.path(self._entity))
        latest, untold = self._snapshot.scratch.db.execute(
            'SELECT coalesce(max("dateLastModified"), \'\'), count(*) FILTER (NOT coalesce(regexp_matches("dateLastModified",'
            f" '^\\d{{4}}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d.\\d{{3}}Z$'), false)) FROM read_parquet({path})"
        ).fetchone() or ("", 1)
        return "" if untold else min(str(latest), reading.begun_at)

    def _emptiness(self, rows: int) -> list[str]:
        """Some providers show a withheld permission as an empty collection; a person should know."""
        if rows or self._entity not in CORE:
            return []
        return [f"served, but empty; {setup_problems.remedy(self._connection.endpoint, 'empty-collection')}"]

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
