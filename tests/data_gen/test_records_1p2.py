"""The 1.2 side of a district: valid, whole, and the same people and classes as its 1.1 side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_gen.districts import district
from data_gen.generation import write_store
from data_gen.records import MAKERS, MAKERS_1P2, records
from data_gen.v1p2.mapping import resolver
from oneroster_harness.terminal import AS_OF
from oneroster_standard.marks import MARKS, render
from oneroster_standard.schemas import entity_schema
from oneroster_standard.standard import load
from oneroster_standard.store import COLLECTIONS
from oneroster_standard.versions import to_1p1, to_1p2
from tests.data_gen.conftest import Records, recipe, records_of

STANDARD = load("1.2")


@pytest.fixture(scope="module")
def town12(tmp_path_factory: pytest.TempPathFactory) -> Records:
    """The town of 1,000 students as 1.2 has it."""
    path = tmp_path_factory.mktemp("town12") / "town.district"
    write_store(path, recipe(1_000, 5))
    return records_of(path, "1.2")


def references(value: Any) -> Iterator[dict[str, str]]:
    """Every reference within a value."""
    if isinstance(value, dict):
        if "href" in value:
            yield value
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


@pytest.mark.parametrize("name", COLLECTIONS["1.2"])
def test_every_record_is_valid_and_its_properties_stand_in_the_order_of_the_table(name: str, town12: Records) -> None:
    entity = STANDARD.collection(name)
    judge = jsonschema_rs.validator_for(entity_schema(STANDARD, entity.name))
    assert town12[name]
    for record in town12[name]:
        judge.validate(record)
        places = [entity.property_names.index(found) for found in record]
        assert places == sorted(places)


def test_every_reference_names_a_record_of_its_type(town12: Records) -> None:
    keys = {name: {record["sourcedId"] for record in found} for name, found in town12.items()}
    for found in town12.values():
        for reference in references(found):
            collection = STANDARD.classes[reference["type"]].collection
            assert collection and reference["href"] == f"/{collection}/{reference['sourcedId']}"
            assert reference["sourcedId"] in keys[collection]


@pytest.mark.parametrize("name", COLLECTIONS["1.2"])
def test_a_reference_bears_the_mark_of_the_service_that_owns_its_target(name: str) -> None:
    made = district(students=60, seed=1, as_of=AS_OF)
    for record in records(made, name, "1.2"):
        for reference in references(record):
            mark = MARKS[STANDARD.classes[reference["type"]].service].decode()
            assert reference["href"].startswith(f"{mark}/")


def test_records_come_in_order_of_their_ids(town12: Records) -> None:
    for name, found in town12.items():
        ids = [record["sourcedId"].encode() for record in found]
        assert ids == sorted(set(ids)), name


def test_one_role_per_org_is_primary_and_the_primary_org_is_one_of_a_role(town12: Records) -> None:
    words = Counter()
    for user in town12["users"]:
        primary = [role["org"]["sourcedId"] for role in user["roles"] if role["roleType"] == "primary"]
        assert sorted(primary) == sorted({role["org"]["sourcedId"] for role in user["roles"]})
        assert user["primaryOrg"]["sourcedId"] in primary
        words.update((role["role"], role["roleType"]) for role in user["roles"])
    assert {word for word, _ in words} == set(STANDARD.enumerations["roleType"]) - {"relative", "systemAdministrator"}
    assert {kind for _, kind in words} == {"primary", "secondary"}


def test_a_profile_of_a_role_is_one_of_the_user_and_none_holds_a_password(town12: Records) -> None:
    seen = 0
    for user in town12["users"]:
        profiles = [profile["profileId"] for profile in user.get("userProfiles", ())]
        assert len(set(profiles)) == len(profiles)
        assert "password" not in user
        for profile in user.get("userProfiles", ()):
            assert all(set(found) == {"type", "username"} for found in profile["credentials"])
        for role in user["roles"]:
            if "userProfile" in role:
                seen += 1
                assert role["userProfile"] in profiles
    assert seen > 1_000


def test_some_people_have_preferred_names_pronouns_resources_and_a_master_id_of_their_own(town12: Records) -> None:
    users = town12["users"]
    for name in ("preferredFirstName", "preferredMiddleName", "preferredLastName", "pronouns", "resources"):
        assert 0 < sum(name in user for user in users) < len(users) / 4, name
    masters = [user["userMasterIdentifier"] for user in users if "userMasterIdentifier" in user]
    assert len(masters) > 1_000
    for master, count in Counter(masters).items():
        own = [user for user in users if user.get("userMasterIdentifier") == master] if count > 1 else []
        assert not own or [user["sourcedId"][:3] for user in own] == ["gdn", "tch"]
        assert len({(user["givenName"], user["familyName"]) for user in own}) <= 1
    assert 0 < len(masters) - len(set(masters)) < 30
    assert not any(user.get("userMasterIdentifier") == user["sourcedId"] for user in users)


def test_a_letter_is_the_one_of_the_scale_and_a_score_lies_in_its_bounds(town12: Records) -> None:
    scales = {scale["sourcedId"]: scale for scale in town12["scoreScales"]}
    items = {item["sourcedId"]: item for item in town12["lineItems"]}
    seen = Counter()
    for result in town12["results"]:
        item = items[result["lineItem"]["sourcedId"]]
        assert item["resultValueMin"] <= result["score"] <= item["resultValueMax"]
        assert result["class"] == item["class"]
        assert ("scoreScale" in item) == ("textScore" in result)
        if "textScore" not in result:
            continue
        scale = scales[result["scoreScale"]["sourcedId"]]
        assert scale["class"] == item["class"]
        band = next(value for value in scale["scoreScaleValue"] if value["itemValueRHS"] == result["textScore"])
        low, high = band["itemValueLHS"].split(" - ")
        assert float(low) <= result["score"] <= float(high)
        seen[result["textScore"]] += 1
        told = [one for found in result.get("learningObjectiveSet", ()) for one in found["learningObjectiveResults"]]
        named = [one for found in item.get("learningObjectiveSet", ()) for one in found["learningObjectiveIds"]]
        assert [one["learningObjectiveId"] for one in told] == named
    assert set(seen) == set("ABCDF")


def test_categories_weigh_a_hundred_percent(town12: Records) -> None:
    assert sum(category["weight"] for category in town12["categories"]) == 100


def test_parts_of_an_assessment_name_their_whole_and_every_student_tested_has_all_parts(town12: Records) -> None:
    items = {item["sourcedId"]: item for item in town12["assessmentLineItems"]}
    parts = [item for item in items.values() if "parentAssessmentLineItem" in item]
    assert parts and len(parts) < len(items)
    assert all("parentAssessmentLineItem" not in items[part["parentAssessmentLineItem"]["sourcedId"]] for part in parts)
    by_student: dict[str, set[str]] = {}
    for result in town12["assessmentResults"]:
        item = items[result["assessmentLineItem"]["sourcedId"]]
        whole = item.get("parentAssessmentLineItem", {"sourcedId": item["sourcedId"]})["sourcedId"]
        by_student.setdefault(result["student"]["sourcedId"], set()).add(whole)
        assert ("score" in result) == (result["scoreStatus"] != "exempt")
        if "score" in result:
            assert item["resultValueMin"] <= result["score"] <= item["resultValueMax"]
    assert len(town12["assessmentResults"]) == 3 * len(by_student)
    assert all(len(found) == 1 for found in by_student.values())


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(1, 90), st.integers(0, 1 << 40))
def test_each_version_says_of_a_district_what_the_other_says(students: int, seed: int) -> None:
    made = district(students=students, seed=seed, as_of=AS_OF)
    look = resolver(made)
    for name in MAKERS:
        old, new = list(records(made, name)), list(records(made, name, "1.2"))
        assert [to_1p1(name, record, look) for record in new] == old
        if name not in MAKERS_1P2:
            assert [render(to_1p2(name, record, look) or {}) for record in old] == [render(record) for record in new]


def test_a_store_holds_each_version_as_it_is_made(store: Path) -> None:
    made = district(students=60, seed=1, as_of=AS_OF)
    held = records_of(store, "1.2")
    for name in COLLECTIONS["1.2"]:
        assert [record["sourcedId"] for record in held[name]] == [
            record["sourcedId"] for record in records(made, name, "1.2")
        ]
