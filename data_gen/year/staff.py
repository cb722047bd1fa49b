"""Teachers who come late, are replaced, or are away for a while."""

from __future__ import annotations

from data_gen.year import newcomers
from data_gen.year.happenings import follow, happening, plan
from data_gen.year.world import Record, World

LEAVE_DAYS = 10


def _class_with_lead(world: World, path: str) -> tuple[Record, Record] | None:
    student = world.someone(path)
    seats = world.seats_of(student["sourcedId"]) if student else []
    if not seats:
        return None
    key = seats[world.below(f"{path}/class", len(seats))]["class"]["sourcedId"]
    found, lead = world.active("classes", key), world.lead_of(key)
    return (found, lead) if found and lead and key not in world.on_leave and lead["endDate"] > world.date.isoformat() else None


@happening("late-hire")
def late_hire(world: World, path: str) -> bool:
    """A new teacher takes a class over; the one before no longer teaches it."""
    found = _class_with_lead(world, path)
    if found is None:
        return False
    taught, lead = found
    hired = newcomers.teacher(world, path, taught["school"], "late-hire")
    seat = world.seat(hired["sourcedId"], taught, lead["endDate"], "h", begin=lead["beginDate"], role="teacher", primary="true")
    world.retire("enrollments", lead["sourcedId"], "late-hire")
    world.put("enrollments", seat, "late-hire")
    return True


@happening("leave")
def leave(world: World, path: str) -> bool:
    """A teacher goes on leave; a substitute leads the class until the return."""
    found = _class_with_lead(world, path)
    if found is None:
        return False
    taught, lead = found
    substitute = newcomers.teacher(world, path, taught["school"], "leave")
    seat = world.seat(substitute["sourcedId"], taught, lead["endDate"], "l", begin=lead["beginDate"], role="teacher", primary="true")
    world.put("enrollments", {**lead, "primary": "false"}, "leave")
    world.put("enrollments", seat, "leave")
    world.on_leave.add(taught["sourcedId"])
    plan(world, LEAVE_DAYS, "return", lead["sourcedId"], seat["sourcedId"])
    return True


@follow("return")
def come_back(world: World, keys: tuple[str, ...]) -> None:
    """The teacher is back and the substitute's enrollment goes."""
    lead = world.active("enrollments", keys[0])
    if lead is not None:
        world.on_leave.discard(lead["class"]["sourcedId"])
        world.put("enrollments", {**lead, "primary": "true"}, "return")
    world.retire("enrollments", keys[1], "return")
