"""Students who come, go and change schools."""

from __future__ import annotations

from data_gen.year import newcomers
from data_gen.year.happenings import happening
from data_gen.year.world import Record, World


def enroll(world: World, student: Record, like: Record, reason: str) -> None:
    """Put a student into the classes of another, from today on."""
    for place, seat in enumerate(world.seats_of(like["sourcedId"])):
        found = world.active("classes", seat["class"]["sourcedId"])
        if found is not None:
            world.put("enrollments", world.seat(student["sourcedId"], found, seat["endDate"], str(place), role="student"), reason)


def unenroll(world: World, student: Record, reason: str) -> None:
    """Retire a student's enrollments."""
    for seat in world.seats_of(student["sourcedId"]):
        world.retire("enrollments", seat["sourcedId"], reason)


@happening("transfer-in", per_thousand=70)
def transfer_in(world: World, path: str) -> bool:
    """A student comes from elsewhere, with guardians and a schedule."""
    like = world.someone(path)
    if like is None:
        return False
    enroll(world, newcomers.student(world, path, like, "transfer-in"), like, "transfer-in")
    return True


@happening("transfer-out", per_thousand=60)
def transfer_out(world: World, path: str) -> bool:
    """A student leaves the district; so do guardians without another child in it."""
    student = world.someone(path)
    if student is None:
        return False
    unenroll(world, student, "transfer-out")
    for collection in ("users", "demographics"):
        world.retire(collection, student["sourcedId"], "transfer-out")
    world.gone.append((world.day, student["sourcedId"]))
    for agent in student.get("agents", ()):
        own = world.active("users", agent["sourcedId"])
        children = own.get("agents", []) if own else []
        if own and not any(world.active("users", child["sourcedId"]) for child in children):
            world.retire("users", own["sourcedId"], "transfer-out")
    return True


@happening("change-of-school", per_thousand=30)
def change_of_school(world: World, path: str) -> bool:
    """A student moves to another school of the district and gets its schedule."""
    for attempt in range(5):
        student = world.someone(f"{path}/who/{attempt}")
        if student is None:
            return False
        for place in range(60):
            like = world.someone(f"{path}/to/{attempt}/{place}", tries=1)
            if like and like["grades"] == student["grades"] and like["orgs"] != student["orgs"]:
                unenroll(world, student, "change-of-school")
                moved = {**student, "orgs": list(like["orgs"])}
                world.put("users", moved, "change-of-school")
                enroll(world, moved, like, "change-of-school")
                return True
    return False
