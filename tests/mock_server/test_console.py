"""The console over HTTP: what it shows, what it hides, and that a form changes what clients then see."""

from __future__ import annotations

import re

import pytest
import requests
from openapi_spec_validator import validate

from mock_server.mock_process import RunningMock
from tests.mock_server.wire import WITHIN_S, Wire


@pytest.fixture
def console(oneroster_mock: RunningMock) -> str:
    """URL of the console."""
    return str(oneroster_mock.ready["console_url"])


@pytest.fixture
def signed_in(oneroster_mock: RunningMock, console: str) -> requests.Session:
    """A browser that has signed in."""
    session = requests.Session()
    answer = session.post(f"{console}/sign-in", data={"token": oneroster_mock.ready["admin_token"]}, timeout=WITHIN_S)
    assert answer.status_code == 200
    return session


def page(session: requests.Session | None, url: str) -> str:
    """A page's text."""
    answer = (session or requests.Session()).get(url, timeout=WITHIN_S)
    assert answer.status_code == 200, url
    return answer.text


@pytest.mark.parametrize("vendor", ["reference", "powerschool", "infinite-campus", "classlink"])
def test_a_vendors_page_shows_its_urls_and_hides_its_secrets_until_someone_signs_in(
    oneroster_mock: RunningMock, console: str, signed_in: requests.Session, vendor: str
) -> None:
    found = oneroster_mock.ready["providers"][vendor]
    secrets = [found["client_secret"], *filter(None, [found["bearer"]]), oneroster_mock.ready["admin_token"]]
    closed = page(None, f"{console}/vendors/{vendor}")
    assert found["base_url"] in closed
    assert not [secret for secret in secrets if secret in closed]
    opened = page(signed_in, f"{console}/vendors/{vendor}")
    assert found["client_secret"] in opened
    assert oneroster_mock.ready["admin_token"] not in opened


def test_a_wrong_admin_token_is_refused(console: str) -> None:
    answer = requests.post(f"{console}/sign-in", data={"token": "guessed"}, timeout=WITHIN_S)
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers


def test_nothing_is_changed_without_signing_in(oneroster_mock: RunningMock, console: str) -> None:
    answer = requests.post(f"{console}/vendors/reference/quirks", data={"chosen": "paging.no-link"}, timeout=WITHIN_S)
    assert answer.status_code == 401
    assert oneroster_mock.admin("GET", "/vendors/reference/quirks")["quirks"] == []


def test_a_form_of_another_site_is_refused(oneroster_mock: RunningMock, console: str, signed_in: requests.Session) -> None:
    answer = signed_in.post(
        f"{console}/vendors/reference/quirks", data={"chosen": "paging.no-link"},
        headers={"Origin": "http://elsewhere.example.org"}, timeout=WITHIN_S,
    )  # fmt: skip
    assert answer.status_code == 403
    assert oneroster_mock.admin("GET", "/vendors/reference/quirks")["quirks"] == []


def test_a_quirk_that_is_ticked_shows_in_the_next_answer(console: str, signed_in: requests.Session, reference: Wire) -> None:
    assert "Link" in reference.get("/users", limit=1).headers
    answer = signed_in.post(f"{console}/vendors/reference/quirks", data={"chosen": "paging.no-link"}, timeout=WITHIN_S)
    assert re.search(r'value="paging.no-link" checked', answer.text)
    assert "Link" not in reference.get("/users", limit=1).headers


def test_a_setting_that_is_ticked_closes_its_resource(
    console: str, signed_in: requests.Session, wires: dict[str, Wire]
) -> None:
    signed_in.post(f"{console}/vendors/powerschool/settings", data={"chosen": "enrollments"}, timeout=WITHIN_S)
    assert wires["powerschool"].get("/enrollments").status_code == 403
    signed_in.post(f"{console}/reset", timeout=WITHIN_S)
    assert wires["powerschool"].get("/enrollments").status_code == 200


def test_signing_out_closes_the_console(console: str, signed_in: requests.Session) -> None:
    signed_in.post(f"{console}/sign-out", timeout=WITHIN_S)
    answer = signed_in.post(f"{console}/reset", timeout=WITHIN_S)
    assert answer.status_code == 401


def test_requests_are_listed_without_anybodys_id(console: str, reference: Wire) -> None:
    person = reference.first("/users")
    reference.get(f"/users/{person['sourcedId']}")
    text = page(None, f"{console}/journal")
    assert "users" in text
    assert person["sourcedId"] not in text


def test_every_linked_api_document_is_valid_and_names_this_server(oneroster_mock: RunningMock, console: str) -> None:
    root = console.removesuffix("/_console")
    for vendor, specs in {"reference": 4, "powerschool": 2, "infinite-campus": 2, "classlink": 1}.items():
        links = re.findall(r'href="([^"]+\.json)"', page(None, f"{console}/vendors/{vendor}"))
        assert len(links) == specs
        for link in links:
            document = requests.get(root + link, timeout=WITHIN_S).json()
            validate(document)
            assert document["servers"][0]["url"].startswith(root)


def test_the_document_page_asks_nothing_of_the_internet(console: str) -> None:
    text = page(None, f"{console}/openapi/reference/1.2/gradebook")
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', text)
    for asset in re.findall(r'(?:src|href)="(/[^"]+\.(?:js|css))"', text):
        assert requests.get(console.removesuffix("/_console") + asset, timeout=WITHIN_S).status_code == 200


@pytest.mark.parametrize("path", ["/vendors/nobody", "/openapi/reference/1.3/all.json", "/openapi/classlink/1.2/rostering", "/openapi-assets/passwd"])
def test_a_page_that_is_not_there_is_a_plain_404(console: str, path: str) -> None:
    assert requests.get(console + path, timeout=WITHIN_S).status_code == 404
