"""Vendors in 1.2: settings and quirks hold there as well, and only what a vendor has is served."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from mock_server.mock_process import RunningMock, running_mock
from oneroster_standard.standard import VERSIONS
from tests.mock_server.test_posts import body_for, parents
from tests.mock_server.versions import Client, minor_of
from tests.mock_server.wire import WITHIN_S, ids

VENDORS = ("powerschool", "infinite-campus")


@pytest.fixture(scope="module")
def vendors(oneroster_mock_server: RunningMock) -> dict[str, Client]:
    """A client of 1.2 per vendor that serves it."""
    return {vendor: Client(oneroster_mock_server, "1.2", vendor) for vendor in VENDORS}


def test_a_withheld_resource_is_refused_in_1p2(oneroster_mock: RunningMock, vendors: dict[str, Client]) -> None:
    client = vendors["powerschool"]
    root = client.root("rostering")
    headers = {"Authorization": f"Bearer {client.token()}", "x-vendor-authorization": "k:s"}
    assert requests.get(f"{root}/orgs?limit=1", headers=headers, timeout=WITHIN_S).status_code == 200
    setting = next(
        found["id"] for found in oneroster_mock.admin("GET", "/vendors/powerschool/settings")["settings"] if "orgs" in found["id"]
    )
    oneroster_mock.withhold("powerschool", [setting])
    assert minor_of(requests.get(f"{root}/orgs?limit=1", headers=headers, timeout=WITHIN_S)) == (403, "forbidden")


def test_a_quirk_shows_in_both_versions(oneroster_mock: RunningMock, clients: dict[str, Client]) -> None:
    oneroster_mock.set_quirks("reference", ["paging.no-link", "value.boolean-json", "reference.href-other-host"])
    for spec, client in clients.items():
        answer = client.call("getAllUsers", params={"limit": 1})
        assert "Link" not in answer.headers
        (user,) = answer.json()["users"]
        assert user["enabledUser"] in (True, False)
        org = user["orgs"][0] if spec == "1.1" else user["roles"][0]["org"]
        tail = "ims/oneroster/v1p1" if spec == "1.1" else "ims/oneroster/rostering/v1p2"
        assert org["href"] == f"https://district.rosterserver.example/{tail}/orgs/{org['sourcedId']}"


@pytest.mark.parametrize("spec", VERSIONS)
def test_an_unheard_of_method_is_refused_in_the_form_of_the_version(clients: dict[str, Client], spec: str) -> None:
    answer = clients[spec].send("PROPFIND", clients[spec].root("rostering") + "/users")
    if spec == "1.2":
        assert minor_of(answer) == (405, "invaliddata")
    else:
        assert answer.status_code == 405 and answer.json()["statusInfoSet"]


def at_once(*actions: Callable[[], None]) -> None:
    """Run actions in threads of their own; the first failure is raised."""
    with ThreadPoolExecutor(len(actions)) as pool:
        for future in [pool.submit(action) for action in actions]:
            future.result()


def test_writers_of_both_versions_on_two_workers_lose_nothing() -> None:
    with running_mock(students=60, vendors=["reference"], options=["--workers", "2"]) as mock:
        own = {spec: Client(mock, spec) for spec in VERSIONS}
        own["1.2"].whole("lineItems")
        place = parents(own["1.2"], "postLineItemsForClass")
        body: Any = {"lineItems": [body_for(own["1.2"], "postLineItemsForClass", "t-1")]}
        allocated: list[str] = []
        for client in own.values():
            client.token()

        def puts(number: int) -> Callable[[], None]:
            client = Client(mock, VERSIONS[number % 2])
            sent = {"title": "Debates"}

            def run() -> None:
                for place in range(6):
                    assert client.put("Category", f"own-{number}-{place}", sent).status_code == 201
                    created = client.put("Category", "shared", sent).status_code
                    assert created in (200, 201)

            return run

        def posts() -> None:
            client = Client(mock, "1.2")
            for _ in range(6):
                answer = client.call("postLineItemsForClass", *place, json=body)
                allocated.extend(one["allocatedSourcedId"] for one in answer.json()["sourcedIdPairs"])

        at_once(*(puts(number) for number in range(4)), posts, posts)
        expected = {f"own-{number}-{place}" for number in range(4) for place in range(6)} | {"shared"}
        for client in own.values():
            for _ in range(4):
                assert expected <= set(ids(client.records("getAllCategories")))
                assert set(allocated) <= set(ids(client.records("getAllLineItems")))
        assert len(set(allocated)) == len(allocated) == 12
