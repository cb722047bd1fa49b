"""Mistakes of the office that are mended later, doubled students that are merged, and keys that are given again."""

from __future__ import annotations

from data_gen.year import newcomers
from data_gen.year.happenings import follow, happening, plan
from data_gen.year.moves import enroll, unenroll
from data_gen.year.world import World

MENDED_AFTER, RESTORED_AFTER, MERGED_AFTER, REUSED_AFTER = 2, 3, 5, 20


@happening("misspelling", per_thousand=15)
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


@happening("dropped-by-mistake", per_thousand=15)
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
    """The enrollment is active again, if its student is still there."""
    seat = world.get("enrollments", keys[0])
    if seat is not None and world.active("users", seat["user"]["sourcedId"]) and world.active("classes", seat["class"]["sourcedId"]):
        world.put("enrollments", {**seat, "status": "active"}, "restored")


@happening("entered-twice", per_thousand=8)
def entered_twice(world: World, path: str) -> bool:
    """A student is entered a second time, and the two are merged."""
    student = world.someone(path)
    if student is None:
        return False
    double = newcomers.student(world, path, student, "entered-twice")
    same = {name: student[name] for name in ("givenName", "familyName", "middleName") if name in student}
    world.put("users", double | same, "entered-twice")
    enroll(world, double, student, "entered-twice")
    plan(world, MERGED_AFTER, "merged", double["sourcedId"])
    return True


@follow("merged")
def merged(world: World, keys: tuple[str, ...]) -> None:
    """The second entry goes, with all that came with it."""
    double = world.active("users", keys[0])
    if double is None:
        return
    unenroll(world, double, "merged")
    for collection in ("users", "demographics"):
        world.retire(collection, keys[0], "merged")
    for agent in double.get("agents", ()):
        world.retire("users", agent["sourcedId"], "merged")


@happening("key-given-again", per_thousand=2)
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
