"""Names, addresses and guardians that change."""

from __future__ import annotations

from data_gen.family_rows import STUDENT_DOMAIN
from data_gen.references import refer
from data_gen.year import newcomers
from data_gen.year.departures import settle
from data_gen.year.happenings import happening
from data_gen.year.world import World


@happening("name-change")
def name_change(world: World, path: str) -> bool:
    """A student takes another family name; user name and e-mail stay."""
    student = world.someone(path)
    if student is None:
        return False
    name = newcomers.family_name(world, path)
    if name == student["familyName"]:
        return False
    world.put("users", {**student, "familyName": name}, "name-change")
    return True


@happening("email-change")
def email_change(world: World, path: str) -> bool:
    """A student gets another e-mail address."""
    student = world.someone(path)
    if student is None:
        return False
    world.put("users", {**student, "email": f"{student['username']}.{world.day}@{STUDENT_DOMAIN}"}, "email-change")
    return True


@happening("new-guardian")
def new_guardian(world: World, path: str) -> bool:
    """A guardian is added to a student."""
    student = world.someone(path)
    if student is None:
        return False
    home = world.households
    world.households += 1
    key = f"gdn-{home:07d}a"
    newcomers.guardian(world, path, key, newcomers.family_name(world, path), [student], "new-guardian")
    world.put("users", {**student, "agents": [*student.get("agents", ()), refer("user", key)]}, "new-guardian")
    return True


@happening("guardian-leaves")
def guardian_leaves(world: World, path: str) -> bool:
    """A guardian is taken off a student who has another one."""
    student = world.someone(path)
    agents = list(student.get("agents", ())) if student else []
    if student is None or len(agents) < 2:
        return False
    *kept, last = agents
    world.put("users", {**student, "agents": kept}, "guardian-leaves")
    own = world.active("users", last["sourcedId"])
    if own is not None:
        others = [child for child in own.get("agents", ()) if child["sourcedId"] != student["sourcedId"]]
        world.put("users", {**own, "agents": others}, "guardian-leaves")
        settle(world, own["sourcedId"], "guardian-leaves")
    return True
