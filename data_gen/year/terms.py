"""Terms that end while the year goes on: classes that are over, and those that take their place."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from data_gen.references import refer
from data_gen.shape import class_id
from data_gen.year.calendar import Sessions, day_of, occasion, sessions_of
from data_gen.year.departures import unseat
from data_gen.year.world import Record, World

REASON = "term-change"
NEVER = timedelta(days=1000)
Teaching = defaultdict[str, list[str]]
"""Key of a member of staff -> keys of the classes."""


def _next_end(world: World, found: Sessions) -> date:
    ends = {day_of(one["endDate"]) for one in found.records}
    return min((end for end in ends if world.date <= end < found.end), default=world.date + NEVER)


def following(found: Sessions, terms: list[Record]) -> Record | None:
    """The session after some: of the same type, with the earliest start that is not before their end."""
    end, kind = max(term["endDate"] for term in terms), terms[0]["type"]
    later = [one for one in found.records if one["type"] == kind and one["startDate"] >= end and one["endDate"] <= found.end.isoformat()]
    return min(later, key=lambda one: (one["startDate"], one["sourcedId"]), default=None)


@occasion("term-change", _next_end)
def term_change(world: World) -> None:
    """A term ends: its classes are over, and each goes on as another class of the next term."""
    found, today = sessions_of(world), world.date.isoformat()
    sessions = found.by_id()
    over: dict[str, tuple[Record, list[Record]]] = {}
    for taught in world.every("classes"):
        terms = [sessions[term["sourcedId"]] for term in taught["terms"] if term["sourcedId"] in sessions]
        if terms and len(terms) == len(taught["terms"]) and max(term["endDate"] for term in terms) == today:
            over[taught["sourcedId"]] = taught, terms
    roster: defaultdict[str, list[Record]] = defaultdict(list)
    teaching: Teaching = defaultdict(list)
    for seat in world.every("enrollments"):
        key = seat["class"]["sourcedId"]
        if key in over:
            roster[key].append(seat)
        if seat["role"] != "student":
            teaching[seat["user"]["sourcedId"]].append(key)
    for key, (taught, terms) in sorted(over.items()):
        after = following(found, terms)
        if after is not None:
            _go_on(world, taught, after, teaching, [seat for seat in roster[key] if seat["endDate"] >= today])
        if not world.rates.is_kept:
            end_class(world, key, roster[key], REASON)


def _go_on(world: World, taught: Record, after: Record, teaching: Teaching, seats: list[Record]) -> None:
    """Make the class of the next term for those who have its period free then; without students there is none."""
    busy = _Busy(world, taught, after["sourcedId"])
    staying = [seat for seat in seats if seat["role"] == "student" and busy.is_free(seat["user"]["sourcedId"])]
    if not staying or busy.is_taken(teaching, seats):
        return
    key = class_id(world.class_count)
    world.class_count += 1
    world.successor_of[key] = taught["sourcedId"]
    new = {**taught, "sourcedId": key, "terms": [refer("academicSession", after["sourcedId"])]}
    world.put("classes", new, REASON)
    letters = iter("abcdefg")
    for seat in seats:
        if seat["role"] == "student":
            continue
        teaching[seat["user"]["sourcedId"]].append(key)
        more: dict[str, Any] = {name: seat[name] for name in ("role", "primary") if name in seat}
        world.put("enrollments", world.seat(seat["user"]["sourcedId"], new, after["endDate"], next(letters), begin=after["startDate"], **more), REASON)
    for seat in staying:
        user = seat["user"]["sourcedId"]
        # The number of the class keeps two classes of a student apart that end on one day.
        world.put("enrollments", world.seat(user, new, after["endDate"], f"t{key[4:]}", begin=after["startDate"], role="student"), REASON)


class _Busy:
    """Who is taken in the periods of a class in the next term."""

    def __init__(self, world: World, taught: Record, term: str) -> None:
        self._world = world
        self._own = taught["sourcedId"]
        self._periods = set(taught.get("periods", ()))
        self._term = term

    def _clashes(self, key: str) -> bool:
        other = self._world.active("classes", key)
        if other is None or key == self._own or not self._periods.intersection(other.get("periods", ())):
            return False
        return self._term in {term["sourcedId"] for term in other["terms"]}

    def is_free(self, student: str) -> bool:
        """Whether a student has no other class then."""
        return not any(self._clashes(seat["class"]["sourcedId"]) for seat in self._world.seats_of(student))

    def is_taken(self, teaching: Teaching, seats: list[Record]) -> bool:
        """Whether one of the teachers has another class then."""
        users = {seat["user"]["sourcedId"] for seat in seats if seat["role"] != "student"}
        return any(self._clashes(key) for user in sorted(users) for key in teaching[user])


def end_class(world: World, key: str, seats: list[Record], reason: str) -> None:
    """Retire a class with its enrollments and its gradebook."""
    for seat in seats:
        unseat(world, seat, reason)
    for collection, prefix in (("lineItems", f"lin-{key[4:]}-"), ("scoreScales", f"scl-{key[4:]}")):
        for found in world.starting_with(collection, prefix):
            world.retire(collection, found["sourcedId"], reason)
    world.retire("classes", key, reason)
