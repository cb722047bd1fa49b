"""A 1.2 bundle obeys the file tables of 1.2.1 and holds what the 1.2 side of the store holds."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_gen.command import generate, verify_synthetic
from data_gen.generation import Recipe, write_clean, write_store
from data_gen.organisations import WATERMARK
from oneroster_harness.terminal import AS_OF, VERSION
from oneroster_standard.cells import split_score_values, split_user_ids
from oneroster_standard.standard import CsvColumn, load
from tests.data_gen.conftest import Records, recipe, records_of

STANDARD = load("1.2")
FILES = {name: file for name, file in STANDARD.csv_files.items() if name != "manifest.csv"}
GOLDEN_BUNDLE_1P2 = "3e19c6dda6c3ec7280c270826f17090cc4f5113833992a6f4fcb579ebc470590"
VENDORS = ("reference", "powerschool", "infinite-campus", "classlink")
FORMATS = {
    "guid": r"[0-9A-Za-z.\-_/@]{1,255}", "date": r"\d{4}-\d\d-\d\d", "year": r"\d{4}", "integer": r"-?\d+",
    "float": r"-?\d+(\.\d+)?", "booleanToken": "true|false", "string": r"[^\r\n]*",
    "dateTime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
}  # fmt: skip
Bundle = dict[str, list[dict[str, str]]]


def read(path: Path) -> Bundle:
    """Every file of a folder, header checked against the rows."""
    found: Bundle = {}
    for file in sorted(path.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            found[file.name] = list(reader)
            if file.name in FILES:
                assert tuple(reader.fieldnames or ()) == FILES[file.name].headers
    return found


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The bundle of 1,000 students."""
    path = tmp_path_factory.mktemp("bundle12") / "town"
    write_clean(path, recipe(1_000, 5, spec="1.2"))
    return read(path)


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Records:
    """The same district as the store has it in 1.2."""
    path = tmp_path_factory.mktemp("held12") / "town.district"
    write_store(path, recipe(1_000, 5))
    return records_of(path, "1.2")


def items_of(column: CsvColumn, cell: str) -> list[str]:
    """The single values of a cell."""
    if column.item_format in ("{type:id}", "{lhs:rhs}"):
        return []
    return cell.split(",") if column.is_list else [cell]


def faults(bundle: Bundle) -> list[str]:
    """Cells that break their column's rule, written anew for this test: format, word, presence, reference."""
    keys = {name: {row["sourcedId"] for row in rows} for name, rows in bundle.items() if name in FILES}
    found = []
    for name, rows in bundle.items():
        if name not in FILES:
            continue
        if len(keys[name]) != len(rows):
            found.append(f"{name}: a key twice")
        for column in FILES[name].columns:
            tokens = STANDARD.enumerations.get(column.enumeration, ())
            for row in rows:
                cell = row[column.header]
                if not cell:
                    if column.required == "yes":
                        found.append(f"{name} {column.header}: empty")
                    continue
                for item in items_of(column, cell):
                    if tokens and item not in tokens:
                        found.append(f"{name} {column.header}: another word")
                    if not re.fullmatch(FORMATS.get(column.item_format, ".*"), item):
                        found.append(f"{name} {column.header}: not {column.item_format}")
                    if column.references and item not in keys.get(column.references, ()):
                        found.append(f"{name} {column.header}: names nothing")
    return found


def test_all_files_are_there_and_obey_their_tables(bundle: Bundle) -> None:
    assert set(bundle) == set(STANDARD.csv_files)
    assert all(bundle.values())
    assert faults(bundle) == []


def test_the_judge_of_this_test_sees_each_kind_of_fault(bundle: Bundle) -> None:
    changes = {
        ("users.csv", "username", ""): "empty", ("roles.csv", "role", "administrator"): "another word",
        ("roles.csv", "beginDate", "17.8.2026"): "not date", ("roles.csv", "orgSourcedId", "org-x"): "names nothing",
        ("users.csv", "sourcedId", "a b"): "not guid",
    }  # fmt: skip
    for (name, header, value), fault in changes.items():
        rows = [dict(row) for row in bundle[name]]
        rows[0][header] = value
        assert any(one.endswith(fault) for one in faults({**bundle, name: rows})), fault


def test_status_and_date_of_bulk_rows_are_blank(bundle: Bundle) -> None:
    assert all(row["status"] == row["dateLastModified"] == "" for name in FILES for row in bundle[name])


def test_the_manifest_says_1_2_and_lists_every_file(bundle: Bundle) -> None:
    said = {row["propertyName"]: row["value"] for row in bundle["manifest.csv"]}
    assert list(said) == [row.name for row in STANDARD.manifest]
    assert (said["manifest.version"], said["oneroster.version"]) == ("1.0", "1.2")
    assert {value for name, value in said.items() if name.startswith("file.")} == {"bulk"}
    assert said["source.systemCode"] == WATERMARK


