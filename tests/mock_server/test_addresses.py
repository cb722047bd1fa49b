"""Which provider an address reaches: host names of the vendors, their other service roots, wrong paths."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from requests_oauthlib import OAuth1

from mock_server.auth.credentials import credentials_of
from mock_server.mock_process import RunningMock
from tests.mock_server.wire import WITHIN_S, Wire

PS, IC, CL = "powerschool", "infinite-campus", "classlink"
HOSTS = {PS: "springfield.powerschool.com", IC: "springfield.infinitecampus.org", CL: "api.classlink.com"}
DIRECT = "/ims/oneroster/v1p1"


def origin(wire: Wire) -> str:
    parts = urlsplit(wire.provider.base_url)
    return f"{parts.scheme}://{parts.netloc}"


def at_host(wire: Wire, host: str, path: str, **more: object) -> requests.Response:
    """A GET of a path at the host's root, sent under a host name."""
    headers = {"Host": host, "Authorization": f"Bearer {wire.bearer()}"}
    given = {"headers": headers, "timeout": WITHIN_S, "allow_redirects": False, **more}
    return requests.get(origin(wire) + path, **given)  # type: ignore[arg-type]


def root_path(wire: Wire) -> str:
    return urlsplit(wire.provider.base_url).path


def app_of(wire: Wire) -> str:
    return parse_qs(urlsplit(str(wire.provider.token_url)).query)["appName"][0]


def application_of(mock: RunningMock) -> dict[str, object]:
    """The entry of the served district in the partner's list."""
    found: dict[str, object] = partner_list(mock).json()["applications"][0]
    return found


def partner_list(mock: RunningMock, key: str | None = None, **parameters: object) -> requests.Response:
    headers = {"Authorization": f"Bearer {key or partner_key(mock)}"}
    return requests.get(applications_url(mock), headers=headers, params=parameters, timeout=WITHIN_S)  # type: ignore[arg-type]


def partner_key(mock: RunningMock) -> str:
    return str(mock.admin("GET", f"/vendors/{CL}/credentials")["partner_key"])


def applications_url(mock: RunningMock) -> str:
    return str(mock.ready["console_url"]).replace("/_console", "/applications")


@pytest.mark.parametrize("vendor", HOSTS)
def test_a_vendors_host_name_reaches_that_vendor_only(wires: dict[str, Wire], vendor: str) -> None:
    assert at_host(wires[vendor], HOSTS[vendor], f"{root_path(wires[vendor])}/orgs").ok
    for other in HOSTS:
        if other != vendor:
            assert at_host(wires[other], HOSTS[vendor], f"{root_path(wires[other])}/orgs").status_code == 404


def test_a_vendors_token_endpoint_is_not_found_under_another_vendors_host(wires: dict[str, Wire]) -> None:
    url = str(wires[PS].provider.token_url)
    pair = (wires[PS].provider.client_id, wires[PS].provider.client_secret)
    answers = [
        requests.post(url, auth=pair, headers={"Host": host}, timeout=WITHIN_S).status_code
        for host in (HOSTS[PS], HOSTS[IC])
    ]
    assert answers == [200, 404]


def test_the_standards_path_is_the_direct_servers_under_classlinks_hosts(wires: dict[str, Wire]) -> None:
    wire = wires[CL]
    auth = OAuth1(wire.provider.client_id, wire.provider.client_secret, signature_method="HMAC-SHA256")
    # The signature covers the host that was called, so the name goes into the URL as the client would write it.
    prepared = requests.Request("GET", f"http://certs.oneroster.com{DIRECT}/users?limit=5", auth=auth).prepare()
    signed = requests.get(
        f"{origin(wire)}{DIRECT}/users?limit=5", timeout=WITHIN_S,
        headers={"Host": "certs.oneroster.com", "Authorization": prepared.headers["Authorization"]},
    )  # fmt: skip
    assert signed.ok
    assert 'rel="next"' in signed.headers["Link"]
    assert at_host(wire, "certs.oneroster.com", f"{DIRECT}/users").status_code == 401
    assert at_host(wires["reference"], "127.0.0.1", f"{DIRECT}/users").ok


def test_references_of_the_direct_server_lead_to_itself(wires: dict[str, Wire], oneroster_mock: RunningMock) -> None:
    wire = wires[CL]
    server = requests.get(
        f"{applications_url(oneroster_mock)}/{application_of(oneroster_mock)['oneroster_application_id']}/server",
        headers={"Authorization": f"Bearer {partner_key(oneroster_mock)}"}, timeout=WITHIN_S,
    ).json()  # fmt: skip
    auth = OAuth1(server["client_id"], server["client_secret"], signature_method="HMAC-SHA1")
    answer = requests.get(f"{server['endpoint_url']}/classes?limit=1", auth=auth, timeout=WITHIN_S)
    assert answer.json()["classes"][0]["school"]["href"].startswith(server["endpoint_url"])
    assert not wire.first("/classes")["school"]["href"].startswith(wire.provider.base_url)


# ClassLink's list of districts: three ids, of which one is a path segment, escaped already.


