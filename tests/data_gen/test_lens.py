"""A district as a vendor shows it: its ids, its scope, and nothing else changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import jsonschema_rs
import pytest

from data_gen.districts import build, view
from data_gen.lens import number_of
from oneroster_harness.problems import UsageProblem
from oneroster_harness.terminal import AS_OF
from oneroster_standard.schemas import entity_schema
from oneroster_standard.standard import load
from oneroster_standard.store import Store
from tests.data_gen.conftest import Records, records_of

STANDARD = load("1.2")
STUDENTS = 1_000
SEED = 5
FORMS = {
    "powerschool": {"users": r"\d{10,12}", "enrollments": r"\d+", "orgs": r"\d+"},
    "infinite-campus": {
        "users": r"[astxg]\d+", "orgs": r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", "enrollments": r"s?\d+",
    },
    "classlink": {"users": r"\d{10}", "enrollments": r"\d+_[st]\d"},
}  # fmt: skip


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Records]:
    """The town through each vendor's lens."""
    folder = tmp_path_factory.mktemp("seen")
    base = build(folder / "town.district", students=STUDENTS, seed=SEED, as_of=AS_OF)
    return {vendor: records_of(view(base, folder / vendor, vendor=vendor)) for vendor in FORMS}


def missing_references(records: Records) -> set[tuple[str, str]]:
    """(collection, property) of references to records that are not there."""
    keys = {name: {record["sourcedId"] for record in found} for name, found in records.items()}
    missing = set()
    for name, found in records.items():
        for record in found:
            for field, value in record.items():
                for one in value if isinstance(value, list) else [value]:
                    if isinstance(one, dict) and "href" in one:
                        collection = one["href"].split("/")[1]
                        assert one["href"] == f"/{collection}/{one['sourcedId']}"
                        if one["sourcedId"] not in keys[collection]:
                            missing.add((name, field))
    return missing


@pytest.mark.parametrize("vendor", sorted(FORMS))
def test_ids_have_the_vendors_form_and_stay_unique_and_in_order(
    vendor: str, seen: dict[str, Records]
) -> None:
    for name, found in seen[vendor].items():
        keys = [record["sourcedId"].encode() for record in found]
        assert keys == sorted(set(keys)), name
        if form := FORMS[vendor].get(name):
            assert all(re.fullmatch(form, key.decode()) for key in keys), name


def test_powerschool_has_a_row_of_a_teacher_for_each_school_and_hides_co_teachers(
    seen: dict[str, Records], town: Records
) -> None:
    records = seen["powerschool"]
    assert missing_references(records) == set()
    teachers = [user for user in town["users"] if user["role"] == "teacher"]
    rows = [user for user in records["users"] if user["role"] == "teacher"]
    assert len(rows) == sum(len(user["orgs"]) for user in teachers) > len(teachers)
    assert all(len(user["orgs"]) == 1 for user in rows)
    hidden = [
        one for one in town["enrollments"] if one.get("primary") == "false" and one["role"] == "teacher"
    ]
    shown = [
        one for one in records["enrollments"] if one.get("primary") == "false" and one["role"] == "teacher"
    ]
    assert hidden and not shown


def test_campus_hides_students_without_an_account_and_keeps_what_points_to_them(
    seen: dict[str, Records], town: Records
) -> None:
    records = seen["infinite-campus"]
    hidden = [
        user for user in town["users"] if user["role"] == "student" and number_of(user["sourcedId"]) % 64 == 9
    ]
    assert len(records["users"]) == len(town["users"]) - len(hidden) < len(town["users"])
    assert missing_references(records) == {
        ("users", "agents"),
        ("enrollments", "user"),
        ("results", "student"),
    }
    assert len(records["enrollments"]) == len(town["enrollments"])


def test_classlink_shows_no_administrators(seen: dict[str, Records], town: Records) -> None:
    records = seen["classlink"]
    assert missing_references(records) == set()
    roles = {user["role"] for user in town["users"]} - {user["role"] for user in records["users"]}
    assert "administrator" in roles


@pytest.mark.parametrize("vendor", sorted(FORMS))
def test_a_view_keeps_the_values_of_its_records(vendor: str, seen: dict[str, Records], town: Records) -> None:
    for name in ("orgs", "courses", "classes", "demographics"):

        def plain(found: Records, name: str = name) -> list[str]:
            texts = []
            for record in found[name]:
                kept = {
                    key: value
                    for key, value in record.items()
                    if key != "sourcedId" and "href" not in str(value)
                }
                texts.append(repr(kept))
            return sorted(texts)

        assert plain(seen[vendor]) == plain(town)


