"""OAuth 2 client credentials and bearer tokens, over HTTP."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from mock_server.auth.keyring import Keyring
from mock_server.auth.tokens import TokenMint
from mock_server.mock_process import RunningMock
from mock_server.state import SharedState
from oneroster_standard.dialects import load_dialect
from oneroster_standard.scopes import ALL
from tests.mock_server.wire import GRADEBOOK, PREFIX, ROSTER, WITHIN_S, Wire, status_of


def pair(wire: Wire) -> dict[str, str]:
    """The credentials as body parameters."""
    return {"client_id": wire.provider.client_id, "client_secret": wire.provider.client_secret}


def test_a_basic_header_gets_a_bearer_token_with_the_scopes_asked_for(reference: Wire) -> None:
    answer = reference.token_answer(ROSTER[:2])
    found = answer.json()
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert found["token_type"].lower() == "bearer"
    assert found["expires_in"] == 3600 and isinstance(found["expires_in"], int)
    assert set(found["scope"].split()) == {PREFIX + scope for scope in ROSTER[:2]}


@pytest.mark.parametrize("form", [{"grant_type": "client_credentials"}, {}, {"scope": ""}])
def test_credentials_in_the_body_and_missing_parameters_are_accepted(
    reference: Wire, form: dict[str, str]
) -> None:
    answer = reference.token_answer(auth=None, data={**form, **pair(reference)})
    assert answer.status_code == 200
    granted = set(answer.json()["scope"].split())
    assert {scope for scope in granted if scope.startswith(PREFIX)} == {PREFIX + scope for scope in (*ROSTER, *GRADEBOOK)}
    assert {scope.rpartition("/")[2] for scope in granted if not scope.startswith(PREFIX)} == set(ALL["1.2"])


def test_grant_type_and_scope_may_stand_in_the_query(reference: Wire) -> None:
    asked = {"grant_type": "client_credentials", "scope": f"{PREFIX}roster-core.readonly"}
    answer = reference.token_answer(data=None, params=asked)
    assert (answer.status_code, answer.json()["scope"]) == (200, asked["scope"])


def test_a_new_token_leaves_the_older_one_alive(reference: Wire) -> None:
    tokens = [reference.token_answer().json()["access_token"] for _ in range(2)]
    assert tokens[0] != tokens[1]
    for token in tokens:
        assert reference.call("GET", "/orgs", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_a_wider_request_gets_the_smaller_list(reference: Wire) -> None:
    asked = f"{PREFIX}roster.readonly {PREFIX}everything.readonly"
    answer = reference.token_answer(data={"grant_type": "client_credentials", "scope": asked})
    assert answer.json()["scope"] == f"{PREFIX}roster.readonly"


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"auth": ("mock-nobody", "secret")}, 401, "invalid_client"),
        ({"auth": None}, 401, "invalid_client"),
        ({"data": {"grant_type": "password"}}, 400, "unsupported_grant_type"),
        ({"data": {"grant_type": "client_credentials", "scope": "everything"}}, 400, "invalid_scope"),
        ({"data": "grant_type=client_credentials&grant_type=client_credentials"}, 400, "invalid_request"),
    ],
)
def test_a_bad_token_request_is_refused_with_the_error_of_the_rfc(
    reference: Wire, change: dict[str, Any], status: int, error: str
) -> None:
    answer = reference.token_answer(**change)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


@pytest.mark.parametrize("place", ["header", "body"])
def test_a_wrong_secret_is_refused(reference: Wire, place: str) -> None:
    wrong = {**pair(reference), "client_secret": "x" * 40}
    change: dict[str, Any] = (
        {"auth": tuple(wrong.values())} if place == "header" else {"auth": None, "data": wrong}
    )
    assert reference.token_answer(**change).status_code == 401


def test_the_token_endpoint_takes_post_only(reference: Wire) -> None:
    answer = reference.session.get(str(reference.provider.token_url), timeout=WITHIN_S)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_may_be_written_in_any_case(reference: Wire, scheme: str) -> None:
    header = {"Authorization": f"{scheme} {reference.bearer()}"}
    assert reference.call("GET", "/orgs", headers=header).status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer nonsense", "Basic bW9jazptb2Nr", "Negotiate x"])
def test_without_a_valid_credential_the_answer_is_401_and_says_how_to_sign_in(
    reference: Wire, header: str
) -> None:
    answer = reference.call("GET", "/orgs", headers={"Authorization": header})
    assert status_of(answer) == (401, "failure", "error", "unauthorized")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("vendor", "form"), [("reference", "opaque"), ("powerschool", "uuid"), ("infinite-campus", "jwt")]
)
def test_a_token_is_good_until_it_expires(wires: dict[str, Wire], tmp_path: Path, vendor: str, form: str) -> None:
    life_s = load_dialect(vendor).token_life_s
    scopes = [PREFIX + scope for scope in ROSTER]
    keyring = Keyring(1, vendor, scopes, SharedState(tmp_path))
    mint = TokenMint(form, life_s, keyring)
    statuses = []
    for issued in (time.time(), time.time() - 2 * life_s):
        header = {"Authorization": f"Bearer {mint.issue(keyring.live()[0], scopes, issued).token}"}
        statuses.append(wires[vendor].call("GET", "/orgs", headers=header).status_code)
    assert statuses == [200, 401]


def test_a_token_of_one_vendor_opens_no_other(wires: dict[str, Wire]) -> None:
    header = {"Authorization": f"Bearer {wires['reference'].bearer()}"}
    for vendor in ("powerschool", "infinite-campus", "classlink"):
        assert wires[vendor].call("GET", "/orgs", headers=header).status_code == 401


@pytest.mark.parametrize(
    ("scopes", "open_to", "closed_to"),
    [
        (
            ("roster-core.readonly",),
            ("/users", "/orgs", "/terms"),
            ("/demographics", "/resources", "/lineItems"),
        ),
        (("roster.readonly",), ("/users", "/courses"), ("/demographics", "/resources", "/results")),
        (("roster-demographics.readonly",), ("/demographics",), ("/users", "/classes")),
        (("resource.readonly",), ("/resources",), ("/orgs", "/categories")),
        (("gradebook.readonly",), ("/categories", "/lineItems", "/results"), ("/users", "/resources")),
    ],
)
def test_a_scope_opens_its_own_endpoints_only(
    reference: Wire, scopes: tuple[str, ...], open_to: tuple[str, ...], closed_to: tuple[str, ...]
) -> None:
    for path in open_to:
        assert reference.call("GET", path, scopes=scopes).status_code == 200, path
    for path in closed_to:
        assert status_of(reference.call("GET", path, scopes=scopes)) == (
            403,
            "failure",
            "error",
            "forbidden",
        ), path


def test_relationships_need_the_wider_roster_scope(reference: Wire) -> None:
    school = reference.records("/schools", "orgs")[0]["sourcedId"]
    path = f"/schools/{school}/classes"
    assert reference.call("GET", path, scopes=("roster-core.readonly",)).status_code == 403
    assert reference.call("GET", path, scopes=("roster.readonly",)).status_code == 200


def test_the_static_bearer_is_the_classlink_credential(
    oneroster_mock: RunningMock, wires: dict[str, Wire]
) -> None:
    wire = wires["classlink"]
    assert wire.provider.token_url is None
    assert wire.provider.bearer
    assert wire.get("/orgs").status_code == 200
    assert (
        wire.call("GET", "/orgs", headers={"Authorization": f"Bearer {wire.provider.bearer}x"}).status_code
        == 401
    )


def test_a_challenge_names_what_is_wrong_with_a_token(reference: Wire) -> None:
    challenge = {
        name: reference.call("GET", "/orgs", headers={"Authorization": value}).headers["WWW-Authenticate"]
        for name, value in (("garbage", "Bearer garbage"), ("other scheme", "Basic garbage"))
    }
    assert challenge == {"garbage": 'Bearer realm="OneRoster", error="invalid_token"', "other scheme": 'Bearer realm="OneRoster"'}
    narrow = reference.call("GET", "/demographics", scopes=("roster.readonly",))
    assert (narrow.status_code, narrow.headers["WWW-Authenticate"]) == (403, 'Bearer realm="OneRoster", error="insufficient_scope"')
