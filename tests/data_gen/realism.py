"""Rules of a realistic district, told from its records alone: nothing of the generator is asked.

Each function gives the breaches that it found, as short texts; a realistic district has none.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any

Record = dict[str, Any]
Records = dict[str, list[Record]]
COLLECTIONS = {
    "org": "orgs", "academicSession": "academicSessions", "course": "courses", "class": "classes", "user": "users",
    "resource": "resources", "category": "categories", "lineItem": "lineItems",
}  # fmt: skip


def by_id(records: Records, name: str) -> dict[str, Record]:
    """Records of a collection by key."""
    return {record["sourcedId"]: record for record in records[name]}


def keys(references: Iterable[Record]) -> list[str]:
    """Keys of references."""
    return [found["sourcedId"] for found in references]


def parent_of(found: Record | None) -> str:
    """Key of a record's parent; empty for none."""
    return str(found["parent"]["sourcedId"]) if found and "parent" in found else ""


def orphans(records: Records) -> Iterator[str]:
    """References to nothing, and references that name another collection."""
    known = {name: set(by_id(records, name)) for name in records}
    for name, found in records.items():
        for record in found:
            for value in record.values():
                for one in value if isinstance(value, list) else [value]:
                    if isinstance(one, dict) and "href" in one and one["sourcedId"] not in known[COLLECTIONS[one["type"]]]:
                        yield f"{name} {record['sourcedId']} -> {one['sourcedId']}"


def unordered(records: Records) -> Iterator[str]:
    """Collections whose keys are not unique and in order of their bytes."""
    for name, found in records.items():
        own = [record["sourcedId"].encode() for record in found]
        if own != sorted(set(own)):
            yield name


def _overlaps(slots: dict[Any, list[tuple[str, str, str]]]) -> Iterator[str]:
    for slot, spans in slots.items():
        for (_, end, one), (begin, _, other) in pairwise(sorted(spans)):
            if begin < end:
                yield f"{slot}: {one} and {other}"


def people_at_two_places(records: Records) -> Iterator[str]:
    """Students and teachers who have two classes in one period on one day."""
    classes = by_id(records, "classes")
    slots: dict[Any, list[tuple[str, str, str]]] = defaultdict(list)
    for found in records["enrollments"]:
        for period in classes[found["class"]["sourcedId"]]["periods"]:
            slots[found["user"]["sourcedId"], period].append((found["beginDate"], found["endDate"], found["class"]["sourcedId"]))
    return _overlaps(slots)


def rooms_with_two_classes(records: Records) -> Iterator[str]:
    """Rooms of a school that hold two classes in one period of a term."""
    sessions = by_id(records, "academicSessions")
    slots: dict[Any, list[tuple[str, str, str]]] = defaultdict(list)
    for found in records["classes"]:
        for term in map(sessions.__getitem__, keys(found["terms"])):
            for period in found["periods"]:
                slots[found["school"]["sourcedId"], found["location"], period].append((term["startDate"], term["endDate"], found["sourcedId"]))
    return _overlaps(slots)


def wrong_seats(records: Records) -> Iterator[str]:
    """Enrollments outside the class's school, the person's orgs, the grade, the role or the terms."""
    classes, users, sessions = by_id(records, "classes"), by_id(records, "users"), by_id(records, "academicSessions")
    for found in records["enrollments"]:
        own, user = classes[found["class"]["sourcedId"]], users[found["user"]["sourcedId"]]
        terms = [sessions[key] for key in keys(own["terms"])]
        is_fine = (
            found["school"]["sourcedId"] == own["school"]["sourcedId"]
            and own["school"]["sourcedId"] in keys(user["orgs"])
            and found["role"] == user["role"]
            and (user["role"] != "student" or set(user["grades"]) <= set(own["grades"]))
            and min(term["startDate"] for term in terms) <= found["beginDate"] < found["endDate"] <= max(term["endDate"] for term in terms)
        )
        if not is_fine:
            yield found["sourcedId"]