def key_of(reference: Any) -> str:
    return reference["sourcedId"] if reference else ""


def test_users_and_their_roles_profiles_and_resources_are_those_of_the_store(bundle: Bundle, held: Records) -> None:
    rows = {row["sourcedId"]: row for row in bundle["users.csv"]}
    roles, profiles, linked = [], [], []
    for user in held["users"]:
        row = rows.pop(user["sourcedId"])
        plain = ("username", "givenName", "familyName", "middleName", "identifier", "email", "sms", "phone", "pronouns",
                 "userMasterIdentifier", "enabledUser", "preferredMiddleName")  # fmt: skip
        assert all(row[name] == user.get(name, "") for name in plain)
        assert row["preferredGivenName"] == user.get("preferredFirstName", "")
        assert row["preferredFamilyName"] == user.get("preferredLastName", "")
        assert row["primaryOrgSourcedId"] == key_of(user["primaryOrg"])
        assert row["grades"] == ",".join(user.get("grades", ()))
        assert row["agentSourcedIds"] == ",".join(map(key_of, user.get("agents", ())))
        assert split_user_ids(row["userIds"]) == user.get("userIds", []) and row["password"] == ""
        for role in user["roles"]:
            roles.append((user["sourcedId"], role["roleType"], role["role"], key_of(role["org"]), role.get("beginDate", ""),
                          role.get("userProfile", "").rpartition("/")[2]))  # fmt: skip
        for profile in user.get("userProfiles", ()):
            (login,) = profile["credentials"]
            profiles.append((profile["profileId"].rpartition("/")[2], user["sourcedId"], profile["profileType"],
                             profile["vendorId"], login["type"], login["username"]))  # fmt: skip
        linked += [(user["sourcedId"], key_of(found)) for found in user.get("resources", ())]
    assert not rows
    assert roles == [
        (row["userSourcedId"], row["roleType"], row["role"], row["orgSourcedId"], row["beginDate"], row["userProfileSourcedId"])
        for row in bundle["roles.csv"]
    ]
    assert profiles == [
        (row["sourcedId"], row["userSourcedId"], row["profileType"], row["vendorId"], row["credentialType"], row["username"])
        for row in bundle["userProfiles.csv"]
    ]
    assert linked == [(row["userSourcedId"], row["resourceSourcedId"]) for row in bundle["userResources.csv"]]
    assert not any(row["password"] for row in bundle["userProfiles.csv"])


def test_a_profile_of_a_role_belongs_to_the_same_user(bundle: Bundle) -> None:
    owner = {row["sourcedId"]: row["userSourcedId"] for row in bundle["userProfiles.csv"]}
    named = [row for row in bundle["roles.csv"] if row["userProfileSourcedId"]]
    assert named and all(owner[row["userProfileSourcedId"]] == row["userSourcedId"] for row in named)


def test_the_gradebook_is_that_of_the_store(bundle: Bundle, held: Records) -> None:
    assert [(row["title"], float(row["weight"])) for row in bundle["categories.csv"]] == [
        (category["title"], category["weight"]) for category in held["categories"]
    ]
    assert all(row["weight"].isdigit() for row in bundle["categories.csv"])
    assert [(row["sourcedId"], row["schoolSourcedId"], row["academicSessionSourcedId"], row["dueDate"])
            for row in bundle["lineItems.csv"]] == [
        (item["sourcedId"], key_of(item["school"]), key_of(item["academicSession"]), item["dueDate"][:10])
        for item in held["lineItems"]
    ]  # fmt: skip
    flags = ("textScore", "inProgress", "incomplete", "late", "missing", "scoreStatus", "scoreDate", "comment")
    for row, result in zip(bundle["results.csv"], held["results"], strict=True):
        assert all(row[name] == result.get(name, "") for name in flags)
        assert (float(row["score"]), row["classSourcedId"]) == (result["score"], key_of(result["class"]))
    schools = {found["sourcedId"]: key_of(found["school"]) for found in held["classes"]}
    for row, scale in zip(bundle["scoreScales.csv"], held["scoreScales"], strict=True):
        assert split_score_values(row["scoreScaleValue"]) == scale["scoreScaleValue"]
        assert row["orgSourcedId"] == schools[key_of(scale["class"])]
    for name, collection, column in (
        ("lineItemScoreScales.csv", "lineItems", "lineItemSourcedId"),
        ("resultScoreScales.csv", "results", "resultSourcedId"),
    ):
        assert [(row[column], row["scoreScaleSourcedId"]) for row in bundle[name]] == [
            (record["sourcedId"], key_of(record["scoreScale"])) for record in held[collection] if "scoreScale" in record
        ]


