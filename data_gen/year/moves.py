"""Students who come, go and change schools."""

from __future__ import annotations

from data_gen.year import newcomers
from data_gen.year.departures import depart, settle, unenroll
from data_gen.year.happenings import happening
from data_gen.year.world import Record, World


def at_once(one: Record, other: Record) -> bool:
    """Whether two classes are one, or meet in one period of one term."""
    terms = {term["sourcedId"] for term in one["terms"]} & {term["sourcedId"] for term in other["terms"]}
    periods = set(one.get("periods", ())) & set(other.get("periods", ()))
    return one["sourcedId"] == other["sourcedId"] or bool(terms and periods)


def enroll(world: World, student: Record, like: Record, reason: str) -> None:
    """Put a student into the classes of another that are not over, from today on."""
    today = world.date.isoformat()
    for place, seat in enumerate(world.seats_of(like["sourcedId"])):
        found = world.active("classes", seat["class"]["sourcedId"])
        if found is not None and seat["endDate"] > today:
            taken = world.seat(student["sourcedId"], found, seat["endDate"], str(place), begin=seat["beginDate"], role="student")
            world.put("enrollments", taken, reason)


@happening("transfer-in")
def transfer_in(world: World, path: str) -> bool:
    """A student comes from elsewhere, with guardians and a schedule."""
    like = world.someone(path)
    if like is None:
        return False
    enroll(world, newcomers.student(world, path, like, "transfer-in"), like, "transfer-in")
    return True


@happening("transfer-out")
def transfer_out(world: World, path: str) -> bool:
    """A student leaves the district; so do guardians without another child in it."""
    student = world.someone(path)
    if student is None:
        return False
    depart(world, student, "transfer-out")
    world.gone.append((world.day, student["sourcedId"]))
    return True


@happening("change-of-school")
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
                for agent in student.get("agents", ()):
                    settle(world, agent["sourcedId"], "change-of-school")
                return True
    return False
