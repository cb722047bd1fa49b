"""People who were not there on day 0: students with their family, staff.

Called by the happenings. Names come from the district's pools, addresses from the reserved domains.
"""

from __future__ import annotations

from typing import Any

from data_gen.family_rows import FAMILY_DOMAIN, STUDENT_DOMAIN
from data_gen.people import STAFF_DOMAIN, student_id
from data_gen.pools import plain
from data_gen.references import refer
from data_gen.year.world import Record, World

SECOND_GUARDIAN_PERCENT = 60


def _given(world: World, path: str) -> str:
    pools = world.district.pools
    pool = pools.first_female if world.below(f"{path}/female", 2) else pools.first_male
    return pool[world.below(f"{path}/given", len(pool))]


def family_name(world: World, path: str) -> str:
    """A family name."""
    pool = world.district.pools.last
    return pool[world.below(f"{path}/family", len(pool))]


def _phone(world: World, path: str) -> str:
    return f"(206) 555-01{world.below(f'{path}/phone', 100):02d}"


def student(world: World, path: str, like: Record, reason: str, *, sibling: Record | None = None, born_later: int = 0) -> Record:
    """A new student in the school and grade of another, with guardians and demographics; all are put.

    sibling: whose family name is shared; the student is left without guardians. born_later: by how many years than the
    other.
    """
    number = world.students
    while world.get("users", student_id(number)) is not None:
        number += 1  # a key that a planted defect has taken
    world.students = number + 1
    world.enrolled += 1
    given, family = _given(world, path), family_name(world, path) if sibling is None else sibling["familyName"]
    username = f"{plain(given)[:1]}{plain(family)[:12]}{number:04d}"
    keys = _new_home(world, path) if sibling is None else []
    found: Record = {
        "sourcedId": student_id(number), "status": "active", "dateLastModified": "", "username": username,
        "userIds": [{"type": "SIS", "identifier": f"9{number:07d}"}], "enabledUser": "true", "givenName": given,
        "familyName": family, "role": "student", "identifier": f"9{number:07d}", "email": f"{username}@{STUDENT_DOMAIN}",
        **({"agents": [refer("user", key) for key in keys]} if keys else {}), "orgs": list(like["orgs"]), "grades": list(like["grades"]),
    }  # fmt: skip
    world.put("users", found, reason)
    for key in keys:
        guardian(world, f"{path}/{key[-1]}", key, family, [found], reason)
    own = world.get("demographics", like["sourcedId"])
    if own is not None:
        born = own.get("birthDate")
        if born and born_later:
            own["birthDate"] = f"{int(born[:4]) + born_later}{born[4:]}".replace("-02-29", "-02-28")
        world.put("demographics", {**own, "sourcedId": found["sourcedId"], "status": "active"}, reason)
    return found


def _new_home(world: World, path: str) -> list[str]:
    """Keys of the guardians of a household that was not there before."""
    home = world.households
    world.households += 1
    letters = "ab" if world.below(f"{path}/second", 100) < SECOND_GUARDIAN_PERCENT else "a"
    return [f"gdn-{home:07d}{letter}" for letter in letters]


def guardian(world: World, path: str, key: str, family: str, children: list[Record], reason: str) -> None:
    """A new guardian of some students."""
    given = _given(world, path)
    username = f"{plain(given)}.{plain(family)}.{key[4:].lstrip('0')}"
    orgs: dict[str, Any] = {org["sourcedId"]: org for child in children for org in child["orgs"]}
    phone = _phone(world, path)
    world.put(
        "users",
        {
            "sourcedId": key, "status": "active", "dateLastModified": "", "username": username, "enabledUser": "true",
            "givenName": given, "familyName": family, "role": "parent", "email": f"{username}@{FAMILY_DOMAIN}", "sms": phone,
            "phone": phone, "agents": [refer("user", child["sourcedId"]) for child in children], "orgs": list(orgs.values()),
        },
        reason,
    )  # fmt: skip


def teacher(world: World, path: str, school: Record, reason: str) -> Record:
    """A new teacher at a school."""
    number = world.hired
    world.hired += 1
    given, family = _given(world, path), family_name(world, path)
    username = f"{plain(given)}.{plain(family)}.n{number}"
    key = f"tch-{school['sourcedId'][-4:]}n{number:05d}"
    identifier = f"8n{number:06d}".replace("n", "9")
    found: Record = {
        "sourcedId": key, "status": "active", "dateLastModified": "", "username": username,
        "userIds": [{"type": "SIS", "identifier": identifier}], "enabledUser": "true", "givenName": given,
        "familyName": family, "role": "teacher", "identifier": identifier, "email": f"{username}@{STAFF_DOMAIN}",
        "phone": _phone(world, path), "orgs": [school],
    }  # fmt: skip
    world.put("users", found, reason)
    return found
