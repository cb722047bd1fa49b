"""Both versions of one district: separate roots, scopes and error forms, one token endpoint."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from mock_server.mock_process import RunningMock
from tests.mock_server.wire import PREFIX, PREFIX_1P2, WITHIN_S, Wire


def roots(mock: RunningMock, vendor: str = "reference") -> dict[str, str]:
    """Service -> root of 1.2."""
    found: dict[str, str] = mock.ready["providers"][vendor]["base_urls"]["1.2"]
    return found


def asked(url: str, token: str) -> requests.Response:
    """A GET with a bearer token."""
    return requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=WITHIN_S)


def minor(answer: requests.Response) -> str:
    """Code minor of a 1.2 error, whose form is checked on the way."""
    document: dict[str, Any] = answer.json()
    assert set(document) == {"imsx_codeMajor", "imsx_severity", "imsx_description", "imsx_CodeMinor"}
    (field,) = document["imsx_CodeMinor"]["imsx_codeMinorField"]
    assert field["imsx_codeMinorFieldName"] == "TargetEndSystem"
    return str(field["imsx_codeMinorFieldValue"])


@pytest.fixture
def token(reference: Wire) -> str:
    """A token for everything of both versions."""
    return str(reference.token_answer().json()["access_token"])


@pytest.mark.parametrize(
    ("path", "status", "code_minor"),
    [
        ("/orgs/nothing", 404, "unknownobject"),
        ("/nothing", 404, "unknownobject"),
        ("/orgs?filter=shoeSize%3D'1'", 400, "invalid_filter_field"),
        ("/orgs?fields=shoeSize", 400, "invalid_selection_field"),
        ("/orgs?fields=", 400, "invalid_selection_field"),
        ("/orgs?limit=0", 400, "invaliddata"),
    ],
)
def test_errors_of_1p2_have_their_own_form_and_codes(
    oneroster_mock: RunningMock, token: str, path: str, status: int, code_minor: str
) -> None:
    answer = asked(roots(oneroster_mock)["rostering"] + path, token)
    assert (answer.status_code, minor(answer)) == (status, code_minor)


def test_an_unknown_sort_field_is_passed_over_silently_in_1p2(oneroster_mock: RunningMock, token: str) -> None:
    answer = asked(roots(oneroster_mock)["rostering"] + "/orgs?sort=shoeSize&orderBy=desc", token)
    assert answer.status_code == 200
    assert list(answer.json()) == ["orgs"]


def test_a_missing_token_is_unauthorised_in_the_spelling_of_1p2(oneroster_mock: RunningMock) -> None:
    answer = requests.get(roots(oneroster_mock)["rostering"] + "/orgs", timeout=WITHIN_S)
    assert (answer.status_code, minor(answer)) == (401, "unauthorisedrequest")


def test_scopes_of_one_version_do_not_open_the_other(oneroster_mock: RunningMock, reference: Wire) -> None:
    for prefix, opened, closed in (
        (PREFIX, reference.provider.base_url, roots(oneroster_mock)["rostering"]),
        (PREFIX_1P2, roots(oneroster_mock)["rostering"], reference.provider.base_url),
    ):
        form = {"grant_type": "client_credentials", "scope": f"{prefix}roster.readonly"}
        own = reference.token_answer(data=form).json()["access_token"]
        assert asked(f"{opened}/orgs?limit=1", own).status_code == 200
        assert asked(f"{closed}/orgs?limit=1", own).status_code == 403


def test_demographics_need_their_own_scope_in_1p2(oneroster_mock: RunningMock, reference: Wire) -> None:
    root = roots(oneroster_mock)["rostering"]
    for scope, status in (("roster.readonly", 403), ("roster-demographics.readonly", 200)):
        form = {"grant_type": "client_credentials", "scope": PREFIX_1P2 + scope}
        own = reference.token_answer(data=form).json()["access_token"]
        assert asked(f"{root}/demographics?limit=1", own).status_code == status


def test_a_service_of_1p2_is_served_under_its_own_root_only(oneroster_mock: RunningMock, token: str) -> None:
    found = roots(oneroster_mock)
    for service, path in (("rostering", "/orgs"), ("gradebook", "/lineItems"), ("resources", "/resources")):
        for other, root in found.items():
            assert asked(f"{root}{path}?limit=1", token).status_code == (200 if other == service else 404)