def test_learning_objectives_are_those_of_the_store_and_case_ids_are_urns(bundle: Bundle, held: Records) -> None:
    named = [
        (item["sourcedId"], found["source"], objective)
        for item in held["lineItems"]
        for found in item.get("learningObjectiveSet", ())
        for objective in found["learningObjectiveIds"]
    ]
    rows = bundle["lineItemLearningObjectiveIds.csv"]
    assert named == [
        (row["lineItemSourcedId"], row["source"], row["learningObjectiveId"].removeprefix("urn:uuid:")) for row in rows
    ]
    reached = [
        (result["sourcedId"], one["learningObjectiveId"], one.get("score"), one.get("textScore", ""))
        for result in held["results"]
        for found in result.get("learningObjectiveSet", ())
        for one in found["learningObjectiveResults"]
    ]
    more = bundle["resultLearningObjectiveIds.csv"]
    assert reached == [
        (row["resultSourcedId"], row["learningObjectiveId"].removeprefix("urn:uuid:"),
         float(row["score"]) if row["score"] else None, row["textScore"]) for row in more
    ]  # fmt: skip
    for row in (*rows, *more):
        assert row["learningObjectiveId"].startswith("urn:uuid:") == (row["source"] == "case")
    assert {row["source"] for row in more} == {"case", "unknown"}


def test_files_that_stand_as_in_1_1_have_the_same_bytes_in_both_versions(tmp_path: Path) -> None:
    for spec in ("1.1", "1.2"):
        write_clean(tmp_path / spec, recipe(spec=spec))
    same = [name for name in FILES if name in load("1.1").csv_files and FILES[name] == load("1.1").csv_files[name]]
    for name in ("academicSessions.csv", "classes.csv", "enrollments.csv", "orgs.csv", "demographics.csv"):
        assert name in same or FILES[name].headers == load("1.1").csv_files[name].headers
        assert tmp_path.joinpath("1.1", name).read_bytes() == tmp_path.joinpath("1.2", name).read_bytes()


@pytest.mark.parametrize("vendor", VENDORS[1:])
def test_a_vendors_bundle_obeys_its_tables_and_every_reference_is_whole(vendor: str, tmp_path: Path) -> None:
    write_clean(tmp_path / "bundle", recipe(1_000, 5, vendor=vendor, spec="1.2"))
    assert faults(read(tmp_path / "bundle")) == []


def digest(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        found.update(path.name.encode() + b"\0")
        found.update(path.read_bytes().replace(f"oneroster-harness {VERSION}".encode(), b"oneroster-harness"))
    return found.hexdigest()


def test_the_bundle_of_seed_1_has_the_bytes_that_were_pinned(tmp_path: Path) -> None:
    write_clean(tmp_path / "bundle", recipe(spec="1.2"))
    assert digest(tmp_path / "bundle") == GOLDEN_BUNDLE_1P2


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(st.integers(1, 60), st.integers(0, 1 << 40), st.sampled_from(VENDORS))
def test_a_bundle_of_any_size_seed_and_vendor_obeys_its_tables(
    tmp_path_factory: pytest.TempPathFactory, students: int, seed: int, vendor: str
) -> None:
    path = tmp_path_factory.mktemp("any") / "bundle"
    write_clean(path, Recipe(students, seed, AS_OF, vendor=vendor, spec="1.2"))
    found = read(path)
    assert all(found.values())
    assert faults(found) == []


def test_the_command_writes_1_2_as_a_zip_that_is_proved_synthetic(tmp_path: Path) -> None:
    out = tmp_path / "x.zip"
    result = CliRunner().invoke(
        generate, [str(out), "--students", "40", "--spec", "1.2", "--json", "-"], catch_exceptions=False
    )
    said = json.loads(result.stdout)
    assert said["spec"] == "1.2" and set(said["rows"]) <= set(STANDARD.csv_files) and said["rows"]["roles.csv"] > 40
    with zipfile.ZipFile(out) as archive:
        assert set(archive.namelist()) == set(said["rows"])
    proved = json.loads(CliRunner().invoke(verify_synthetic, [str(out), "--json", "-"]).stdout)
    assert proved["synthetic"] and proved["watermark"] and proved["emails"] > 40


def test_the_command_counts_what_a_store_holds_in_1_2(tmp_path: Path) -> None:
    arguments = [str(tmp_path / "x.district"), "--students", "40", "--spec", "1.2", "--json", "-"]
    said = json.loads(CliRunner().invoke(generate, arguments, catch_exceptions=False).stdout)
    assert said["rows"]["scoreScales.csv"] > 0 and "assessmentResults.csv" not in said["rows"]


def test_an_address_in_a_1_2_file_that_could_be_real_is_found(tmp_path: Path) -> None:
    write_clean(tmp_path / "bundle", recipe(spec="1.2"))
    path = tmp_path / "bundle" / "userProfiles.csv"
    path.write_bytes(path.read_bytes().replace(b"@staff.example.org", b"@staff.example.edu", 1))
    result = CliRunner().invoke(verify_synthetic, [str(tmp_path / "bundle"), "--json", "-"])
    (finding,) = json.loads(result.stdout)["findings"]
    assert (finding["file"], finding["column"]) == ("userProfiles.csv", "username")
