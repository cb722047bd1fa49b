"""Microsoft's checks of a 1.1 provider, step by step, against the reference provider."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests

from mock_server.mock_process import RunningMock
from tests.mock_server.wire import WITHIN_S, Records

Record = dict[str, Any]
ENTITIES = ("academicSessions", "orgs", "users", "classes", "enrollments", "courses", "demographics")
MILLISECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
SESSION_TYPES = {"gradingPeriod", "semester", "schoolYear", "term"}
ORG_TYPES = {"department", "school", "district", "local", "state", "national"}


class Collection:
    """The Postman collection's variables: a root and a token that was asked for without a scope."""

    def __init__(self, mock: RunningMock) -> None:
        provider = mock.provider()
        pair = (provider.client_id, provider.client_secret)
        form = {"grant_type": "client_credentials"}
        answer = requests.post(str(provider.token_url), data=form, auth=pair, timeout=WITHIN_S)
        assert answer.status_code == 200
        self.root = provider.base_url
        self.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def get(self, path: str) -> requests.Response:
        """One request, its quotes as they are written."""
        answer = requests.get(self.root + path, headers=self.headers, timeout=WITHIN_S)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        assert "application/json" in answer.headers["Content-Type"]
        return answer

    def records(self, path: str, key: str) -> Records:
        """The array under a key."""
        found: Records = self.get(path).json()[key]
        assert isinstance(found, list)
        return found


@pytest.fixture
def collection(oneroster_mock: RunningMock) -> Collection:
    """Signed in."""
    return Collection(oneroster_mock)


@pytest.mark.parametrize("entity", ENTITIES)
def test_a_full_read_pages_nothing_and_a_delta(collection: Collection, entity: str) -> None:
    answer = collection.get(f"/{entity}?offset=0&limit=5000&filter=status='active'")
    full: Records = answer.json()[entity]
    assert full and int(answer.headers["X-Total-Count"]) == len(full)
    assert isinstance(full[0]["sourcedId"], str) and full[0]["sourcedId"]
    assert full[0]["status"] in ("active", "tobedeleted")
    page = collection.records(f"/{entity}?offset=2&limit=1", entity)
    assert page and page[0]["sourcedId"] != full[0]["sourcedId"]
    assert collection.records(f"/{entity}?filter=sourcedId='norecords'", entity) == []
    stamps = sorted(one["dateLastModified"] for one in full)
    delta = collection.records(f"/{entity}?filter=dateLastModified>'{stamps[0]}'", entity)
    assert delta and all(one["dateLastModified"] for one in delta[:10])
    assert stamps[0] not in {one["dateLastModified"] for one in delta}


def test_what_is_read_of_each_record(collection: Collection) -> None:
    for session in collection.records("/academicSessions?limit=5000", "academicSessions"):
        assert session["title"] and session["type"] in SESSION_TYPES and session["startDate"] and session["endDate"]
        assert isinstance(session["schoolYear"], str) and re.fullmatch(r"\d{4}", session["schoolYear"])
        assert MILLISECONDS.fullmatch(session["dateLastModified"])
    for org in collection.records("/orgs?limit=5000", "orgs"):
        assert org["name"] and org["type"] in ORG_TYPES and org["identifier"]
    # The suite looks at the first record; identifier is optional and some parents have none.
    assert collection.records("/users?offset=0&limit=5000&filter=status='active'", "users")[0]["identifier"]
    for user in collection.records("/users?limit=5000", "users"):
        assert user["username"] and user["givenName"]
        assert user["orgs"] and all(org["sourcedId"] and org["type"] for org in user["orgs"])
        assert MILLISECONDS.fullmatch(user["dateLastModified"])
    for one in collection.records("/classes?limit=5000", "classes"):
        assert one["title"] and isinstance(one["school"], dict) and one["terms"]
        assert MILLISECONDS.fullmatch(one["dateLastModified"])


def test_classic_reads_schools_people_and_a_user_by_mail(collection: Collection) -> None:
    schools = collection.records("/schools?limit=5000", "orgs")
    assert schools and {one["type"] for one in schools} == {"school"}
    for role in ("students", "teachers"):
        assert collection.records(f"/{role}?limit=5000", "users")
    for what, key in (("classes", "classes"), ("enrollments", "enrollments"), ("students", "users"), ("teachers", "users"),
                      ("courses", "courses"), ("terms", "academicSessions")):  # fmt: skip
        assert any(collection.records(f"/schools/{one['sourcedId']}/{what}", key) for one in schools)
    user = next(one for one in collection.records("/users?limit=5000", "users") if one.get("email"))
    (found,) = collection.records(f"/users?filter=email='{user['email']}'", "users")
    assert found["sourcedId"] == user["sourcedId"] and "@" not in found["username"]
