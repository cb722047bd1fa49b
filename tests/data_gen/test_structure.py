"""Laws of a realistic district: references, families, timetables, teachers, gradebook."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from typing import Any

from data_gen.verification import is_fictitious, is_reserved
from tests.data_gen.conftest import Records

COLLECTION_OF = {
    "org": "orgs", "academicSession": "academicSessions", "course": "courses", "class": "classes", "user": "users",
    "resource": "resources", "category": "categories", "lineItem": "lineItems",
}  # fmt: skip


def by_id(town: Records, name: str) -> dict[str, dict[str, Any]]:
    return {record["sourcedId"]: record for record in town[name]}


def with_role(town: Records, role: str) -> list[dict[str, Any]]:
    return [user for user in town["users"] if user["role"] == role]


def test_every_reference_points_to_a_record(town: Records) -> None:
    keys = {name: set(by_id(town, name)) for name in town}
    seen = 0
    for records in town.values():
        for record in records:
            for value in record.values():
                for one in value if isinstance(value, list) else [value]:
                    if isinstance(one, dict) and "href" in one:
                        seen += 1
                        collection = COLLECTION_OF[one["type"]]
                        assert one["sourcedId"] in keys[collection]
                        assert one["href"] == f"/{collection}/{one['sourcedId']}"
    assert seen > 20_000


def test_ids_are_unique_and_in_order_of_their_bytes(town: Records) -> None:
    for name, records in town.items():
        keys = [record["sourcedId"].encode() for record in records]
        assert keys == sorted(set(keys)), name


def test_siblings_share_their_guardians_and_families_share_a_name(town: Records) -> None:
    users = by_id(town, "users")
    homes: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for student in with_role(town, "student"):
        homes[tuple(agent["sourcedId"] for agent in student["agents"])].append(student)
    assert Counter(len(home) for home in homes.values()) == {1: 600, 2: 200}
    for guardians, students in homes.items():
        for guardian in map(users.__getitem__, guardians):
            assert {agent["sourcedId"] for agent in guardian["agents"]} == {
                one["sourcedId"] for one in students
            }
            assert {one["familyName"] for one in students} == {guardian["familyName"]}


def test_every_class_has_one_primary_teacher_and_pupils_of_its_school_and_grade(town: Records) -> None:
    users, classes = by_id(town, "users"), by_id(town, "classes")
    primaries: Counter[str] = Counter()
    pupils: Counter[str] = Counter()
    for found in town["enrollments"]:
        own, user = classes[found["class"]["sourcedId"]], users[found["user"]["sourcedId"]]
        assert found["school"]["sourcedId"] == own["school"]["sourcedId"]
        assert own["school"]["sourcedId"] in {org["sourcedId"] for org in user["orgs"]}
        assert user["role"] == found["role"]
        if found["role"] == "student":
            assert user["grades"] == own["grades"]
            pupils[own["sourcedId"]] += 1
        elif found["primary"] == "true":
            primaries[own["sourcedId"]] += 1
    assert set(primaries) == set(classes) and set(primaries.values()) == {1}
    assert set(pupils) == set(classes) and max(pupils.values()) <= 40


def test_nobody_is_in_two_classes_at_once(town: Records) -> None:
    classes = by_id(town, "classes")
    taken: set[tuple[str, str, str]] = set()
    for found in town["enrollments"]:
        own = classes[found["class"]["sourcedId"]]
        for term in own["terms"]:
            for period in own["periods"]:
                slot = (found["user"]["sourcedId"], term["sourcedId"], period)
                assert slot not in taken
                taken.add(slot)


def test_enrollments_lie_in_the_terms_of_their_class(town: Records) -> None:
    classes, sessions = by_id(town, "classes"), by_id(town, "academicSessions")
    for found in town["enrollments"]:
        terms = [sessions[term["sourcedId"]] for term in classes[found["class"]["sourcedId"]]["terms"]]
        first, last = min(term["startDate"] for term in terms), max(term["endDate"] for term in terms)
        assert first <= found["beginDate"] < found["endDate"] <= last


def test_there_are_co_teachers_aides_administrators_and_staff_of_two_schools(town: Records) -> None:
    seconds = [one for one in town["enrollments"] if one["role"] == "teacher" and one["primary"] == "false"]
    assert seconds
    schools = {org["sourcedId"] for org in town["orgs"] if org["type"] == "school"}
    for role in ("aide", "administrator"):
        assert schools <= {org["sourcedId"] for user in with_role(town, role) for org in user["orgs"]}, role
    assert any(len(user["orgs"]) == 2 for user in with_role(town, "teacher"))
    loads = Counter(one["user"]["sourcedId"] for one in town["enrollments"] if one["role"] == "teacher")
    assert set(loads) == {user["sourcedId"] for user in with_role(town, "teacher")}
    assert max(loads.values()) <= 7


def test_demographics_are_those_of_the_students_and_fit_their_grade(town: Records) -> None:
    students = {user["sourcedId"]: user for user in with_role(town, "student")}
    assert set(by_id(town, "demographics")) == set(students)
    for found in town["demographics"]:
        grade = students[found["sourcedId"]]["grades"][0]
        age = (date(2026, 9, 1) - date.fromisoformat(found["birthDate"])).days / 365.25
        assert 0 <= age - 5 - (0 if grade == "KG" else int(grade)) <= 1.01


def test_results_belong_to_pupils_of_the_class_and_lie_in_the_range_of_the_line_item(town: Records) -> None:
    seats = {
        (one["user"]["sourcedId"], one["class"]["sourcedId"])
        for one in town["enrollments"]
        if one["role"] == "student"
    }
    items = by_id(town, "lineItems")
    for found in town["results"]:
        item = items[found["lineItem"]["sourcedId"]]
        assert (found["student"]["sourcedId"], item["class"]["sourcedId"]) in seats
        assert item["resultValueMin"] <= found["score"] <= item["resultValueMax"]
    assert {one["lineItem"]["sourcedId"] for one in town["results"]} == set(items)


def test_sessions_nest_and_children_name_their_parents(town: Records) -> None:
    sessions = by_id(town, "academicSessions")
    for found in sessions.values():
        for child in found.get("children", []):
            assert sessions[child["sourcedId"]]["parent"]["sourcedId"] == found["sourcedId"]
        if parent := found.get("parent"):
            outer = sessions[parent["sourcedId"]]
            assert outer["startDate"] <= found["startDate"] < found["endDate"] <= outer["endDate"]
    assert Counter(found["type"] for found in sessions.values()) == {
        "schoolYear": 1,
        "term": 2,
        "gradingPeriod": 4,
    }


def test_contact_data_is_reserved_and_logins_are_unique(town: Records) -> None:
    for user in town["users"]:
        assert "email" not in user or is_reserved(user["email"].partition("@")[2])
        for name in ("phone", "sms"):
            assert name not in user or is_fictitious(user[name])
    logins = [user["username"] for user in town["users"]]
    assert len(set(logins)) == len(logins)
