"""A district as a vendor shows it: its ids, its scope, and nothing else changed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from data_gen.districts import build, view
from data_gen.lens import number_of
from oneroster_harness.problems import UsageProblem
from oneroster_harness.terminal import AS_OF
from tests.data_gen.conftest import Records, records_of

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
