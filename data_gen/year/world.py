"""The district on one day: the store of day 0, and every record that has changed since.

Called by the happenings, which read and put records, and by the writers of days. Never changes the store.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from data_gen import pools
from data_gen.draws import Draws
from data_gen.people import student_id
from data_gen.references import refer
from data_gen.shape import District
from data_gen.shapes.model import default, made
from oneroster_standard.marks import parse
from oneroster_standard.moments import format_instant
from oneroster_standard.store import COLLECTIONS, Store

Record = dict[str, Any]
GONE = "tobedeleted"
FIRST_HOUR, HOURS_S = 6, 11 * 3600
"""Records change between 06:00 and 17:00 UTC."""


@dataclass(frozen=True, slots=True)
class Change:
    """One record that changed on a day.

    before: as it was at the end of the day before, None for a new one. reason: the kind of happening.
    """

    collection: str
    sourced_id: str
    before: Record | None
    after: Record
    reason: str

    @property
    def kind(self) -> str:
        """What a consumer does: create, update, retire or restore."""
        was = self.before is not None and self.before["status"] != GONE
        if self.after["status"] == GONE:
            return "retire"
        return "update" if was else "restore" if self.before is not None else "create"


class World:
    """The district of a store as the days go by.

    store: seen through no vendor. day: counted from 0.
    """

    def __init__(self, store: Store) -> None:
        meta = store.meta
        self.store = store
        self.district = District(
            int(meta["students"]), int(meta["seed"]), date.fromisoformat(meta["as_of"]), pools.load(meta["locale"]),
            made(meta["shape"]["name"], meta["shape"]["keys"]) if "shape" in meta else default(),
        )  # fmt: skip
        self.day = 0
        self.students = self.district.students
        self.households = self.district.households
        self.hired = 0
        self.most_seats = max(len(level.subjects) for level in self.district.levels)
        self._now: dict[str, dict[str, Record]] = {name: {} for name in COLLECTIONS["1.1"]}
        self._today: dict[tuple[str, str], tuple[Record | None, str]] = {}
        self._seats: defaultdict[str, list[str]] = defaultdict(list)
        self.later: defaultdict[int, list[Later]] = defaultdict(list)
        self.gone: list[tuple[int, str]] = []

    @property
    def draws(self) -> Draws:
        """The district's draws."""
        return self.district.draws

    @property
    def date(self) -> date:
        """The calendar's day."""
        return self.district.as_of + timedelta(days=self.day)

    def begin(self, day: int) -> None:
        """Go to the next day; what changed before is history."""
        self.day = day
        self._today = {}

    def get(self, collection: str, sourced_id: str) -> Record | None:
        """A record as it is now, a copy; None when it never was."""
        found = self._now[collection].get(sourced_id)
        if found is None:
            rows = self.store.collection(collection)
            row = rows.find(sourced_id)
            return None if row is None else parse(rows.record_bytes(row))
        return copy.deepcopy(found)

    def active(self, collection: str, sourced_id: str) -> Record | None:
        """A record that is there and not flagged for deletion."""
        found = self.get(collection, sourced_id)
        return found if found is not None and found["status"] != GONE else None

    def put(self, collection: str, record: Record, reason: str) -> None:
        """Keep a new or changed record, stamped with this day."""
        key = record["sourcedId"]
        if (collection, key) not in self._today:
            self._today[collection, key] = (self.get(collection, key), reason)
        kept = {**record, "dateLastModified": self._stamp(collection, key)}
        if collection == "enrollments" and self._today[collection, key][0] is None:
            self._seats[kept["user"]["sourcedId"]].append(key)
        self._now[collection][key] = kept

    def retire(self, collection: str, sourced_id: str, reason: str) -> None:
        """Flag a record for deletion.

        Its content stays as it was at the end of the day before: whoever learns of it by its absence from a full bundle
        holds nothing newer.
        """
        found = self.active(collection, sourced_id)
        if found is None:
            return
        before = self._today.get((collection, sourced_id), (None, ""))[0]
        last = before if before is not None and before["status"] != GONE else found
        self.put(collection, {**last, "status": GONE}, reason)

    def forget(self, collection: str, sourced_id: str) -> None:
        """Take back a record that was made today."""
        self._now[collection].pop(sourced_id, None)
        self._today.pop((collection, sourced_id), None)

    def changes(self) -> Iterator[Change]:
        """What changed on this day, in order of collection and key; what came back to what it was is no change."""
        for name in COLLECTIONS["1.1"]:
            for collection, key in sorted(self._today, key=lambda found: (found[0], found[1].encode("utf-8"))):
                if collection != name:
                    continue
                before, reason = self._today[collection, key]
                after = self._now[collection][key]
                if before is None or _content(before) != _content(after):
                    yield Change(collection, key, before, after, reason)

    def all_changed(self) -> Iterator[tuple[str, str, Record]]:
        """Every record that differs from day 0 or was not there: collection, key, record."""
        for collection, records in self._now.items():
            for key, record in sorted(records.items(), key=lambda found: found[0].encode("utf-8")):
                yield collection, key, record

    def seats_of(self, user: str) -> list[Record]:
        """Active enrollments of a student or of a member of staff who was hired since."""
        keys = [f"enr-{user[4:]}-{subject}" for subject in range(self.most_seats)] if user.startswith("stu-") else []
        found = (self.active("enrollments", key) for key in (*keys, *self._seats[user]))
        return [record for record in found if record is not None and record["user"]["sourcedId"] == user]

    def lead_of(self, class_key: str) -> Record | None:
        """The active enrollment of a class's teacher on day 0."""
        return self.active("enrollments", f"ent-{class_key[4:]}-a")

    def someone(self, path: str, tries: int = 24) -> Record | None:
        """An active student, drawn by a path; None when every try meets one who left."""
        for place in range(tries):
            number = self.draws.one(f"year/{self.day}/{path}", place, self.students)
            found = self.active("users", student_id(number))
            if found is not None:
                return found
        return None

    def below(self, path: str, bound: int) -> int:
        """An integer of 0 to bound - 1 for this day."""
        return self.draws.one(f"year/{self.day}/{path}", 0, bound)

    def seat(self, user: str, class_record: Record, end: str, subject: str, **more: Any) -> Record:
        """A new enrollment from today on. subject: a letter or digit that keeps the keys of one user and day apart."""
        number = user[4:] if user.startswith("stu-") else class_record["sourcedId"][4:]
        kind = "enr" if user.startswith("stu-") else "ent"
        return {
            "sourcedId": f"{kind}-x{self.day:04d}{number}-{subject}",
            "status": "active",
            "dateLastModified": "",
            "user": refer("user", user),
            "class": refer("class", class_record["sourcedId"]),
            "school": class_record["school"],
            **more,
            "beginDate": self.date.isoformat(),
            "endDate": end,
        }

    def _stamp(self, collection: str, key: str) -> str:
        start = datetime.combine(self.date, time(FIRST_HOUR), tzinfo=UTC)
        path = f"year/{self.day}/stamp/{collection}/{key}"
        return format_instant(
            start + timedelta(seconds=self.draws.one(path, 0, HOURS_S), milliseconds=self.draws.one(path, 1, 1000))
        )


@dataclass(frozen=True, slots=True)
class Later:
    """Something that follows on another day: the kind of happening and the keys that it is about."""

    kind: str
    keys: tuple[str, ...]


def _content(record: Mapping[str, Any]) -> Record:
    return {name: value for name, value in record.items() if name != "dateLastModified"}
