"""Users of 1.2: roles per org, profiles without a secret, preferred names, pronouns and resources.

Called by records.py. Who a person is comes from the 1.1 record; nothing here changes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from data_gen.people import STAFF_DOMAIN, users
from data_gen.references import Stamps
from data_gen.resources import VENDOR, resources_of_user
from data_gen.school_year import sessions
from data_gen.shape import District
from data_gen.v1p2.mapping import Record, chunks, finish, mapped, resolver
from oneroster_standard.marks import refer
from oneroster_standard.standard import load

PROFILES = f"https://{VENDOR}/profiles/"
"""Head of every profileId; the rest is the key of the row in userProfiles.csv."""
PRONOUNS = ("she/her", "he/him", "they/them")
_KINDS = {"adm": "administrators", "aid": "duty", "gdn": "guardians", "stu": "students", "tch": "teachers"}


def _number(sourced_id: str, place: int) -> int:
    """The number by which a person's 1.1 values are drawn; place: how many of the kind came before."""
    if sourced_id.startswith("gdn"):
        return int(sourced_id[4:11]) * 2 + (sourced_id[11] == "b")
    return place


def _names(district: District, kind: str, numbers: list[int], batch: list[Record]) -> None:
    """Preferred names and pronouns of students and staff: of some, each for itself."""
    draws, pools, shares = district.draws, district.pools, district.shape.people
    given = pools.first_female + pools.first_male
    first = draws.below(f"{kind}/preferred-first", numbers, 100 * len(given))
    middle = draws.below(f"{kind}/preferred-middle", numbers, 100 * len(given))
    last = draws.below(f"{kind}/preferred-last", numbers, 100 * len(pools.last))
    pronouns = draws.below(f"{kind}/pronouns", numbers, 100 * len(PRONOUNS))
    for place, record in enumerate(batch):
        if first[place] < shares.preferred_name_percent * len(given):
            record["preferredFirstName"] = given[first[place] % len(given)]
        if middle[place] < len(given) and "middleName" in record:
            record["preferredMiddleName"] = given[middle[place] % len(given)]
        if last[place] < 2 * len(pools.last):
            record["preferredLastName"] = pools.last[last[place] % len(pools.last)]
        if pronouns[place] < shares.pronouns_percent * len(PRONOUNS):
            record["pronouns"] = PRONOUNS[pronouns[place] % len(PRONOUNS)]


def profiles_of(record: Record, number: int) -> list[dict[str, Any]]:
    """Profiles of a person; number: by which the values are drawn."""
    key, username = record["sourcedId"], record["username"]
    found: list[dict[str, Any]] = [
        {
            "profileId": f"{PROFILES}upf-{key}",
            "profileType": "learning-platform",
            "vendorId": VENDOR,
            "applicationId": "default",
            "credentials": [{"type": "sso", "username": username}],
        }
    ]
    if not key.startswith("stu") and number % 6 == 0:
        login = {"type": "directory", "username": f"{username}@{STAFF_DOMAIN}"}
        found.append(
            {
                "profileId": f"{PROFILES}upf-{key}-2",
                "profileType": "administration",
                "vendorId": VENDOR,
                "applicationId": f"app-{number % 4}",
                "description": "Staff console",
                "credentials": [login],
            }
        )
    return found


def _role_word(kind: str, number: int, said: str) -> str:
    if kind == "administrators" and said == "siteAdministrator":
        return "siteAdministrator" if number % 3 == 2 else "principal"
    return "counselor" if kind == "duty" and number % 7 == 5 else said


def _roles(record: Record, kind: str, number: int, begins: str) -> list[dict[str, Any]]:
    """One primary role per org; some staff have a second one at their first org."""
    found: list[dict[str, Any]] = []
    for role in record["roles"]:
        own = {**role, "role": _role_word(kind, number, role["role"])}
        if "userProfiles" in record and not found:
            own["userProfile"] = record["userProfiles"][0]["profileId"]
        if kind in ("administrators", "duty", "teachers"):
            own["beginDate"] = begins
        found.append(own)
    second = {"duty": "proctor", "teachers": "counselor"}.get(kind, "")
    if second and number % 10 == 3 and found[0]["role"] != second:
        found.append(
            {"roleType": "secondary", "role": second, "org": found[0]["org"], "beginDate": begins}
        )
    return found


def users_1p2(district: District, stamps: Stamps) -> Iterator[Record]:
    """Records of users in order of sourcedId."""
    look, order = resolver(district), load("1.2").classes["user"].property_names
    begins = sessions(district)[0].start.isoformat()
    for prefix, people in groupby(users(district, stamps), key=lambda record: record["sourcedId"][:3]):
        kind, place = _KINDS[prefix], 0
        for batch in chunks(mapped("users", people, look)):
            numbers = [_number(record["sourcedId"], place + index) for index, record in enumerate(batch)]
            if kind != "guardians":
                _names(district, kind, numbers, batch)
            for number, record in zip(numbers, batch, strict=True):
                if record.get("identifier"):
                    record["userMasterIdentifier"] = f"person-{record['identifier']}"
                    record["userProfiles"] = profiles_of(record, number)
                elif record.get("userIds"):
                    record["userMasterIdentifier"] = f"person-{record['userIds'][0]['identifier']}"
                record["roles"] = _roles(record, kind, number, begins)
                record["resources"] = [
                    refer("1.2", "resource", found) for found in resources_of_user(kind, number)
                ]
                yield finish(order, record)
            place += len(batch)
