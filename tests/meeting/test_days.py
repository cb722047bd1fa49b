"""Days pass in a served district: vendors and versions show one day, and what landed follows the truth."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from mock_server.mock_handle import MockProblem
from mock_server.mock_process import RunningMock, running_mock
from tests.mock_server.wire import Wire, ids

WITHIN_S = 60
ACROSS_DAYS = 330
"""Days from the first of October into the next school year."""
COLLECTIONS = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments", "demographics")


@pytest.fixture(scope="module")
def mock() -> Iterator[RunningMock]:
    """A district in which every kind of happening comes within two weeks."""
    with running_mock(students=200) as found:
        yield found


@pytest.fixture
def later(mock: RunningMock) -> RunningMock:
    """The district twenty days later."""
    mock.reset()
    mock.advance(20)
    return mock


def held(wire: Wire) -> dict[str, dict[str, dict[str, Any]]]:
    """Everything that a provider serves, by collection and key."""
    return {name: {one["sourcedId"]: one for one in wire.records(f"/{name}")} for name in COLLECTIONS}


def test_a_day_is_told_and_taken_back_by_a_reset(mock: RunningMock) -> None:
    mock.reset()
    assert mock.admin("GET", "/advance") == {"day": 0, "date": "2026-10-01"}
    told = mock.advance(5)
    assert (told["day"], told["date"]) == (5, "2026-10-06")
    mock.reset()
    assert mock.admin("GET", "/advance")["day"] == 0


def test_days_one_by_one_end_as_all_at_once(mock: RunningMock) -> None:
    mock.reset()
    wire = Wire(mock.provider("reference"))
    mock.advance(12)
    at_once = held(wire)
    mock.reset()
    for _ in range(12):
        mock.advance(1)
    assert held(wire) == at_once


def test_what_a_delta_read_gives_and_what_stayed_make_the_day(mock: RunningMock) -> None:
    mock.reset()
    wire = Wire(mock.provider("reference"))
    before = held(wire)
    mock.advance(9)
    for name in COLLECTIONS:
        changed = {one["sourcedId"]: one for one in wire.records(f"/{name}", filter="dateLastModified>='2026-10-02'")}
        after = {one["sourcedId"]: one for one in wire.records(f"/{name}")}
        assert before[name] | changed == after, name
        assert all(before[name].get(key) != one for key, one in changed.items())


def test_references_lead_to_what_is_served(later: RunningMock) -> None:
    found = held(Wire(later.provider("reference")))
    for seat in found["enrollments"].values():
        if seat["status"] == "active":
            assert found["users"][seat["user"]["sourcedId"]]["status"] == "active"
            assert found["classes"][seat["class"]["sourcedId"]]["status"] == "active"
            assert seat["school"] == found["classes"][seat["class"]["sourcedId"]]["school"]
    for user in found["users"].values():
        for agent in user.get("agents", ()):
            assert agent["sourcedId"] in found["users"]


def test_nobody_sits_in_two_classes_of_one_period(later: RunningMock) -> None:
    found = held(Wire(later.provider("reference")))
    taken: set[tuple[str, str, str]] = set()
    for seat in found["enrollments"].values():
        if seat["status"] == "active" and seat["role"] == "student":
            taught = found["classes"][seat["class"]["sourcedId"]]
            for term in taught["terms"]:
                place = (seat["user"]["sourcedId"], term["sourcedId"], taught["periods"][0])
                assert place not in taken
                taken.add(place)


def test_both_versions_show_one_day(later: RunningMock) -> None:
    wire = Wire(later.provider("reference"))
    root = later.ready["providers"]["reference"]["base_urls"]["1.2"]["rostering"]
    token = wire.token_answer().json()["access_token"]
    for name in COLLECTIONS:
        answer = requests.get(
            f"{root}/{name}", params={"limit": 5000}, headers={"Authorization": f"Bearer {token}"}, timeout=WITHIN_S
        )
        shown = {one["sourcedId"]: one for one in answer.json()[name]}
        for key, one in held(wire)[name].items():
            other = shown.pop(key)
            for item in ("status", "dateLastModified", "familyName", "email", "location"):
                assert other.get(item) == one.get(item), (name, item)
        assert not shown


@pytest.mark.parametrize("vendor", ["powerschool", "infinite-campus"])
def test_a_vendor_without_tombstones_lets_records_vanish(later: RunningMock, vendor: str) -> None:
    wire = Wire(later.provider(vendor))
    assert not wire.records("/users", filter="status='tobedeleted'")
    later.set_quirks(vendor, [])
    assert wire.records("/users", filter="status='tobedeleted'")


def test_the_truth_of_a_vendor_without_tombstones_names_what_went(later: RunningMock) -> None:
    gone = [row for row in later.truth("infinite-campus", "users") if row["status"] == "tobedeleted"]
    assert gone
    assert not {row["sourcedId"] for row in gone} & set(ids(Wire(later.provider("infinite-campus")).records("/users")))


def test_a_number_of_days_that_is_none_is_refused(mock: RunningMock) -> None:
    for days in (0, -1, True, "2", 400):
        with pytest.raises(MockProblem, match="400"):
            mock.admin("POST", "/advance", {"days": days})


@pytest.mark.parametrize("vendor", ["reference", "infinite-campus", "classlink"])
def test_a_full_bundle_of_a_day_holds_what_the_vendor_serves_on_it(mock: RunningMock, tmp_path: Path, vendor: str) -> None:
    command = [sys.executable, "-m", "oneroster_harness", "generate", str(tmp_path / "d"), "--students", "200", "--days", "6", "--vendor", vendor]
    subprocess.run(command, check=True, capture_output=True)
    mock.reset()
    mock.advance(6)
    for entity in ("users", "enrollments", "classes", "demographics"):
        with (tmp_path / "d.days" / "day-006" / "full" / f"{entity}.csv").open(encoding="utf-8", newline="") as stream:
            written = {row["sourcedId"]: row for row in csv.DictReader(stream)}
        told = {row["sourcedId"]: row for row in mock.truth(vendor, entity, "csv") if row["status"] == "active"}
        assert written.keys() == told.keys(), entity
        for key, row in told.items():
            for name in ("familyName", "userSourcedId", "classSourcedId", "location", "birthDate", "endDate"):
                assert (written[key].get(name) or None) == row.get(name), (entity, name)


@pytest.fixture(scope="module")
def next_year(mock: RunningMock) -> RunningMock:
    """The district in the autumn after the next school year began."""
    mock.reset()
    mock.advance(ACROSS_DAYS)
    return mock


@pytest.mark.parametrize("spec", ["1.1", "1.2"])
@pytest.mark.parametrize("vendor", ["reference", "powerschool", "infinite-campus", "classlink"])
def test_across_a_year_bundle_and_truth_agree(next_year: RunningMock, tmp_path: Path, vendor: str, spec: str) -> None:
    if spec not in next_year.ready["providers"][vendor]["spec"]:
        pytest.skip(f"{vendor} does not serve {spec}")
    assert next_year.admin("GET", "/advance")["day"] == ACROSS_DAYS
    command = [
        sys.executable, "-m", "oneroster_harness", "generate", str(tmp_path / "d"), "--students", "200", "--days", str(ACROSS_DAYS),
        "--every", str(ACROSS_DAYS), "--vendor", vendor, "--spec", spec,
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    full = tmp_path / "d.days" / f"day-{ACROSS_DAYS}" / "full"
    for entity in ("orgs", "academicSessions", "courses", "classes", "users", "enrollments", "demographics"):
        with (full / f"{entity}.csv").open(encoding="utf-8", newline="") as stream:
            written = {row["sourcedId"]: row for row in csv.DictReader(stream)}
        rows = next_year.admin("GET", f"/vendors/{vendor}/truth/{entity}?channel=csv&spec={spec}")["rows"]
        told = {row["sourcedId"]: row for row in rows if row["status"] == "active"}
        assert written.keys() == told.keys(), entity
        for key, row in told.items():
            for name in ("familyName", "userSourcedId", "classSourcedId", "title", "schoolYear", "schoolSourcedId", "beginDate"):
                assert (written[key].get(name) or None) == row.get(name), (entity, name)


def test_across_a_year_the_api_serves_the_new_one(next_year: RunningMock) -> None:
    found = held(Wire(next_year.provider("reference")))
    active = {name: {key: one for key, one in records.items() if one["status"] == "active"} for name, records in found.items()}
    assert {one["schoolYear"] for one in active["academicSessions"].values()} == {"2028"}
    assert {one["schoolYear"] for one in found["academicSessions"].values()} == {"2027", "2028"}
    for seat in active["enrollments"].values():
        assert seat["user"]["sourcedId"] in active["users"]
        assert seat["class"]["sourcedId"] in active["classes"]
    for taught in active["classes"].values():
        assert {term["sourcedId"] for term in taught["terms"]} <= active["academicSessions"].keys()
    # Its deletions are not told by this vendor: what is served is the new year alone.
    other = held(Wire(next_year.provider("infinite-campus")))
    assert {one["schoolYear"] for one in other["academicSessions"].values()} == {"2028"}


@pytest.mark.parametrize("form", ["full", "delta"])
def test_bundles_of_a_day_are_clean(tmp_path: Path, form: str) -> None:
    command = [sys.executable, "-m", "oneroster_harness"]
    subprocess.run([*command, "generate", str(tmp_path / "d"), "--students", "150", "--days", "8"], check=True, capture_output=True)
    path = tmp_path / "d.days" / "day-007" / form
    done = subprocess.run([*command, "check", "csv", str(path), "--json", "-"], check=False, capture_output=True)
    assert json.loads(done.stdout)["findings"] == []
