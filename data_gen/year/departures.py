"""Who leaves: a student with all that hangs on the record, and guardians without another child.

Called by the happenings. A record that stays never names one that went.
"""

from __future__ import annotations

from data_gen.references import refer
from data_gen.year.world import Record, World


def unenroll(world: World, student: Record, reason: str) -> None:
    """Retire a student's enrollments and the results in those classes."""
    for seat in world.seats_of(student["sourcedId"]):
        unseat(world, seat, reason)


def unseat(world: World, seat: Record, reason: str) -> None:
    """Retire one enrollment, and what its student was given in the class."""
    world.retire("enrollments", seat["sourcedId"], reason)
    if seat["role"] != "student":
        return
    for found in world.starting_with("results", f"rst-{seat['user']['sourcedId'][4:]}-"):
        item = world.get("lineItems", found["lineItem"]["sourcedId"])
        if item is not None and item["class"]["sourcedId"] == seat["class"]["sourcedId"]:
            world.retire("results", found["sourcedId"], reason)


def depart(world: World, student: Record, reason: str) -> None:
    """Retire a student, with enrollments, demographics and results; settle the guardians."""
    key = student["sourcedId"]
    unenroll(world, student, reason)
    for collection, prefix in (("results", "rst"), ("assessmentResults", "asr")):
        for found in world.starting_with(collection, f"{prefix}-{key[4:]}-"):
            world.retire(collection, found["sourcedId"], reason)
    for collection in ("users", "demographics"):
        world.retire(collection, key, reason)
    world.enrolled -= 1
    for agent in student.get("agents", ()):
        settle(world, agent["sourcedId"], reason)


def adopt(world: World, guardian: str, child: str, reason: str) -> None:
    """Let a guardian and a student name each other."""
    own, student = world.active("users", guardian), world.active("users", child)
    if own is None or student is None:
        return
    # Agents stand before the orgs, as in every other record of a user.
    places: Record = {name: student.pop(name) for name in ("orgs", "grades") if name in student}
    agents = [*student.pop("agents", ()), refer("user", guardian)]
    world.put("users", {**student, "agents": agents, **places}, reason)
    world.put("users", {**own, "agents": [*own.get("agents", ()), refer("user", child)]}, reason)
    settle(world, guardian, reason)


def settle(world: World, guardian: str, reason: str) -> None:
    """Let a guardian name the children who are there and their schools; without a child, retire the guardian."""
    own = world.active("users", guardian)
    if own is None:
        return
    named = [(agent, world.active("users", agent["sourcedId"])) for agent in own.get("agents", ())]
    children = [(agent, child) for agent, child in named if child is not None]
    if not children:
        world.retire("users", guardian, reason)
        return
    orgs = {org["sourcedId"]: org for _, child in children for org in child["orgs"]}
    agents = [agent for agent, _ in children]
    settled = {**own, "agents": agents, "orgs": [orgs[key] for key in sorted(orgs)]}
    if settled != own:
        world.put("users", settled, reason)