def test_an_unknown_vendor_offers_the_nearest_name(tmp_path: Path, store: Path) -> None:
    with pytest.raises(UsageProblem, match="did you mean 'classlink'"):
        view(store, tmp_path / "seen", vendor="classlnk")


@pytest.fixture(scope="module")
def seen12(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Records]]:
    """Vendor -> version -> the town through that vendor's lens."""
    folder = tmp_path_factory.mktemp("seen12")
    base = build(folder / "town.district", students=STUDENTS, seed=SEED, as_of=AS_OF)
    found = {}
    for vendor in FORMS:
        path = view(base, folder / vendor, vendor=vendor)
        found[vendor] = {version: records_of(path, version) for version in ("1.1", "1.2")}
    return found


def references(value: object) -> Iterator[dict[str, str]]:
    if isinstance(value, dict):
        if "href" in value:
            yield value
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


@pytest.mark.parametrize("vendor", sorted(FORMS))
def test_a_vendors_1_2_view_is_valid_in_order_and_points_to_records_that_are_there(
    vendor: str, seen12: dict[str, dict[str, Records]]
) -> None:
    records = seen12[vendor]["1.2"]
    keys = {name: [record["sourcedId"] for record in found] for name, found in records.items()}
    for name, found in records.items():
        judge = jsonschema_rs.validator_for(entity_schema(STANDARD, STANDARD.collection(name).name))
        assert found and all(map(judge.is_valid, found)), name
        assert [key.encode() for key in keys[name]] == sorted({key.encode() for key in keys[name]}), name
    held = {name: set(found) for name, found in keys.items()}
    for found in records.values():
        for reference in references(found):
            collection = STANDARD.classes[reference["type"]].collection or ""
            assert reference["href"] == f"/{collection}/{reference['sourcedId']}"
            assert reference["sourcedId"] in held[collection]


@pytest.mark.parametrize("vendor", sorted(FORMS))
def test_profiles_and_primary_orgs_of_a_view_are_the_users_own(
    vendor: str, seen12: dict[str, dict[str, Records]]
) -> None:
    for user in seen12[vendor]["1.2"]["users"]:
        profiles = [profile["profileId"] for profile in user.get("userProfiles", ())]
        assert all(user["sourcedId"] in profile for profile in profiles)
        orgs = [role["org"]["sourcedId"] for role in user["roles"] if role["roleType"] == "primary"]
        assert len(set(orgs)) == len(orgs) and user["primaryOrg"]["sourcedId"] in orgs
        assert all(role.get("userProfile", profiles[0] if profiles else "") in (*profiles, "") for role in user["roles"])


def test_campus_gives_its_users_other_ids_in_1_2_and_tells_the_old_number(
    seen12: dict[str, dict[str, Records]], town: Records
) -> None:
    old = {user["username"]: user for user in seen12["infinite-campus"]["1.1"]["users"]}
    new = {user["username"]: user for user in seen12["infinite-campus"]["1.2"]["users"]}
    assert len(new) == len(town["users"]) > len(old), "1.2 also shows people without an account"
    for username, user in new.items():
        assert re.fullmatch(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", user["sourcedId"])
        assert user["metadata"]["ic.legacySourcedId"].isdigit()
        if username in old:
            assert user["metadata"]["ic.legacySourcedId"] == old[username]["sourcedId"][1:]
    for other in ("classes", "courses", "orgs", "academicSessions"):
        ids = {version: [one["sourcedId"] for one in seen12["infinite-campus"][version][other]] for version in ("1.1", "1.2")}
        assert ids["1.1"] == ids["1.2"]


@pytest.mark.parametrize("vendor", ["powerschool", "classlink"])
def test_other_vendors_keep_their_ids_in_1_2(vendor: str, seen12: dict[str, dict[str, Records]]) -> None:
    for name in ("users", "enrollments", "demographics", "results"):
        ids = {version: [one["sourcedId"] for one in seen12[vendor][version][name]] for version in ("1.1", "1.2")}
        assert ids["1.1"] == ids["1.2"]
    assert not any("metadata" in user for user in seen12[vendor]["1.2"]["users"])


def test_powerschool_shows_a_teacher_once_per_school_in_1_2(seen12: dict[str, dict[str, Records]]) -> None:
    for user in seen12["powerschool"]["1.2"]["users"]:
        if user["roles"][0]["role"] == "teacher":
            assert len({role["org"]["sourcedId"] for role in user["roles"]}) == 1


def test_what_a_vendor_shows_the_same_in_both_versions_is_written_once(tmp_path: Path, store: Path) -> None:
    for vendor, shared in (("classlink", True), ("infinite-campus", False)):
        opened = Store.open(view(store, tmp_path / vendor, vendor=vendor))
        assert opened.is_shared("enrollments") is shared and not opened.is_shared("users")
        opened.close()
