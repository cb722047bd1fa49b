"""The console over HTTP: what it shows, what it hides, and that a form changes what clients then see."""

from __future__ import annotations

import io
import re
import zipfile

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


def test_a_fault_of_the_form_strikes_and_a_wrong_line_changes_nothing(
    oneroster_mock: RunningMock, console: str, signed_in: requests.Session, reference: Wire
) -> None:
    reference.bearer()
    signed_in.post(f"{console}/vendors/reference/faults", data={"faults": "fault.server-error@on=users,times=1\n"}, timeout=WITHIN_S)
    assert reference.get("/users", limit=1).status_code >= 500
    assert reference.get("/users", limit=1).status_code == 200
    answer = signed_in.post(f"{console}/vendors/reference/faults", data={"faults": "fault.no-such"}, timeout=WITHIN_S)
    assert answer.status_code == 400
    assert [found["id"] for found in oneroster_mock.admin("GET", "/vendors/reference/faults")["faults"]] == ["fault.server-error"]


def test_days_pass_by_a_form(oneroster_mock: RunningMock, console: str, signed_in: requests.Session) -> None:
    signed_in.post(f"{console}/advance", data={"days": "3"}, timeout=WITHIN_S)
    assert "Day 3: 2026-10-04" in page(None, console)
    assert signed_in.post(f"{console}/advance", data={"days": "none"}, timeout=WITHIN_S).status_code == 400
    assert oneroster_mock.admin("GET", "/advance")["day"] == 3


def test_a_rotated_credential_is_shown_and_both_are_good(
    console: str, signed_in: requests.Session, reference: Wire
) -> None:
    answer = signed_in.post(f"{console}/vendors/reference/credentials", data={"action": "rotate", "overlap_s": "600"}, timeout=WITHIN_S)
    found = re.search(r"CLIENT_ID=&#39;([^&]+)&#39;\s*export ONEROSTER_CLIENT_SECRET=&#39;([^&]+)&#39;", answer.text)
    assert found and "no-store" in answer.headers["Cache-Control"]
    assert reference.token_answer(auth=(found[1], found[2])).status_code == 200
    assert reference.token_answer().status_code == 200
    later = page(signed_in, f"{console}/vendors/reference")
    assert found[1] in later
    assert found[2] not in page(None, f"{console}/vendors/reference")


def test_a_bundle_is_taken_away_by_whoever_has_signed_in(console: str, signed_in: requests.Session) -> None:
    assert requests.get(f"{console}/vendors/classlink/bundle-1.1.zip", timeout=WITHIN_S).status_code == 401
    days = []
    for _ in range(2):
        answer = signed_in.get(f"{console}/vendors/classlink/bundle-1.1.zip", timeout=WITHIN_S)
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            days.append(archive.read("users.csv"))
        signed_in.post(f"{console}/advance", data={"days": "9"}, timeout=WITHIN_S)
    assert days[0].startswith(b"sourcedId,") and days[0] != days[1]
    assert signed_in.get(f"{console}/vendors/classlink/bundle-1.2.zip", timeout=WITHIN_S).status_code == 404


@pytest.mark.parametrize("path", ["/vendors/reference?changed=", "?passed="])
def test_what_stands_in_an_address_is_never_markup(console: str, path: str) -> None:
    assert "<b>bold</b>" not in page(None, f"{console}{path}<b>bold</b>")
