"""What is true of a district on any day: every reference leads to something, nobody is in two places at once.

Told of the records alone; used by the tests of the school year.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from data_gen.year.world import World

Record = dict[str, Any]


def held(world: World) -> dict[str, dict[str, Record]]:
    """Active records by collection and key."""
    return {name: {one["sourcedId"]: one for one in world.every(name)} for name in world.collections}


def faults(found: dict[str, dict[str, Record]]) -> list[str]:
    """Everything that is not as it should be."""
    return [*_references(found), *_districts(found), *_places(found), *_people(found)]


def _references(found: dict[str, dict[str, Record]]) -> list[str]:
    paths = {"org": "orgs", "academicSession": "academicSessions", "course": "courses", "class": "classes", "user": "users",
             "resource": "resources", "category": "categories", "lineItem": "lineItems", "scoreScale": "scoreScales",
             "assessmentLineItem": "assessmentLineItems"}  # fmt: skip
    wrong = []

    def look(where: str, value: Any) -> None:
        if isinstance(value, list):
            for one in value:
                look(where, one)
        elif isinstance(value, dict) and "href" in value:
            if value["sourcedId"] not in found[paths[value["type"]]]:
                wrong.append(f"{where} names {value['sourcedId']}")
            if not value["href"].endswith(f"/{value['sourcedId']}"):
                wrong.append(f"{where} has an href of another")

    for collection, records in found.items():
        for key, record in records.items():
            for name, value in record.items():
                look(f"{collection}/{key}.{name}", value)
    wrong += [f"demographics/{key} has no user" for key in found["demographics"] if key not in found["users"]]
    return wrong


def _districts(found: dict[str, dict[str, Record]]) -> list[str]:
    wrong = []
    for key, org in found["orgs"].items():
        children = {one for one, child in found["orgs"].items() if child.get("parent", {}).get("sourcedId") == key}
        if org["type"] == "district" and {child["sourcedId"] for child in org.get("children", ())} - children:
            wrong.append(f"{key} names a school that is not its own")
    for key, seat in found["enrollments"].items():
        taught = found["classes"].get(seat["class"]["sourcedId"])
        if taught is None:
            continue
        terms = [found["academicSessions"][term["sourcedId"]] for term in taught["terms"]]
        if taught["school"]["sourcedId"] != seat["school"]["sourcedId"]:
            wrong.append(f"{key} is of another school than its class")
        first, last = min(term["startDate"] for term in terms), max(term["endDate"] for term in terms)
        if not first <= seat["beginDate"] <= seat["endDate"] <= last:
            wrong.append(f"{key} from {seat['beginDate']} to {seat['endDate']}, its class from {first} to {last}")
    return wrong


def _places(found: dict[str, dict[str, Record]]) -> list[str]:
    """Who sits or teaches in two classes of one period and term; who sits twice in a class."""
    taken: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    twice: Counter[tuple[str, str]] = Counter()
    leads: Counter[str] = Counter()
    for seat in found["enrollments"].values():
        user, key = seat["user"]["sourcedId"], seat["class"]["sourcedId"]
        twice[user, key] += 1
        leads[key] += seat.get("primary") == "true"
        for term in found["classes"][key]["terms"]:
            for period in found["classes"][key]["periods"]:
                taken[user, term["sourcedId"], period].add(key)
    wrong = [f"{place} has {sorted(keys)}" for place, keys in taken.items() if len(keys) > 1]
    wrong += [f"{place} twice" for place, count in twice.items() if count > 1]
    return [*wrong, *(f"{key} has {count} primary teachers" for key, count in leads.items() if count > 1)]


def _people(found: dict[str, dict[str, Record]]) -> list[str]:
    names = Counter(user["username"] for user in found["users"].values())
    wrong = [f"user name {name} of {count}" for name, count in names.items() if count > 1]
    for key, user in found["users"].items():
        if user["role"] == "student" and key not in found["demographics"]:
            wrong.append(f"{key} has no demographics")
        if user["role"] in ("guardian", "parent"):
            for child in user.get("agents", ()):
                own = found["users"].get(child["sourcedId"], {})
                if key not in {agent["sourcedId"] for agent in own.get("agents", ())}:
                    wrong.append(f"{child['sourcedId']} does not name the guardian {key}")
    for key, result in found["results"].items():
        item = found["lineItems"].get(result["lineItem"]["sourcedId"])
        if item is not None and item["class"]["sourcedId"] not in found["classes"]:
            wrong.append(f"{key} is of a class that went")
    return wrong
