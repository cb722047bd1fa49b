"""The district on one day: the store of day 0, and every record that has changed since.

Called by the happenings, which read and put records, and by the writers of days. Never changes the store. What has
changed is kept rendered: as objects it takes five times the memory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zlib import crc32

from data_gen import pools
from data_gen.draws import Draws
from data_gen.people import student_id
from data_gen.references import refer
from data_gen.shape import District
from data_gen.shapes.model import default, made
from data_gen.year.laying import GONE, keys_with, laid_over
from data_gen.year.rates import joined, rates_of
from oneroster_standard.marks import parse, render
from oneroster_standard.moments import format_instant
from oneroster_standard.store import COLLECTIONS, Store, StoreCollection, sourced_id_of

if TYPE_CHECKING:
    from data_gen.year.next_year import NextYear

Record = dict[str, Any]
FIRST_HOUR, HOURS_S = 6, 11 * 3600
"""Records change between 06:00 and 17:00 UTC."""


@dataclass(frozen=True, slots=True)
class Change:
    """One record that changed on a day, or between two.

    was: as it was before, rendered, None for a new one. reason: the kind of happening. was_veiled, is_veiled: whether
    it belongs to a year that has not begun, before and after; a vendor of the active year only does not show it.
    """

    collection: str
    sourced_id: str
    was: bytes | None
    now: bytes
    reason: str
    was_veiled: bool = False
    is_veiled: bool = False

    @property
    def before(self) -> Record | None:
        """The record as it was."""
        return None if self.was is None else parse(self.was)

    @property
    def after(self) -> Record:
        """The record as it is."""
        return parse(self.now)

    @property
    def kind(self) -> str:
        """What a consumer does: create, update, retire or restore; nothing for one that only comes into sight."""
        if self.was == self.now:
            return ""
        before = self.before
        was = before is not None and before["status"] != GONE
        if self.after["status"] == GONE:
            return "retire"
        return "update" if was else "restore" if before is not None else "create"


@dataclass(frozen=True, slots=True)
class Later:
    """Something that follows on another day: the kind of happening and the keys that it is about."""

    kind: str
    keys: tuple[str, ...]


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
        self.rates = rates_of(joined(self.district.shape.document.get("year"), meta.get("year")))
        self.collections = COLLECTIONS["1.2" if "1.2" in store.specs else "1.1"]
        self._now: dict[str, dict[str, bytes]] = {name: {} for name in self.collections}
        self.day = 0
        self.students = self.enrolled = self.district.students
        self.households = self.district.households
        self.hired = 0
        self.class_count = self._after_last("classes")
        """Number of the next class."""
        self.year = str(self.district.year_ends)
        self.done: set[tuple[str, str]] = set()
        """Events of the calendar that are over: school year and id."""
        self.next_year: NextYear | None = None
        self.taught: dict[str, range] = {school.sourced_id: school.grades for school in self.district.schools}
        """Key of a school -> places of its grades."""
        self.parents: dict[str, str] = {
            found["sourcedId"]: found["parent"]["sourcedId"] for found in self.every("orgs") if found["sourcedId"] in self.taught
        }
        """Key of a school -> its district."""
        self.successor_of: dict[str, str] = {}
        """Key of a class that took over in the course of the year -> the class before it."""
        self.on_leave: set[str] = set()
        """Keys of classes that a substitute leads."""
        self.later: defaultdict[int, list[Later]] = defaultdict(list)
        self.gone: list[tuple[int, str]] = []
        self._today: dict[str, dict[str, tuple[bytes | None, str]]] = {name: {} for name in self.collections}
        self._seats: defaultdict[str, list[str]] = defaultdict(list)
        self._staffed: defaultdict[str, list[str]] = defaultdict(list)
        self._veiled: set[tuple[str, str]] = set()
        self._unveiled: set[tuple[str, str]] = set()

    def _after_last(self, collection: str) -> int:
        """The number after that of the last key of day 0, which is the greatest."""
        rows = self._rows(collection)
        return int(sourced_id_of(rows.record_bytes(len(rows) - 1))[4:]) + 1 if len(rows) else 0

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
        self._today = {name: {} for name in self.collections}
        self._unveiled = set()

    def _rows(self, collection: str) -> StoreCollection:
        return self.store.collection(collection, "1.1" if collection in COLLECTIONS["1.1"] else "1.2")

    def _raw(self, collection: str, sourced_id: str) -> bytes | None:
        found = self._now[collection].get(sourced_id)
        if found is not None:
            return found
        rows = self._rows(collection)
        row = rows.find(sourced_id)
        return None if row is None else rows.record_bytes(row)

    def get(self, collection: str, sourced_id: str) -> Record | None:
        """A record as it is now, one's own copy; None when it never was."""
        found = self._raw(collection, sourced_id) if collection in self._now else None
        return None if found is None else parse(found)

    def active(self, collection: str, sourced_id: str) -> Record | None:
        """A record that is there and not flagged for deletion."""
        found = self.get(collection, sourced_id)
        return found if found is not None and found["status"] != GONE else None

    def every(self, collection: str) -> Iterator[Record]:
        """All active records of a collection in order of their key; new ones may be put meanwhile."""
        return laid_over(self._rows(collection).iter_bytes(), self._now[collection])

    def starting_with(self, collection: str, prefix: str) -> list[Record]:
        """Active records of day 0 whose key begins with a prefix; none of a collection that the store lacks."""
        if collection not in self._now:
            return []
        found = (self.active(collection, key) for key in keys_with(self._rows(collection), prefix))
        return [record for record in found if record is not None]

    def put(self, collection: str, record: Record, reason: str) -> None:
        """Keep a new or changed record, stamped with this day."""
        key = record["sourcedId"]
        today = self._today[collection]
        if key not in today:
            today[key] = (self._raw(collection, key), reason)
        kept = {**record, "dateLastModified": self._stamp(collection, key)}
        if collection == "enrollments" and today[key][0] is None and key not in self._now[collection]:
            self._seats[kept["user"]["sourcedId"]].append(key)
            if kept["role"] != "student":
                self._staffed[kept["class"]["sourcedId"]].append(key)
        self._now[collection][key] = render(kept)

    def retire(self, collection: str, sourced_id: str, reason: str) -> None:
        """Flag a record for deletion.

        Its content stays as it was at the end of the day before: whoever learns of it by its absence from a full bundle
        holds nothing newer.
        """
        found = self.active(collection, sourced_id)
        if found is None:
            return
        raw = self._today[collection].get(sourced_id, (None, ""))[0]
        before = None if raw is None else parse(raw)
        last = before if before is not None and before["status"] != GONE else found
        self.put(collection, {**last, "status": GONE}, reason)

    def forget(self, collection: str, sourced_id: str) -> None:
        """Take back a record that was made today."""
        self._now[collection].pop(sourced_id, None)
        self._today[collection].pop(sourced_id, None)

    def veil(self, collection: str, sourced_id: str) -> None:
        """Let a record belong to a year that has not begun."""
        self._veiled.add((collection, sourced_id))

    def is_veiled(self, collection: str, sourced_id: str) -> bool:
        """Whether a record belongs to a year that has not begun."""
        return (collection, sourced_id) in self._veiled

    def unveil(self) -> None:
        """The year begins: what was made for it comes into sight."""
        self._unveiled, self._veiled = self._veiled, set()

    def changes(self) -> Iterator[Change]:
        """What changed on this day, in order of collection and key; what came back to what it was is no change."""
        for name in self.collections:
            today = self._today[name]
            seen = {key for collection, key in self._unveiled if collection == name}
            for key in sorted({*today, *seen}, key=lambda found: found.encode("utf-8")):
                now = self._now[name][key]
                was, reason = today.get(key, (now, "rollover"))
                was_veiled = key in seen or self.is_veiled(name, key)
                if key in seen or was is None or _content(was) != _content(now):
                    yield Change(name, key, was, now, reason, was_veiled, self.is_veiled(name, key))

    def all_changed(self) -> Iterator[tuple[str, str, Record]]:
        """Every record that differs from day 0 or was not there: collection, key, record."""
        for collection, records in self._now.items():
            for key, record in sorted(records.items(), key=lambda found: found[0].encode("utf-8")):
                yield collection, key, parse(record)

    def seats_of(self, user: str) -> list[Record]:
        """Active enrollments of a student or of a member of staff who was hired since."""
        first = keys_with(self._rows("enrollments"), f"enr-{user[4:]}-") if user.startswith("stu-") else []
        found = (self.active("enrollments", key) for key in (*first, *self._seats.get(user, ())))
        return [record for record in found if record is not None and record["user"]["sourcedId"] == user]

    def staff_of(self, class_key: str) -> list[Record]:
        """Active enrollments of those who teach a class."""
        first = self.starting_with("enrollments", f"ent-{class_key[4:]}-")
        later = (self.active("enrollments", key) for key in self._staffed.get(class_key, ()))
        return [*first, *(record for record in later if record is not None)]

    def lead_of(self, class_key: str) -> Record | None:
        """The active enrollment of a class's primary teacher."""
        return next((found for found in self.staff_of(class_key) if found.get("primary") == "true"), None)

    def someone(self, path: str, tries: int = 24) -> Record | None:
        """An active student, drawn by a path; None when every try meets one who left or is still to come."""
        for place in range(tries):
            key = student_id(self.draws.one(f"year/{self.day}/{path}", place, self.students))
            found = self.active("users", key)
            if found is not None and not self.is_veiled("users", key):
                return found
        return None

    def below(self, path: str, bound: int) -> int:
        """An integer of 0 to bound - 1 for this day."""
        return self.draws.one(f"year/{self.day}/{path}", 0, bound)

    def seat(self, user: str, class_record: Record, end: str, subject: str, *, begin: str = "", **more: Any) -> Record:
        """A new enrollment from today or a later day on.

        subject: letters and digits that keep the keys of one user and day apart.
        """
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
            "beginDate": max(begin, self.date.isoformat()),
            "endDate": end,
        }

    def _stamp(self, collection: str, key: str) -> str:
        start = datetime.combine(self.date, time(FIRST_HOUR), tzinfo=UTC)
        path, place = f"year/{self.day}/stamp/{collection}", crc32(key.encode("utf-8"))
        return format_instant(
            start + timedelta(seconds=self.draws.one(path, place, HOURS_S), milliseconds=self.draws.one(f"{path}/ms", place, 1000))
        )


def _content(raw: bytes) -> Record:
    return {name: value for name, value in parse(raw).items() if name != "dateLastModified"}