def test_only_the_given_application_id_opens_the_proxy(wires: dict[str, Wire], oneroster_mock: RunningMock) -> None:
    wire, entry = wires[CL], application_of(oneroster_mock)
    right = str(entry["oneroster_application_id"])
    assert "%2F" in right and entry["bearer"] == wire.provider.bearer
    assert at_host(wire, "127.0.0.1", f"/{right}/ims/oneroster/v1p1/orgs").ok
    wrong = [right.replace("%", "%25"), str(entry["id"]), str(entry["application_id"])]
    for segment in wrong:
        answer = at_host(wire, "oneroster-proxy.classlink.io", f"/{segment}/ims/oneroster/v1p1/orgs")
        assert (answer.status_code, answer.json()) == (404, {"message": "Not Found"})


def test_the_list_of_districts_pages_without_a_count_and_needs_the_partners_key(oneroster_mock: RunningMock) -> None:
    whole = partner_list(oneroster_mock)
    assert whole.json()["status"] == 1
    assert not {name for name in map(str.lower, whole.headers) if "count" in name}
    second = partner_list(oneroster_mock, limit=1, offset=1).json()["applications"]
    assert second == whole.json()["applications"][1:2]
    assert {found["enabled"] for found in whole.json()["applications"]} == {"true", "false"}
    assert partner_list(oneroster_mock, key="not the key").status_code == 401


def test_a_district_that_withdrew_its_sharing_is_listed_as_switched_off(oneroster_mock: RunningMock, wires: dict[str, Wire]) -> None:
    oneroster_mock.withhold(CL, ["application-added"])
    assert wires[CL].get("/orgs").status_code == 401
    assert application_of(oneroster_mock)["enabled"] == "false"


def test_a_signature_does_not_open_the_proxy(wires: dict[str, Wire], oneroster_mock: RunningMock) -> None:
    wire = wires[CL]
    url = f"{origin(wire)}/proxy/v1p0/{wire.provider.base_url.rpartition('/')[2]}/ims/oneroster/v1p1/orgs"
    signed = requests.get(url, auth=OAuth1(wire.provider.client_id, wire.provider.client_secret), timeout=WITHIN_S)
    assert signed.status_code == 401


# What a client sees of an address that is nearly right.


@pytest.mark.parametrize(
    ("vendor", "path"),
    [
        (PS, "/ws/v1p1/ims/oneroster"), (PS, "/ws/v1/orgs"), (PS, "/api/ims/oneroster/v1p2/orgs"), (IC, "/campus"),
        (IC, "/campus/api/oneroster/v1p2/ims/oneroster"), (IC, "/campus/oneroster/nobody/ims/oneroster/v1p1/orgs"),
    ],
)  # fmt: skip
def test_a_wrong_path_is_a_page_of_the_vendors_web_server(wires: dict[str, Wire], vendor: str, path: str) -> None:
    answer = at_host(wires[vendor], "127.0.0.1", path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html") and "<h1>" in answer.text


def test_paths_are_case_sensitive(wires: dict[str, Wire]) -> None:
    assert wires["reference"].get("/Orgs").status_code == 404
    url = str(wires["reference"].provider.token_url)
    assert requests.post(url.replace("/token", "/Token"), timeout=WITHIN_S).status_code == 404


def test_a_vendor_that_speaks_of_1p2_serves_1p1_only(wires: dict[str, Wire]) -> None:
    answer = at_host(wires[CL], "certs.rosterserver.com", "/ims/oneroster/rostering/v1p2/orgs")
    assert answer.status_code == 404


def test_a_token_of_the_companys_other_product_opens_nothing(wires: dict[str, Wire], oneroster_mock: RunningMock) -> None:
    wire = wires[PS]
    url = f"{origin(wire)}/as/token.oauth2"
    own = (wire.provider.client_id, wire.provider.client_secret)
    assert requests.post(url, auth=own, timeout=WITHIN_S).status_code == 401
    other = credentials_of(1, "powerschool/other-product")
    form = {"grant_type": "client_credentials", "client_id": other.client_id, "client_secret": other.client_secret}
    token = requests.post(url, data=form, timeout=WITHIN_S).json()["access_token"]
    answer = requests.get(f"{wire.provider.base_url}/orgs", headers={"Authorization": f"Bearer {token}"}, timeout=WITHIN_S)
    assert answer.status_code == 401
    assert wire.token_answer(auth=(other.client_id, other.client_secret)).status_code == 401


def test_the_typographic_quotes_of_a_guide_are_refused(wires: dict[str, Wire]) -> None:
    assert wires["reference"].get("/users", filter="role=‘student’").status_code == 400


def test_two_districts_of_one_host_are_told_apart_by_the_application_name(wires: dict[str, Wire]) -> None:
    wire = wires[IC]
    path = "/campus/api/oneroster/v1p1/{}/ims/oneroster/v1p1/orgs"
    assert at_host(wire, "iacloud2.infinitecampus.org", path.format(app_of(wire))).ok
    assert at_host(wire, "iacloud2.infinitecampus.org", path.format("neighbour")).status_code == 404
