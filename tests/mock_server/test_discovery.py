"""Each service of 1.2 describes itself: open to all, with the addresses and scopes that are really served."""

from __future__ import annotations

import pytest
import requests

from mock_server.mock_process import RunningMock
from oneroster_standard.discovery import FOLDER, file_names
from oneroster_standard.standard import SERVICES, load
from tests.mock_server.versions import Client, minor_of
from tests.mock_server.wire import WITHIN_S

PATHS = [(service, f"/{FOLDER}/{name}") for service in SERVICES for name in file_names(service)]


def test_the_names_are_those_of_the_bindings_and_of_the_conformance_guide() -> None:
    assert [file_names(service) for service in SERVICES] == [
        ("onerosterv1p2rostersservice_openapi3_v1p0.json", "imsorv1p2_rostering_openapi3_v1p0.json"),
        ("onerosterv1p2gradebookservice_openapi3_v1p0.json", "imsorv1p2_gradebook_openapi3_v1p0.json"),
        ("onerosterv1p2resourcesservice_openapi3_v1p0.json", "imsorv1p2_resources_openapi3_v1p0.json"),
    ]


@pytest.mark.parametrize(("service", "path"), PATHS)
def test_a_document_names_what_is_served(oneroster_mock: RunningMock, clients: dict[str, Client], service: str, path: str) -> None:
    root = clients["1.2"].root(service)
    answer = requests.get(root + path, timeout=WITHIN_S)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    document = answer.json()
    assert document["openapi"].startswith("3.")
    assert [one["url"] for one in document["servers"]] == [root]
    flow = document["components"]["securitySchemes"]["OAuth2CC"]["flows"]["clientCredentials"]
    assert flow["tokenUrl"] == oneroster_mock.provider().token_url
    rows = [found for found in load("1.2").operations if found.service == service]
    served = {(method.upper(), name) for name, found in document["paths"].items() for method in found}
    assert served == {(found.method, found.path) for found in rows}
    # What it says is enough to sign in and read.
    facts = oneroster_mock.provider()
    form = {"grant_type": "client_credentials", "scope": " ".join(flow["scopes"])}
    token = requests.post(flow["tokenUrl"], data=form, auth=(facts.client_id, facts.client_secret), timeout=WITHIN_S).json()
    assert set(token["scope"].split()) == set(flow["scopes"])
    collection = next(found.path for found in rows if found.kind == "collection")
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    assert requests.get(document["servers"][0]["url"] + collection, headers=headers, timeout=WITHIN_S).status_code == 200


def test_a_head_and_other_methods(clients: dict[str, Client]) -> None:
    url = clients["1.2"].root("rostering") + PATHS[0][1]
    assert requests.head(url, timeout=WITHIN_S).status_code == 200
    answer = requests.post(url, timeout=WITHIN_S)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", ["/discovery", "/discovery/", "/discovery/openapi.json", "/discovery/a/b"])
def test_another_name_is_404(clients: dict[str, Client], path: str) -> None:
    assert minor_of(requests.get(clients["1.2"].root("rostering") + path, timeout=WITHIN_S)) == (404, "unknownobject")


def test_a_service_describes_itself_only(clients: dict[str, Client]) -> None:
    assert requests.get(clients["1.2"].root("gradebook") + PATHS[0][1], timeout=WITHIN_S).status_code == 404


def test_1p1_has_no_discovery(clients: dict[str, Client]) -> None:
    root = clients["1.1"].root("rostering")
    assert clients["1.1"].send("GET", root + PATHS[0][1]).status_code == 404


def test_a_vendor_whose_service_is_off_describes_nothing(oneroster_mock: RunningMock) -> None:
    facts = oneroster_mock.ready["providers"]["infinite-campus"]["base_urls"]["1.2"]
    url = facts["rostering"] + PATHS[0][1]
    assert requests.get(url, timeout=WITHIN_S).status_code == 200
    oneroster_mock.withhold("infinite-campus", ["version-1733"])
    assert requests.get(url, timeout=WITHIN_S).status_code == 404
