"""Mistakes of the office that are mended later, doubled students that are merged, and keys that are given again."""

from __future__ import annotations

from data_gen.year import newcomers
from data_gen.year.departures import adopt, depart, unseat
from data_gen.year.happenings import follow, happening, plan
from data_gen.year.moves import at_once, enroll
from data_gen.year.world import World

MENDED_AFTER, RESTORED_AFTER, MERGED_AFTER, REUSED_AFTER = 2, 3, 5, 20


@happening("misspelling")
def misspelling(world: World, path: str) -> bool:
    """A given name loses a letter, and gets it back."""
    student = world.someone(path)
    if student is None or len(student["givenName"]) < 4:
        return False
    world.put("users", {**student, "givenName": student["givenName"][:-1]}, "misspelling")
    plan(world, MENDED_AFTER, "spelling-mended", student["sourcedId"], student["givenName"])
    return True


@follow("spelling-mended")
def spelling_mended(world: World, keys: tuple[str, ...]) -> None:
    """The name as it was."""
    student = world.active("users", keys[0])
    if student is not None:
        world.put("users", {**student, "givenName": keys[1]}, "spelling-mended")


@happening("dropped-by-mistake")
def dropped_by_mistake(world: World, path: str) -> bool:
    """An enrollment is deleted by mistake, and comes back under its key."""
    student = world.someone(path)
    seats = world.seats_of(student["sourcedId"]) if student else []
    if not seats:
        return False
    seat = seats[world.below(f"{path}/seat", len(seats))]
    world.retire("enrollments", seat["sourcedId"], "dropped-by-mistake")
    plan(world, RESTORED_AFTER, "restored", seat["sourcedId"])
    return True


@follow("restored")
def restored(world: World, keys: tuple[str, ...]) -> None:
    """The enrollment is active again, if its student is still there and has taken nothing else meanwhile."""
    seat = world.get("enrollments", keys[0])
    taught = world.active("classes", seat["class"]["sourcedId"]) if seat else None
    if seat is None or taught is None or not world.active("users", seat["user"]["sourcedId"]):
        return
    others = [world.active("classes", one["class"]["sourcedId"]) for one in world.seats_of(seat["user"]["sourcedId"])]
    if not any(other and at_once(other, taught) for other in others):
        world.put("enrollments", {**seat, "status": "active"}, "restored")


@happening("entered-twice")
def entered_twice(world: World, path: str) -> bool:
    """A student is entered a second time, and the two are merged."""
    student = world.someone(path)
    if student is None:
        return False
    double = newcomers.student(world, path, student, "entered-twice")
    same = {name: student[name] for name in ("givenName", "familyName", "middleName") if name in student}
    world.put("users", double | same, "entered-twice")
    enroll(world, double, student, "entered-twice")
    stays = (double, student) if world.below(f"{path}/stays", 3) == 0 else (student, double)
    plan(world, MERGED_AFTER, "merged", *(one["sourcedId"] for one in stays))
    return True


@follow("merged")
def merged(world: World, keys: tuple[str, ...]) -> None:
    """One of the two entries goes, the later or the earlier one, with all that came with it."""
    stays, goes = (world.active("users", key) for key in keys)
    if stays is not None and goes is not None:
        depart(world, goes, "merged")


@happening("two-in-one")
def two_in_one(world: World, path: str) -> bool:
    """Two children share one record; it is split: a new record takes a part of the classes."""
    student = world.someone(path)
    today = world.date.isoformat()
    seats = [seat for seat in world.seats_of(student["sourcedId"]) if seat["endDate"] > today] if student else []
    if student is None or len(seats) < 2:
        return False
    twin = newcomers.student(world, path, student, "two-in-one", sibling=student)
    for place, seat in enumerate(seats[::2]):
        taught = world.active("classes", seat["class"]["sourcedId"])
        if taught is not None:
            taken = world.seat(twin["sourcedId"], taught, seat["endDate"], str(place), begin=seat["beginDate"], role="student")
            world.put("enrollments", taken, "two-in-one")
        unseat(world, seat, "two-in-one")
    for agent in student.get("agents", ()):
        adopt(world, agent["sourcedId"], twin["sourcedId"], "two-in-one")
    return True


@happening("key-given-again")
def key_given_again(world: World, path: str) -> bool:
    """The key of a student who left long ago is given to another child."""
    free = [key for day, key in world.gone if world.day - day >= REUSED_AFTER and world.active("users", key) is None]
    like = world.someone(path)
    before = world.get("users", free[0]) if free else None
    if like is None or before is None:
        return False
    fresh = newcomers.student(world, path, like, "key-given-again")
    # The new child exists under the old key only: what was made under a key of its own is taken back.
    for collection in ("users", "demographics"):
        made = world.get(collection, fresh["sourcedId"])
        world.forget(collection, fresh["sourcedId"])
        if made is not None:
            world.put(collection, {**made, "sourcedId": free[0]}, "key-given-again")
    child = {**fresh, "sourcedId": free[0]}
    for agent in fresh["agents"]:
        own = world.active("users", agent["sourcedId"])
        if own is not None:
            agents = [{**one, "sourcedId": free[0], "href": one["href"].replace(fresh["sourcedId"], free[0])} for one in own["agents"]]
            world.put("users", {**own, "agents": agents}, "key-given-again")
    enroll(world, child, like, "key-given-again")
    world.gone = [(day, key) for day, key in world.gone if key != free[0]]
    return True
