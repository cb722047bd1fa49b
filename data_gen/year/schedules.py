"""Changes of schedules: drops, swaps, rooms."""

from __future__ import annotations

from data_gen.year.calendar import sessions_of
from data_gen.year.departures import unseat
from data_gen.year.happenings import happening
from data_gen.year.world import Record, World


def _one_seat(world: World, path: str) -> tuple[Record, Record] | None:
    student = world.someone(path)
    seats = world.seats_of(student["sourcedId"]) if student else []
    if student is None or not seats:
        return None
    return student, seats[world.below(f"{path}/seat", len(seats))]


@happening("drop")
def drop(world: World, path: str) -> bool:
    """A student drops a class."""
    found = _one_seat(world, path)
    if found is None:
        return False
    unseat(world, found[1], "drop")
    return True


@happening("schedule-change")
def schedule_change(world: World, path: str) -> bool:
    """A student takes over the schedule of another section of the grade."""
    student = world.someone(path)
    if student is None:
        return False
    today, begun = world.date.isoformat(), sessions_of(world).start.isoformat()
    own = {seat["class"]["sourcedId"]: seat for seat in world.seats_of(student["sourcedId"]) if seat["endDate"] > begun}
    for place in range(30):
        like = world.someone(f"{path}/to/{place}", tries=1)
        if like is None or like["orgs"] != student["orgs"] or like["grades"] != student["grades"]:
            continue
        wanted = {seat["class"]["sourcedId"]: seat for seat in world.seats_of(like["sourcedId"]) if seat["endDate"] > today}
        if not wanted or wanted.keys() == own.keys():
            continue
        for key in own.keys() - wanted.keys():
            unseat(world, own[key], "schedule-change")
        for number, key in enumerate(sorted(wanted.keys() - own.keys())):
            found = world.active("classes", key)
            if found is not None:
                like_seat = wanted[key]
                taken = world.seat(
                    student["sourcedId"], found, like_seat["endDate"], f"s{number}", begin=like_seat["beginDate"], role="student"
                )  # fmt: skip
                world.put("enrollments", taken, "schedule-change")
        return True
    return False


@happening("room-change")
def room_change(world: World, path: str) -> bool:
    """A class moves to another room."""
    found = _one_seat(world, path)
    own = world.active("classes", found[1]["class"]["sourcedId"]) if found else None
    if own is None:
        return False
    world.put("classes", {**own, "location": f"Room {500 + world.below(f'{path}/room', 400)}"}, "room-change")
    return True
