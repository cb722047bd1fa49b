"""A record keeps its meaning from one version to the other, and has no counterpart where it could not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oneroster_standard.marks import refer
from oneroster_standard.schemas import entity_schema
from oneroster_standard.standard import load
from oneroster_standard.versions import ROLES_1P1, Look, to_1p1, to_1p2

BASE = {"sourcedId": "x", "status": "active", "dateLastModified": "2026-09-01T00:00:00.000Z"}
RECORDS: dict[str, dict[str, Any]] = {
    "orgs/d": {"type": "district"},
    "orgs/s": {"type": "school"},
    "classes/c": {"school": refer("1.1", "org", "s"), "terms": [refer("1.1", "academicSession", "t")]},
    "lineItems/l": {"class": refer("1.1", "class", "c")},
}


def look(collection: str, sourced_id: str) -> Mapping[str, Any] | None:
    return RECORDS.get(f"{collection}/{sourced_id}")


def nothing(_collection: str, _sourced_id: str) -> None:
    return None


def user_1p1(role: str, *orgs: str) -> dict[str, Any]:
    named = [refer("1.1", "org", org) for org in orgs]
    return {**BASE, "username": "u", "enabledUser": "true", "givenName": "G", "familyName": "F", "role": role, "orgs": named}


def role(word: str, org: str, kind: str = "primary") -> dict[str, Any]:
    return {"roleType": kind, "role": word, "org": refer("1.2", "org", org)}


def user_1p2(*roles: dict[str, Any], **more: Any) -> dict[str, Any]:
    found = {**BASE, "username": "u", "enabledUser": "true", "givenName": "G", "familyName": "F", "roles": list(roles)}
    return {**found, **more}


def line_item(**more: Any) -> dict[str, Any]:
    return {
        **BASE, "title": "T", "assignDate": "2026-09-01T00:00:00.000Z", "dueDate": "2026-09-02T00:00:00.000Z",
        "class": refer("1.1", "class", "c"), "category": refer("1.1", "category", "k"), **more,
    }  # fmt: skip


def result(**more: Any) -> dict[str, Any]:
    return {
        **BASE, "lineItem": refer("1.1", "lineItem", "l"), "student": refer("1.1", "user", "u"),
        "scoreStatus": "fully graded", "scoreDate": "2026-09-03", **more,
    }  # fmt: skip


def assert_valid(version: str, collection: str, record: dict[str, Any] | None) -> dict[str, Any]:
    standard = load(version)
    assert record is not None
    jsonschema_rs.validator_for(entity_schema(standard, standard.collection(collection).name)).validate(record)
    return record


@pytest.mark.parametrize("said", sorted(set(load("1.1").enumerations["roleType"]) - {"administrator"}))
def test_a_role_of_1_1_is_a_primary_role_at_each_org(said: str) -> None:
    found = assert_valid("1.2", "users", to_1p2("users", user_1p1(said, "s", "d", "s"), look))
    assert found["roles"] == [role(said, "s"), role(said, "d")]
    assert found["primaryOrg"] == refer("1.2", "org", "s") and not {"role", "orgs"} & set(found)


@pytest.mark.parametrize(
    "org, word", [("d", "districtAdministrator"), ("s", "siteAdministrator"), ("unknown", "siteAdministrator")]
)
def test_an_administrator_is_one_of_the_district_or_of_a_site(org: str, word: str) -> None:
    found = assert_valid("1.2", "users", to_1p2("users", user_1p1("administrator", org), look))
    assert found["roles"] == [role(word, org)]


@pytest.mark.parametrize("said", load("1.2").enumerations["roleType"])
def test_every_role_of_1_2_has_a_word_in_1_1(said: str) -> None:
    found = assert_valid("1.1", "users", to_1p1("users", user_1p2(role(said, "s")), look))
    assert (found["role"], found["orgs"]) == (ROLES_1P1.get(said, said), [refer("1.1", "org", "s")])


def test_the_primary_role_at_the_primary_org_leads_and_its_org_comes_first() -> None:
    roles = (role("parent", "s", "secondary"), role("aide", "s"), role("teacher", "d"))
    found = assert_valid("1.1", "users", to_1p1("users", user_1p2(*roles, primaryOrg=refer("1.2", "org", "d")), look))
    assert found["role"] == "teacher"
    assert found["orgs"] == [refer("1.1", "org", "d"), refer("1.1", "org", "s")]


def test_an_account_without_user_name_takes_that_of_a_profile_then_the_identifier() -> None:
    profile = {
        "profileId": "urn:x", "profileType": "t", "vendorId": "v", "credentials": [{"type": "t", "username": "p"}],
    }  # fmt: skip
    bare = user_1p2(role("student", "s"), identifier="77")
    del bare["username"]
    assert (to_1p1("users", bare, look) or {})["username"] == "77"
    assert (to_1p1("users", {**bare, "userProfiles": [profile]}, look) or {})["username"] == "p"
    assert to_1p1("users", {**bare, "identifier": ""}, look) is None


def test_a_user_whom_1_1_has_no_word_for_has_no_counterpart() -> None:
    assert to_1p1("users", user_1p2(role("ext:coach", "s")), look) is None
    assert to_1p2("users", user_1p1("student"), look) is None


def test_a_line_item_gets_the_school_of_its_class_and_its_session() -> None:
    old = line_item(gradingPeriod=refer("1.1", "academicSession", "q"), resultValueMin=0.0, resultValueMax=10.0)
    found = assert_valid("1.2", "lineItems", to_1p2("lineItems", old, look))
    assert found["school"] == refer("1.2", "org", "s")
    assert found["academicSession"] == found["gradingPeriod"] == refer("1.2", "academicSession", "q")
    assert found["category"] == refer("1.2", "category", "k") != old["category"], "categories lie in another service"
    assert to_1p1("lineItems", found, look) == old
    assert to_1p2("lineItems", old, nothing) is None


def test_a_line_item_of_1_2_without_bounds_or_session_takes_the_usual_ones_and_the_first_term() -> None:
    found = assert_valid("1.1", "lineItems", to_1p1("lineItems", line_item(school=refer("1.2", "org", "s")), look))
    assert (found["resultValueMin"], found["resultValueMax"]) == (0.0, 100.0)
    assert found["gradingPeriod"] == refer("1.1", "academicSession", "t")
    assert to_1p1("lineItems", line_item(), nothing) is None


def test_a_result_gets_the_class_of_its_line_item_and_needs_a_number_in_1_1() -> None:
    found = assert_valid("1.2", "results", to_1p2("results", result(score=0.0), look))
    assert found["class"] == refer("1.2", "class", "c")
    assert to_1p1("results", found, look) == result(score=0.0)
    assert to_1p1("results", result(textScore="A"), look) is None
    assert "class" not in (to_1p2("results", result(score=1.0), nothing) or {})


def test_words_that_1_1_lacks_are_left_out_where_optional_and_end_the_record_where_required() -> None:
    assert "sex" not in assert_valid("1.1", "demographics", to_1p1("demographics", {**BASE, "sex": "other"}, look))
    assert (to_1p1("demographics", {**BASE, "sex": "male"}, look) or {})["sex"] == "male"
    seat = {**BASE, "user": refer("1.2", "user", "u"), "class": refer("1.2", "class", "c"), "school": refer("1.2", "org", "s")}
    assert to_1p1("enrollments", {**seat, "role": "ext:auditor"}, look) is None
    assert to_1p1("enrollments", {**seat, "role": "student"}, look) is not None
    book = {**BASE, "vendorResourceId": "v", "roles": ["student", "ext:coach"]}
    assert (to_1p1("resources", book, look) or {})["roles"] == ["student"]
    assert "roles" not in (to_1p1("resources", {**book, "roles": ["ext:coach"]}, look) or {"roles": 0})


def test_what_1_2_requires_of_an_org_and_a_course_is_taken_from_the_key() -> None:
    assert (to_1p2("orgs", {**BASE, "name": "N", "type": "school"}, look) or {})["identifier"] == "x"
    assert (to_1p2("courses", {**BASE, "title": "T"}, look) or {})["courseCode"] == "x"
    room = {**BASE, "title": "T", "course": refer("1.2", "course", "k"), "school": refer("1.2", "org", "s"),
            "terms": [refer("1.2", "academicSession", "t")]}  # fmt: skip
    assert assert_valid("1.1", "classes", to_1p1("classes", room, look))["classType"] == "scheduled"


def test_a_weight_is_left_out_of_1_1_and_a_collection_of_1_2_alone_has_no_counterpart() -> None:
    assert to_1p1("categories", {**BASE, "title": "T", "weight": 5.0}, look) == {**BASE, "title": "T"}
    assert to_1p1("scoreScales", {**BASE}, look) is None and to_1p2("scoreScales", {**BASE}, look) is None


def test_a_reference_of_a_client_with_a_key_only_is_made_whole() -> None:
    bare = {**result(score=1.0), "lineItem": {"sourcedId": "l"}, "student": {"sourcedId": "u"}}
    found = to_1p2("results", bare, look) or {}
    assert found["lineItem"] == refer("1.2", "lineItem", "l") and found["student"] == refer("1.2", "user", "u")


def test_a_body_without_status_and_stamp_stays_without() -> None:
    assert to_1p2("categories", {"sourcedId": "x", "title": "T"}, look) == {"sourcedId": "x", "title": "T"}


METADATA = st.none() | st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=3)


@given(
    st.sampled_from(["orgs", "categories", "results", "demographics", "resources"]),
    METADATA,
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(min_size=1, max_size=9),
)
def test_what_both_versions_can_say_survives_the_way_there_and_back(
    collection: str, metadata: dict[str, Any] | None, score: float, text: str
) -> None:
    shapes: dict[str, dict[str, Any]] = {
        "orgs": {"name": text, "type": "school", "identifier": text},
        "categories": {"title": text},
        "results": {**result(score=score), "comment": text},
        "demographics": {"sex": "female", "cityOfBirth": text},
        "resources": {"vendorResourceId": text, "roles": ["student"]},
    }
    record = {**BASE, **shapes[collection], **({"metadata": metadata} if metadata else {})}
    there = to_1p2(collection, record, look)
    assert there is not None
    assert to_1p1(collection, there, look) == record


def test_the_resolver_is_asked_only_where_a_record_does_not_answer_itself() -> None:
    def refuse(collection: str, sourced_id: str) -> Mapping[str, Any]:
        raise AssertionError(f"asked for {collection}")

    silent: Look = refuse
    for name, record in (("users", user_1p1("student", "s")), ("categories", {**BASE, "title": "T"})):
        assert to_1p2(name, record, silent) is not None
    assert to_1p1("users", user_1p2(role("teacher", "s")), silent) is not None
