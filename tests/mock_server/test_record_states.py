"""What a single read and a list show for each state of a record: never there, active, flagged for deletion, removed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from mock_server.application import create_app
from mock_server.wsgi import site_of
from oneroster_standard.marks import render
from oneroster_standard.standard import VERSIONS
from oneroster_standard.store import StoreWriter
from tests.mock_server.test_writes_1p2 import body_of
from tests.mock_server.versions import Client
from tests.mock_server.wire import ids

STAMP = "2026-09-01T10:00:00.000Z"
ROOTS = {"1.1": "/ims/oneroster/v1p1", "1.2": "/ims/oneroster/rostering/v1p2"}


def org(sourced_id: str, status: str, stamp: str) -> dict[str, Any]:
    """A school in a state."""
    return {
        "sourcedId": sourced_id, "status": status, "dateLastModified": stamp, "name": sourced_id, "type": "school",
        "identifier": sourced_id,
    }  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FlaskClient, dict[str, str]]]:
    """A store with a school in each state, in process, and what a request is signed with."""
    folder = tmp_path_factory.mktemp("states")
    meta = {"seed": 1, "as_of": "2026-10-01", "students": 0, "locale": "en_US", "vendor": "reference", "watermark": "made up"}
    with StoreWriter(folder / "own.district", meta, VERSIONS) as writer:
        for number, (status, stamp) in enumerate((("active", STAMP), ("tobedeleted", "2026-09-20T10:00:00.000Z"))):
            writer.collection("orgs").append(render(org(f"org-{number}", status, stamp)))
    row = {"dialect": "reference", "store": str(folder / "own.district"), "quirks": [], "withheld": []}
    (folder / "state").mkdir()
    config = {"admin_token": "x", "base": row["store"], "vendors": [row]}
    site = site_of(config, folder / "state")
    client = create_app(site).test_client()
    own = site.vendors["reference"].credentials
    answer = client.post("/token", data={"grant_type": "client_credentials", "client_id": own.client_id, "client_secret": own.client_secret})
    yield client, {"Authorization": f"Bearer {json.loads(answer.data)['access_token']}"}


@pytest.mark.parametrize("spec", VERSIONS)
@pytest.mark.parametrize(("number", "status"), [(0, "active"), (1, "tobedeleted")])
def test_a_record_is_read_with_its_status_and_the_time_of_its_last_change(
    served: tuple[FlaskClient, dict[str, str]], spec: str, number: int, status: str
) -> None:
    client, headers = served
    found = client.get(f"{ROOTS[spec]}/orgs/org-{number}", headers=headers).get_json()["org"]
    assert (found["status"], found["dateLastModified"]) == (status, [STAMP, "2026-09-20T10:00:00.000Z"][number])


@pytest.mark.parametrize("spec", VERSIONS)
def test_a_list_holds_both_states_and_a_delta_the_flagged_one(served: tuple[FlaskClient, dict[str, str]], spec: str) -> None:
    client, headers = served

    def read(query: str) -> list[str]:
        return [one["sourcedId"] for one in client.get(f"{ROOTS[spec]}/orgs{query}", headers=headers).get_json()["orgs"]]

    assert read("") == ["org-0", "org-1"]
    assert read("?filter=status='active'") == ["org-0"]
    assert read("?filter=status='tobedeleted'") == ["org-1"]
    assert read(f"?filter=dateLastModified>'{STAMP}'") == ["org-1"]


@pytest.mark.parametrize("spec", VERSIONS)
def test_a_record_that_never_was_is_404(served: tuple[FlaskClient, dict[str, str]], spec: str) -> None:
    client, headers = served
    assert client.get(f"{ROOTS[spec]}/orgs/org-2", headers=headers).status_code == 404


def test_a_record_goes_through_its_states(clients: dict[str, Client]) -> None:
    one = clients["1.2"]
    assert one.call("getCategory", "own-1").status_code == 404
    one.put("Category", "own-1", body_of(one, "Category"))
    active = one.call("getCategory", "own-1").json()["category"]
    one.put("Category", "own-1", body_of(one, "Category", status="tobedeleted"))
    for client in clients.values():
        flagged = client.call("getCategory", "own-1").json()["category"]
        assert flagged["status"] == "tobedeleted" and flagged["dateLastModified"] >= active["dateLastModified"]
        assert "own-1" in ids(client.records("getAllCategories"))
        assert "own-1" not in ids(client.records("getAllCategories", filter="status='active'"))
    assert one.call("deleteCategory", "own-1").status_code == 204
    for client in clients.values():
        assert client.call("getCategory", "own-1").status_code == 404
        assert "own-1" not in ids(client.records("getAllCategories"))
    one.put("Category", "own-1", body_of(one, "Category"))
    assert one.call("getCategory", "own-1").json()["category"]["status"] == "active"
