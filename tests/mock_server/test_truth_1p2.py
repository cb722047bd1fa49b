"""The truth of 1.2, file by file, is what one finds by going through what the API shows."""

from __future__ import annotations

from typing import Any

import pytest

from mock_server.mock_process import RunningMock
from oneroster_standard.standard import load
from tests.mock_server.versions import Client
from tests.mock_server.wire import Records

ENTITIES = [found.entity for found in load("1.2").csv_files.values() if found.name != "manifest.csv"]


@pytest.fixture
def client(clients: dict[str, Client]) -> Client:
    """The reference provider's 1.2."""
    return clients["1.2"]


def keys(rows: Records, *names: str) -> list[tuple[Any, ...]]:
    """Some values of each row, sorted."""
    return sorted(tuple(row[name] for name in names) for row in rows)


@pytest.mark.parametrize("channel", ["api", "csv"])
@pytest.mark.parametrize("entity", ENTITIES)
def test_each_file_has_rows_with_its_headers_and_a_key_each(oneroster_mock: RunningMock, entity: str, channel: str) -> None:
    rows = oneroster_mock.truth("reference", entity, channel, "1.2")
    file = load("1.2").csv_files[f"{entity}.csv"]
    assert rows
    required = {column.header for column in file.columns if column.required == "yes"}
    for row in rows:
        assert tuple(row) == file.headers
        assert row["status"] == "active"
        assert all(row[name] not in (None, "", []) for name in required)
    assert len({row["sourcedId"] for row in rows}) == len(rows)
    for column in file.columns:
        if column.references:
            target = oneroster_mock.truth("reference", column.references.removesuffix(".csv"), channel, "1.2")
            known = {row["sourcedId"] for row in target}
            held = [value for row in rows for value in ([row[column.header]] if not column.is_list else row[column.header] or ())]
            assert {value for value in held if value is not None} <= known, column.header


def test_every_role_is_a_row(oneroster_mock: RunningMock, client: Client) -> None:
    rows = oneroster_mock.truth("reference", "roles", "api", "1.2")
    shown = sorted(
        (user["sourcedId"], role["roleType"], role["role"], role["org"]["sourcedId"])
        for user in client.whole("users")
        for role in user["roles"]
    )
    assert keys(rows, "userSourcedId", "roleType", "role", "orgSourcedId") == shown
    with_profile = [role["userProfile"] for user in client.whole("users") for role in user["roles"] if "userProfile" in role]
    assert len([row for row in rows if row["userProfileSourcedId"]]) == len(with_profile) > 0


def test_profiles_resources_scales_and_objectives_are_rows(oneroster_mock: RunningMock, client: Client) -> None:
    def truth(entity: str) -> Records:
        return oneroster_mock.truth("reference", entity, "api", "1.2")

    users, items, results = client.whole("users"), client.whole("lineItems"), client.whole("results")
    profiles = [found for user in users for found in user.get("userProfiles", ())]
    assert keys(truth("userProfiles"), "sourcedId") == sorted((one["profileId"].rpartition("/")[2],) for one in profiles)
    linked = sorted((user["sourcedId"], one["sourcedId"]) for user in users for one in user.get("resources", ()))
    assert keys(truth("userResources"), "userSourcedId", "resourceSourcedId") == linked
    scaled = sorted((one["sourcedId"], one["scoreScale"]["sourcedId"]) for one in items if "scoreScale" in one)
    assert keys(truth("lineItemScoreScales"), "lineItemSourcedId", "scoreScaleSourcedId") == scaled
    scaled = sorted((one["sourcedId"], one["scoreScale"]["sourcedId"]) for one in results if "scoreScale" in one)
    assert keys(truth("resultScoreScales"), "resultSourcedId", "scoreScaleSourcedId") == scaled
    objectives = [
        (item["sourcedId"], group["source"], one.removeprefix("urn:uuid:"))
        for item in items for group in item.get("learningObjectiveSet", ()) for one in group["learningObjectiveIds"]
    ]  # fmt: skip
    rows = truth("lineItemLearningObjectiveIds")
    bare = [{**row, "learningObjectiveId": row["learningObjectiveId"].removeprefix("urn:uuid:")} for row in rows]
    assert keys(bare, "lineItemSourcedId", "source", "learningObjectiveId") == sorted(objectives)
    assert all(row["learningObjectiveId"].startswith("urn:uuid:") == (row["source"] == "case") for row in rows)
    reached = [one for result in results for group in result.get("learningObjectiveSet", ()) for one in group["learningObjectiveResults"]]
    assert len(truth("resultLearningObjectiveIds")) == len(reached)


def test_a_scale_has_the_school_of_its_class_and_its_values_as_pairs(oneroster_mock: RunningMock, client: Client) -> None:
    schools = {one["sourcedId"]: one["school"]["sourcedId"] for one in client.whole("classes")}
    for row, scale in zip(oneroster_mock.truth("reference", "scoreScales", "api", "1.2"), client.whole("scoreScales"), strict=True):
        assert row["orgSourcedId"] == schools[scale["class"]["sourcedId"]]
        assert row["scoreScaleValue"] == [f"{{{one['itemValueLHS']}:{one['itemValueRHS']}}}" for one in scale["scoreScaleValue"]]


def test_what_was_written_is_in_the_truth_of_the_api_of_both_versions(oneroster_mock: RunningMock, client: Client) -> None:
    client.put("Category", "own-1", {"title": "Debates", "weight": 25})
    for spec in ("1.1", "1.2"):
        rows = oneroster_mock.truth("reference", "categories", "api", spec)
        assert "own-1" in {row["sourcedId"] for row in rows}
        assert "own-1" not in {row["sourcedId"] for row in oneroster_mock.truth("reference", "categories", "csv", spec)}


def test_users_of_1p2_land_under_the_names_of_the_file(oneroster_mock: RunningMock, client: Client) -> None:
    for row, user in zip(oneroster_mock.truth("reference", "users", "api", "1.2"), client.whole("users"), strict=True):
        assert row["preferredGivenName"] == user.get("preferredFirstName")
        assert row["preferredFamilyName"] == user.get("preferredLastName")
        assert row["grades"] == (",".join(user["grades"]) if user.get("grades") else None)
        assert row["primaryOrgSourcedId"] == (user["primaryOrg"]["sourcedId"] if "primaryOrg" in user else None)
