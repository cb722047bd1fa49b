"""One vendor and channel, day by day: what landed against the truth, and each wrong row under the cause that explains it.

Called by the judge. Keeps what was true and what was landed the day before; shows no value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from conformance.consumer.adapter import CORE, Adapter
from conformance.consumer.cells import Cell, days_apart
from conformance.consumer.landed import KEY, Landed
from conformance.consumer.paging import cause_of_gaps
from conformance.consumer.school import Happening, TrueRows
from oneroster_standard.standard import CsvColumn, load

STAMP = "dateLastModified"
ON_GOOD_DAYS = (
    "consumer.columns", "consumer.one-row-per-key", "consumer.wrongly-retired", "consumer.rows-missing", "consumer.rows-extra", "consumer.values",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wrong:
    """One row, or one cell of it, that is not as it should be. reason: kind of happening that touched it last."""

    check: str
    entity: str
    key: str
    day: int
    column: str = ""
    reason: str = ""
    rows: int = 0
    """Rows of the entity that count, for a share."""


@dataclass
class Course:
    """All days of one vendor and channel. happened: why a record changed last, by entity and key."""

    adapter: Adapter
    channel: str
    tells_deletions: bool
    page_cap: int
    wrongs: list[Wrong] = field(default_factory=list)
    exercised: set[str] = field(default_factory=set)
    happened: dict[tuple[str, str], Happening] = field(default_factory=dict)
    touched: set[tuple[str, str, str]] = field(default_factory=set)
    """Entity, key and reason of every happening so far."""
    _truth: dict[str, TrueRows] = field(default_factory=dict)
    _landed: dict[str, Landed] = field(default_factory=dict)
    _was: dict[str, dict[str, list[dict[str, Cell]]]] = field(default_factory=lambda: defaultdict(dict))
    """Entity -> key -> the rows that it had on earlier days."""
    _left: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _ever: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Entity -> keys that counted in what was landed, since they last left the truth."""
    _last: int = 0
    _open: dict[tuple[str, str], tuple[int, bool]] = field(default_factory=dict)
    """Rows that should not count any more -> the day since, and whether it was told."""

    def begin(self, truth: dict[str, TrueRows], happened: Mapping[tuple[str, str], Happening]) -> None:
        """A day begins. truth: of this day; happened: on it."""
        self.happened |= happened
        self.touched |= {(*place, found.reason) for place, found in happened.items()}
        for entity, before in self._truth.items():
            now = truth[entity].rows
            for key, row in before.rows.items():
                if now.get(key) != row:
                    self._was[entity].setdefault(key, []).append(row)
                if key not in now:
                    self._left[entity].add(key)
                    self._ever[entity].discard(key)
        self._truth = truth

    def on_a_bad_day(self, landed: dict[str, Landed], day: int) -> bool:
        """Note rows that a read lost which could not be whole; returns whether there are any."""
        found = list(self._lost(landed, day))
        self.wrongs += found
        self.exercised.add("consumer.failed-read-keeps-rows")
        self._landed = landed
        return bool(found)

    def _lost(self, landed: dict[str, Landed], day: int) -> Iterator[Wrong]:
        for entity, before in self._landed.items():
            now = landed.get(entity, Landed())
            true = self._truth[entity].rows if entity in self._truth else {}
            for key in before.active.keys() & true.keys():
                if key not in now.active:
                    yield self._wrong("consumer.failed-read-keeps-rows", entity, key, day)

    def on_a_good_day(self, landed: dict[str, Landed], day: int) -> None:
        """Compare a day whose read was whole."""
        self.exercised |= {"consumer.lands", *ON_GOOD_DAYS}
        self._last = day
        for entity in self.entities(landed):
            if entity in landed:
                self._entity(entity, landed[entity], day)
            elif self._truth[entity].rows:
                self.wrongs.append(self._wrong("consumer.lands", entity, "", day))
        self._landed = landed
        for entity, found in landed.items():
            if entity in self._truth:
                self._ever[entity] |= found.active.keys() & self._truth[entity].rows.keys()

    def is_current(self, landed: dict[str, Landed]) -> bool:
        """Whether the keys that count are those of today."""
        return all(entity in landed and landed[entity].active.keys() == self._truth[entity].rows.keys() for entity in self.entities(landed))

    def entities(self, landed: Mapping[str, Landed]) -> tuple[str, ...]:
        """What is compared: what the adapter names, else the core and whatever else was landed."""
        asked = self.adapter.entities or (*CORE, *(name for name in landed if name not in CORE))
        return tuple(name for name in asked if name in self._truth)

    def end(self) -> None:
        """The last day is over: what was never retired is told."""
        is_slow = any(wrong.check == "consumer.retired-in-time" for wrong in self.wrongs)
        for (entity, key), (day, told) in self._open.items():
            # Of what went on the last day nobody knows whether it would go later; a slow consumer is taken for slow.
            late = day == self._last and is_slow
            self.wrongs.append(self._wrong("consumer.retired-in-time" if late else _not_retired(told=told), entity, key, day))
        self._open.clear()
        if any(wrong.check == "consumer.steps-by-received" for wrong in self.wrongs):
            # A collection that is shorter than the client's step ends with its first page: the same mistake.
            self.wrongs = [
                replace(wrong, check="consumer.steps-by-received") if wrong.check == "consumer.all-pages" else wrong for wrong in self.wrongs
            ]

    def _wrong(self, check: str, entity: str, key: str, day: int, column: str = "") -> Wrong:
        found = self.happened.get((entity, key))
        rows = len(self._truth[entity].rows) if entity in self._truth else 0
        return Wrong(check, entity, key, day, column, found.reason if found else "", rows)

    def _entity(self, entity: str, landed: Landed, day: int) -> None:
        true = self._truth[entity]
        twins = _twins(true.rows)
        self.exercised |= {"consumer.id-case"} if twins else set()
        if day == 0:
            self._columns(entity, landed)
        for key in sorted(landed.doubled):
            self.wrongs.append(self._wrong("consumer.one-row-per-key", entity, key, day))
        self._missing(entity, landed, twins, day)
        self._retired(entity, landed, day)
        folded = {key.casefold() for key in true.rows}
        for key in sorted(landed.active.keys() - true.rows.keys()):
            if key not in self._left[entity]:
                check = "consumer.id-case" if key.casefold() in folded else "consumer.rows-extra"
                self.wrongs.append(self._wrong(check, entity, key, day))
        self._values(entity, landed, twins, day)

    def _columns(self, entity: str, landed: Landed) -> None:
        if not (landed.active or landed.inactive):
            return
        for column in load("1.1").csv_files[f"{entity}.csv"].columns:
            if column.required == "yes" and column.header not in landed.headers and not self.adapter.ignores(entity, column.header):
                self.wrongs.append(self._wrong("consumer.columns", entity, "", 0, column.header))

    def _missing(self, entity: str, landed: Landed, twins: frozenset[str], day: int) -> None:
        true = self._truth[entity]
        missing = {key for key in true.rows if key not in landed.active}
        by_case = {key for key in missing & twins if key not in landed.inactive}
        gaps = ""
        if self.channel == "api" and len(true.order) > self.page_cap:
            self.exercised |= {"consumer.all-pages", "consumer.steps-by-received"}
            gaps = cause_of_gaps(true.order, missing - by_case, self.page_cap)
        for key in sorted(missing):
            check = "consumer.id-case" if key in by_case else gaps or self._why_missing(entity, key, landed)
            self.wrongs.append(self._wrong(check, entity, key, day))
        if any((entity, key) in self.happened and self.happened[entity, key].change == "restore" for key in true.rows):
            self.exercised.add("consumer.restored")

    def _why_missing(self, entity: str, key: str, landed: Landed) -> str:
        if key in self._left[entity] and key not in self._ever[entity]:
            return "consumer.restored"
        return "consumer.wrongly-retired" if key in landed.inactive or key in self._ever[entity] else "consumer.rows-missing"

    def _retired(self, entity: str, landed: Landed, day: int) -> None:
        true = self._truth[entity]
        for key in self._left[entity] - true.rows.keys():
            told = self.channel == "delta" or (self.channel == "api" and self.tells_deletions and key in true.gone)
            self.exercised |= {_not_retired(told=told), "consumer.retired-in-time"}
            place = (entity, key)
            if key in landed.active:
                self._open.setdefault(place, (day, told))
            elif place in self._open:
                since, _ = self._open.pop(place)
                if day - since > self.adapter.grace_days:
                    self.wrongs.append(self._wrong("consumer.retired-in-time", entity, key, since))
        for entity_of, key in [place for place in self._open if place[0] == entity and place[1] in true.rows]:
            # It came back before it went: the row was never retired.
            since, told = self._open.pop((entity_of, key))
            self.wrongs.append(self._wrong(_not_retired(told=told), entity, key, since))

    def _values(self, entity: str, landed: Landed, twins: frozenset[str], day: int) -> None:
        true = self._truth[entity]
        both = [key for key in landed.active.keys() & true.rows.keys() if key not in landed.doubled]
        if any(key in self._was[entity] for key in both):
            self.exercised.add("consumer.updates-applied")
        for column in self._compared(entity, landed):
            name = column.header
            wrong = [key for key in both if landed.active[key].get(name) != true.rows[key][name]]
            if column.format == "date":
                self.exercised.add("consumer.dates-keep-their-day")
                shifted = _is_shifted((landed.active[key].get(name), true.rows[key][name]) for key in wrong)
            else:
                shifted = False
            for key in sorted(wrong):
                self.wrongs.append(self._wrong(self._why_other(entity, key, name, landed, twins, shifted), entity, key, day, name))

    def _why_other(self, entity: str, key: str, name: str, landed: Landed, twins: frozenset[str], shifted: bool) -> str:
        cell = landed.active[key].get(name)
        if shifted:
            return "consumer.dates-keep-their-day"
        if any(row[name] == cell for row in self._was[entity].get(key, ())):
            return "consumer.updates-applied"
        if key in twins and any(
            other != key and other.casefold() == key.casefold() and row[name] == cell for other, row in self._truth[entity].rows.items()
        ):
            return "consumer.id-case"
        return "consumer.values"

    def _compared(self, entity: str, landed: Landed) -> list[CsvColumn]:
        unasked = {KEY, "status"} | ({STAMP} if self.channel != "api" else set())
        return [
            column for column in load("1.1").csv_files[f"{entity}.csv"].columns
            if column.header in landed.headers - unasked and not self.adapter.ignores(entity, column.header)
        ]  # fmt: skip


def _not_retired(*, told: bool) -> str:
    return "consumer.tobedeleted-honoured" if told else "consumer.absent-retired"


def _twins(keys: Iterable[str]) -> frozenset[str]:
    """Keys that another one equals but for case."""
    folded: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        folded[key.casefold()].append(key)
    return frozenset(key for found in folded.values() if len(found) > 1 for key in found)


def _is_shifted(pairs: Iterable[tuple[Cell, Cell]]) -> bool:
    """Whether dates are off by the same day, all of them."""
    apart = {days_apart(*pair) for pair in pairs}
    return len(apart) == 1 and apart <= {-1, 0, 1}
