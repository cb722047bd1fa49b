"""What a run saw of each entity, counted for the demands of profiles: of an API's surveyed records, or of a bundle's cells.

Called by the verdicts. Keeps counts, never a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

import polars as pl

from conformance.csv_files.reading import FileReading
from conformance.csv_rules.facts import BundleFacts
from conformance.profiles.model import API, CSV, FieldDemand, Profile
from conformance.run import Run
from conformance.selection import atoms
from conformance.survey import NO_ANSWER, Record
from oneroster_standard.standard import CsvFile, Standard

SAME_AS = {("users", "role"): "roles.role", ("users", "orgs"): "roles.org"}
"""Properties of 1.1 that 1.2 holds elsewhere: a profile of both versions names them once."""


@dataclass(slots=True)
class FieldCount:
    """Records that a demand means, those with a value, those whose value does not fit, and the values met of `covers`."""

    total: int = 0
    filled: int = 0
    unfit: int = 0
    met: set[str] = field(default_factory=set)
    where: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """Whether an entity is there. trouble: why not; is_told: the source said so, rather than that nobody asked."""

    rows: int = 0
    trouble: str = ""
    is_told: bool = True
    mode: str = ""
    where: str = ""


class Evidence(Protocol):
    """What the verdicts ask."""

    channel: str
    spec: str
    auth: str

    def state(self, entity: str) -> State:
        """Whether an entity is there, and how many records it has."""

    def count(self, entity: str, demand: FieldDemand) -> FieldCount | None:
        """Counts of a field's demand, None when this kind of source has no such field."""


class ApiEvidence:
    """Counts over the records that the survey read."""

    channel = API

    def __init__(self, run: Run) -> None:
        self._run = run
        self.spec = run.standard.version
        self.auth = run.sign_in.endpoint.auth

    def state(self, entity: str) -> State:
        """A collection as surveyed."""
        where = f"GET /{entity}"
        if entity not in self._run.standard.collections:
            return State(trouble=f"OneRoster {self.spec} has no {entity}", where=where)
        found = self._run.survey.collections.get(entity)
        if found is None:
            return State(trouble=f"{entity} was not read in this run", is_told=False, where=where)
        if found.trouble:
            answered = bool(found.pages) and found.pages[-1].status != NO_ANSWER
            return State(trouble=found.trouble, is_told=answered, where=where)
        return State(len(found.records), where=where)

    def count(self, entity: str, demand: FieldDemand) -> FieldCount | None:
        """Counts over the records; None for a field that the version's class does not have."""
        found = self._run.survey.collections.get(entity)
        path = _path(self._run.standard, entity, demand.field)
        if found is None or not path:
            return None
        counted = FieldCount(where=f"GET /{entity}, /{entity}/*/{path.replace('.', '/')}")
        chosen = _path(self._run.standard, entity, demand.of[0]) if demand.of[0] else ""
        pattern = re.compile(demand.pattern) if demand.pattern else None
        for record in found.records:
            if chosen and not set(map(str, atoms(record, chosen))) & set(demand.of[1]):
                continue
            _add(counted, demand, pattern, _texts(record, path))
        return counted


def _path(standard: Standard, entity: str, name: str) -> str:
    own = standard.collection(entity).property_names if entity in standard.collections else ()
    if name.partition(".")[0] in own:
        return name
    other = SAME_AS.get((entity, name), "")
    return other if other.partition(".")[0] in own else ""


def _texts(record: Record, path: str) -> list[str]:
    found = atoms(record, path)
    return [str(value.get("sourcedId", "object")) if isinstance(value, dict) else str(value).lower() if isinstance(value, bool) else str(value)
            for value in found]  # fmt: skip


def _add(counted: FieldCount, demand: FieldDemand, pattern: re.Pattern[str] | None, values: list[str]) -> None:
    counted.total += 1
    values = [value for value in values if value.strip()]
    counted.filled += bool(values)
    if demand.one_of or pattern:
        counted.unfit += any(not _fits(value, demand.one_of, pattern) for value in values)
    counted.met.update(value for value in values if value in demand.covers)


def _fits(value: str, one_of: tuple[str, ...], pattern: re.Pattern[str] | None) -> bool:
    return (not one_of or value in one_of) and (pattern is None or pattern.fullmatch(value) is not None)


