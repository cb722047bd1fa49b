"""Every deviation of the catalogue is a quirk or a habit of delivery, or the mock says what it does instead."""

from __future__ import annotations

import requests
from requests_oauthlib import OAuth1

from mock_server.documentation import elsewhere
from mock_server.mock_process import RunningMock
from oneroster_standard.dialects import SHIPPED, load_dialect, load_quirks
from oneroster_standard.dialects.delivery import load_habits
from tests.mock_server.wire import WITHIN_S, Wire

OURS = [f"D{number:02}" for number in range(1, 186)]


def test_every_deviation_is_a_quirk_or_is_told_where_it_is() -> None:
    told = {found.deviation for found in (*load_quirks().values(), *load_habits().values())} | set(elsewhere())
    assert [found for found in OURS if found not in told] == []
    assert {found.how for found in elsewhere().values()} <= {"behaviour", "fault", "credential", "outside"}


def test_what_the_mock_does_not_do_has_a_reason_and_every_fact_a_source() -> None:
    facts = [found for name in SHIPPED for found in load_dialect(name).facts]
    assert all(found.source for found in facts)
    assert all(len(found.why_not) > 20 for found in facts if found.why_not)


def test_a_page_holds_a_hundred_until_the_maximum_is_raised(large_district: dict[str, Wire], oneroster_mock: RunningMock, wires: dict[str, Wire]) -> None:
    asked = {"limit": 5000}
    assert len(wires["powerschool"].get("/enrollments", **asked).json()["enrollments"]) > 100
    oneroster_mock.withhold("powerschool", ["page-size-raised"])
    answer = wires["powerschool"].get("/enrollments", **asked)
    assert len(answer.json()["enrollments"]) == 100 < int(answer.headers["X-Total-Count"])


def test_the_campus_version_is_told_until_the_version_has_no_api(oneroster_mock: RunningMock, wires: dict[str, Wire]) -> None:
    wire = wires["infinite-campus"]
    assert int(wire.get("/campusVersion").json()["campusVersion"]) >= 1733
    assert requests.get(f"{wire.provider.base_url}/campusVersion", timeout=WITHIN_S).status_code == 401
    oneroster_mock.withhold("infinite-campus", ["version-1733"])
    assert wire.get("/campusVersion").status_code == 404


def test_a_signature_that_leaves_a_parameter_out_is_refused(wires: dict[str, Wire]) -> None:
    wire = wires["classlink"]
    auth = OAuth1(wire.provider.client_id, wire.provider.client_secret, signature_method="HMAC-SHA256")
    prepared = requests.Request("GET", f"{wire.provider.base_url}/users?limit=5", auth=auth).prepare()
    headers = {"Authorization": str(prepared.headers["Authorization"])}
    assert requests.get(f"{wire.provider.base_url}/users?limit=5&offset=5", headers=headers, timeout=WITHIN_S).status_code == 401


def test_an_order_without_sort_and_parameters_in_the_token_url_are_accepted(wires: dict[str, Wire]) -> None:
    assert wires["classlink"].get("/users", orderBy="asc", limit=1).ok
    assert wires["reference"].token_answer(data="", params={"grant_type": "client_credentials"}).ok


def test_classlink_sends_the_headers_that_were_captured(wires: dict[str, Wire]) -> None:
    headers = wires["classlink"].get("/users", limit=1).headers
    assert (headers["x-host-name"], headers["x-next-page-token"], headers["x-endpoint"]) == ("undefined", "", "users")