def wrong_classes(records: Records) -> Iterator[str]:
    """Classes without exactly one primary teacher for all of their days, without students, or in what is no term."""
    sessions, courses = by_id(records, "academicSessions"), by_id(records, "courses")
    students: Counter[str] = Counter()
    primaries: Counter[str] = Counter()
    for found in records["enrollments"]:
        students[found["class"]["sourcedId"]] += found["role"] == "student"
        primaries[found["class"]["sourcedId"]] += found.get("primary") == "true"
    for own in records["classes"]:
        course = courses[own["course"]["sourcedId"]]
        kinds = {sessions[key]["type"] for key in keys(own["terms"])}
        fits = set(own["grades"]) <= set(course["grades"]) and own["subjectCodes"] == course["subjectCodes"]
        if primaries[own["sourcedId"]] != 1 or not students[own["sourcedId"]] or kinds != {"term"} or not fits:
            yield own["sourcedId"]


def wrong_sessions(records: Records) -> Iterator[str]:
    """Sessions outside their parent, or not told of by it."""
    sessions = by_id(records, "academicSessions")
    if [found["type"] for found in sessions.values() if "parent" not in found] != ["schoolYear"]:
        yield "more than one top"
    for key, found in sessions.items():
        outer = sessions.get(parent_of(found), found)
        is_fine = outer["startDate"] <= found["startDate"] < found["endDate"] <= outer["endDate"]
        if not is_fine or (outer is not found and key not in keys(outer["children"])):
            yield key
        if any(parent_of(sessions.get(child)) != key for child in keys(found.get("children", []))):
            yield f"{key}: children"


def wrong_orgs(records: Records) -> Iterator[str]:
    """Orgs that do not form one tree: state, districts, schools."""
    orgs = by_id(records, "orgs")
    above = {"school": "district", "district": "state"}
    tops = [found for found in orgs.values() if "parent" not in found]
    if len(tops) != 1:
        yield "more than one top"
    for key, found in orgs.items():
        parent = orgs.get(parent_of(found))
        if parent is not None and (parent["type"] != above[found["type"]] or key not in keys(parent["children"])):
            yield key
        if any(parent_of(orgs.get(child)) != key for child in keys(found.get("children", []))):
            yield f"{key}: children"
    if {found["org"]["sourcedId"] for found in records["courses"]} != {tops[0]["sourcedId"]}:
        yield "courses of another org"


def wrong_families(records: Records) -> Iterator[str]:
    """Agents that do not name each other, and children without a guardian."""
    users = by_id(records, "users")
    for key, found in users.items():
        agents = [users[agent] for agent in keys(found.get("agents", []))]
        if found["role"] == "student" and not agents:
            yield f"{key}: nobody"
        for agent in agents:
            if key not in keys(agent["agents"]) or (agent["role"] == "student") == (found["role"] == "student"):
                yield f"{key}: {agent['sourcedId']}"


def wrong_sums(records: Records) -> Iterator[str]:
    """Students without demographics or with different numbers of regular classes in a grade, names of accounts that occur twice."""
    students = {found["sourcedId"]: found for found in records["users"] if found["role"] == "student"}
    if set(students) != set(by_id(records, "demographics")):
        yield "demographics"
    names = Counter(found["username"] for found in records["users"])
    yield from (f"account {name}" for name, count in names.items() if count > 1)
    classes, sessions = by_id(records, "classes"), by_id(records, "academicSessions")
    last = max(found["endDate"] for found in sessions.values() if found["type"] == "term" and "ummer" not in found["title"])
    seats: Counter[str] = Counter()
    for found in records["enrollments"]:
        terms = [sessions[key] for key in keys(classes[found["class"]["sourcedId"]]["terms"])]
        if found["role"] == "student" and min(term["startDate"] for term in terms) < last:
            seats[found["user"]["sourcedId"]] += 1
    by_grade: dict[str, set[int]] = defaultdict(set)
    for key, student in students.items():
        by_grade[student["grades"][0]].add(seats[key])
    yield from (f"grade {grade}: {counts} classes" for grade, counts in by_grade.items() if len(counts) > 1)


RULES: tuple[Callable[[Records], Iterator[str]], ...] = (
    orphans, unordered, people_at_two_places, rooms_with_two_classes, wrong_seats, wrong_classes, wrong_sessions, wrong_orgs,
    wrong_families, wrong_sums,
)  # fmt: skip


def breaches(records: Records) -> dict[str, list[str]]:
    """Rule -> what breaks it, for those that are broken."""
    found = {rule.__name__: list(rule(records)) for rule in RULES}
    return {name: told for name, told in found.items() if told}