@dataclass(frozen=True, slots=True)
class _Watched:
    """A demand on one column. file and header: where its values stand."""

    entity: str
    demand: FieldDemand
    header: str
    of: str
    is_list: bool


class Watcher:
    """Counts the columns that profiles name while the judge reads a bundle, frame by frame."""

    def __init__(self, profiles: Iterable[Profile]) -> None:
        self._entities: dict[str, list[FieldDemand]] = {}
        for profile in profiles:
            for one in profile.entities:
                self._entities.setdefault(one.name, []).extend(demand for demand in one.fields if CSV in demand.channels)
        self.counts: dict[tuple[str, FieldDemand], FieldCount] = {}
        self._watched: dict[str, list[_Watched]] = {}

    def see(self, reading: FileReading, frame: pl.DataFrame, mode: str) -> None:
        """Count one frame of a file."""
        if reading.name not in self._watched:
            self._watched[reading.name] = list(self._of(reading, mode))
        for one in self._watched[reading.name]:
            self._count(one, frame, reading.name)

    def _of(self, reading: FileReading, mode: str) -> Iterable[_Watched]:
        for entity, demands in self._entities.items():
            for demand in demands:
                header = header_of(reading.spec, entity, demand.field)
                if not header:
                    continue
                column = reading.spec.column(header)
                # Blank in a bulk file by the standard: the file itself says that every row is active and as of now.
                if column.required == "delta" and mode == "bulk":
                    continue
                of = header_of(reading.spec, entity, demand.of[0]) if demand.of[0] else ""
                counted = FieldCount(where=f"{reading.name}, column {header}")
                self.counts[entity, demand] = counted
                if reading.has(header) and (not of or reading.has(of)):
                    yield _Watched(entity, demand, header, of, column.is_list)

    def _count(self, one: _Watched, frame: pl.DataFrame, file: str) -> None:
        counted, demand = self.counts[one.entity, one.demand], one.demand
        if one.of:
            frame = frame.filter(pl.col(one.of).is_in(demand.of[1]))
        filled = frame.filter(pl.col(one.header) != "")[one.header]
        counted.total += frame.height
        counted.filled += filled.len()
        if not filled.len() or not (demand.pattern or demand.one_of or demand.covers):
            return
        pattern = re.compile(demand.pattern) if demand.pattern else None
        for (cell, times) in filled.value_counts().iter_rows():
            values = [part.strip() for part in cell.split(",")] if one.is_list else [cell]
            counted.unfit += times if any(not _fits(value, demand.one_of, pattern) for value in values) else 0
            counted.met.update(value for value in values if value in demand.covers)


def header_of(file: CsvFile, entity: str, name: str) -> str:
    """Column of a file that holds a property of an entity; empty when it has none.

    In 1.2 a user's roles and their orgs stand in a file of their own.
    """
    if file.entity == entity:
        return next((column.header for column in file.columns if name in (column.property, column.header)), "")
    if file.entity == "roles" and entity == "users":
        return {"role": "role", "orgs": "orgSourcedId", "roles": "role"}.get(name, "")
    return ""


class CsvEvidence:
    """Counts of the watcher over a bundle."""

    channel = CSV
    auth = ""

    def __init__(self, facts: BundleFacts, watcher: Watcher) -> None:
        self._facts = facts
        self._watcher = watcher
        self.spec = facts.standard.version

    @property
    def data_files(self) -> list[str]:
        """Files of the standard other than the manifest."""
        return self._facts.data_files

    def state(self, entity: str) -> State:
        """A file as read."""
        return self.file(f"{entity}.csv")

    def file(self, name: str) -> State:
        """A file by its name."""
        if self._facts.package.trouble is not None:
            return State(trouble="the archive cannot be read", where=name)
        reading = self._facts.readings.get(name)
        if reading is None:
            return State(trouble=f"{name} is not in the bundle", where=name)
        if reading.stopped_by:
            return State(trouble=f"{name} could not be read whole ({reading.stopped_by})", where=name)
        # The manifest has no records of its own: being there is all that is asked of it.
        return State(reading.rows or int(name == "manifest.csv"), mode=self._facts.mode(name), where=name)

    def count(self, entity: str, demand: FieldDemand) -> FieldCount | None:
        """Counts of the watcher; None for a property without a column."""
        return self._watcher.counts.get((entity, demand))
