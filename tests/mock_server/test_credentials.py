"""Credentials at run time: issued, rotated with an overlap, expired, revoked, narrowed, over HTTP."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from mock_server.auth.keyring import Keyring
from mock_server.mock_handle import MockProblem, MockProvider
from mock_server.mock_process import RunningMock
from mock_server.state import SharedState
from oneroster_standard.oauth1 import sign
from tests.mock_server.wire import PREFIX, WITHIN_S, Wire

VENDORS = ("reference", "powerschool", "infinite-campus", "classlink")


def put(mock: RunningMock, vendor: str, action: str, **keys: Any) -> dict[str, Any]:
    """Carry out an action on a vendor's credentials."""
    found: dict[str, Any] = mock.admin("PUT", f"/vendors/{vendor}/credentials", {"action": action, **keys})
    return found


def with_issued(found: MockProvider, answer: dict[str, Any]) -> MockProvider:
    """A client's view of the provider with the credential that an answer issued."""
    issued = answer["issued"]
    return replace(found, client_id=issued["client_id"], client_secret=issued["client_secret"], bearer=issued["bearer"])


def signs_in(found: MockProvider) -> bool:
    """Whether a credential opens the provider now, by the mechanism that the provider has."""
    wire = Wire(found)
    if found.token_url:
        answer = wire.token_answer()
        assert answer.status_code in (200, 401), answer.text
        return answer.status_code == 200 and wire.call("GET", "/orgs", headers=_bearer(answer)).status_code == 200
    return wire.get("/orgs").status_code == 200


def _bearer(answer: requests.Response) -> dict[str, str]:
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def signature_passes(found: MockProvider) -> bool:
    """Whether a request that the credential signs is let in."""
    url = found.base_url + "/orgs"
    signed = sign("GET", url, key=found.client_id, secret=found.client_secret)
    return requests.get(url, headers=signed, timeout=WITHIN_S).status_code == 200


def states(mock: RunningMock, vendor: str) -> list[str]:
    """States of a vendor's credentials in the order they were issued."""
    return [one["state"] for one in mock.admin("GET", f"/vendors/{vendor}/credentials")["credentials"]]


@pytest.mark.parametrize("vendor", VENDORS)
def test_old_and_new_are_both_good_during_the_overlap(oneroster_mock: RunningMock, vendor: str) -> None:
    old = oneroster_mock.provider(vendor)
    new = with_issued(old, put(oneroster_mock, vendor, "rotate", overlap_s=3600))
    assert new.client_id != old.client_id and new.client_secret != old.client_secret
    assert signs_in(old) and signs_in(new)
    assert states(oneroster_mock, vendor) == ["overlap", "active"]
    put(oneroster_mock, vendor, "expire", client_id=old.client_id)
    assert not signs_in(old) and signs_in(new)
    assert states(oneroster_mock, vendor) == ["expired", "active"]
    oneroster_mock.reset()
    assert signs_in(old) and not signs_in(new)


@pytest.mark.parametrize("vendor", VENDORS)
def test_without_an_overlap_the_old_one_ends_at_once_and_its_tokens_live_on(oneroster_mock: RunningMock, vendor: str) -> None:
    old = oneroster_mock.provider(vendor)
    wire = Wire(old)
    wire.bearer()
    new = with_issued(old, put(oneroster_mock, vendor, "rotate"))
    assert not signs_in(old) and signs_in(new)
    # A static key is the credential itself; a token has a life of its own.
    assert wire.get("/orgs").status_code == (401 if old.bearer else 200)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_revoked_credential_takes_its_tokens_with_it(oneroster_mock: RunningMock, vendor: str) -> None:
    old = oneroster_mock.provider(vendor)
    wire = Wire(old)
    new = with_issued(old, put(oneroster_mock, vendor, "issue"))
    assert wire.get("/orgs").status_code == 200
    put(oneroster_mock, vendor, "revoke", client_id=old.client_id)
    assert wire.get("/orgs").status_code == 401
    assert not signs_in(old) and signs_in(new)
    assert states(oneroster_mock, vendor) == ["revoked", "active"]


@pytest.mark.parametrize("vendor", ["reference", "classlink"])
def test_signatures_follow_the_life_of_the_credential(oneroster_mock: RunningMock, vendor: str) -> None:
    old = oneroster_mock.provider(vendor)
    new = with_issued(old, put(oneroster_mock, vendor, "rotate", overlap_s=60))
    assert signature_passes(old) and signature_passes(new)
    put(oneroster_mock, vendor, "expire", client_id=old.client_id)
    assert not signature_passes(old) and signature_passes(new)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_narrowed_credential_loses_what_its_tokens_could_read(oneroster_mock: RunningMock, vendor: str) -> None:
    wire = Wire(oneroster_mock.provider(vendor))
    assert wire.get("/demographics").status_code == 200
    put(oneroster_mock, vendor, "narrow", scopes=["roster-core.readonly"])
    assert [wire.get(path).status_code for path in ("/demographics", "/orgs")] == [403, 200]
    if wire.provider.token_url and vendor == "reference":
        assert PREFIX + "roster-demographics.readonly" not in wire.token_answer().json()["scope"].split()
    put(oneroster_mock, vendor, "narrow", scopes=None)
    assert wire.get("/demographics").status_code == 200


def test_a_credential_that_was_issued_to_expire_does(oneroster_mock: RunningMock) -> None:
    found = with_issued(oneroster_mock.provider(), put(oneroster_mock, "reference", "issue", expires_in_s=0, scopes=["gradebook.readonly"]))
    assert not signs_in(found)
    told = oneroster_mock.admin("GET", "/vendors/reference/credentials")
    assert told["credentials"][1]["expires_at"] and told["client_id"] == oneroster_mock.provider().client_id


def test_taken_back_tokens_are_dead_and_new_ones_good(oneroster_mock: RunningMock) -> None:
    wire = Wire(oneroster_mock.provider())
    assert wire.get("/orgs").status_code == 200
    put(oneroster_mock, "reference", "end-tokens")
    assert wire.get("/orgs").status_code == 401
    assert Wire(oneroster_mock.provider()).get("/orgs").status_code == 200


def test_the_list_of_credentials_holds_no_secret(oneroster_mock: RunningMock) -> None:
    for vendor in VENDORS:
        answer = put(oneroster_mock, vendor, "rotate", overlap_s=60)
        known = [answer["issued"], vars_of(oneroster_mock.provider(vendor))]
        told = str(oneroster_mock.admin("GET", f"/vendors/{vendor}/credentials"))
        told += str(oneroster_mock.admin("GET", "/journal")) + str(put(oneroster_mock, vendor, "end-tokens"))
        for one in known:
            assert one["client_id"] in told and one["client_secret"] not in told
            assert not one["bearer"] or one["bearer"] not in told


def vars_of(found: MockProvider) -> dict[str, Any]:
    """A provider's credential as the admin API names its parts."""
    return {"client_id": found.client_id, "client_secret": found.client_secret, "bearer": found.bearer}


def test_the_same_steps_give_the_same_credentials(oneroster_mock: RunningMock) -> None:
    issued = []
    for _ in range(2):
        oneroster_mock.reset()
        issued.append([put(oneroster_mock, "classlink", action)["issued"] for action in ("issue", "rotate")])
    assert issued[0] == issued[1] and issued[0][0] != issued[0][1]


def test_a_snapshot_keeps_the_credentials(oneroster_mock: RunningMock) -> None:
    new = with_issued(oneroster_mock.provider(), put(oneroster_mock, "reference", "rotate"))
    oneroster_mock.admin("POST", "/snapshot", {"name": "rotated"})
    oneroster_mock.reset()
    assert not signs_in(new)
    oneroster_mock.admin("POST", "/reset", {"snapshot": "rotated"})
    assert signs_in(new) and not signs_in(oneroster_mock.provider())


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"action": "rotat"}, "did you mean 'rotate'"), ({}, "unknown action"), ([], "unknown action"),
        ({"action": "revoke", "client_id": "nobody"}, "unknown client_id"), ({"action": "revoke", "scopes": []}, "takes no scopes"),
        ({"action": "rotate", "overlap_s": -1}, "from 0"), ({"action": "rotate", "overlap_s": True}, "from 0"),
        ({"action": "narrow", "scopes": ["roster.readonl"]}, "unknown scope"), ({"action": "narrow", "scopes": "all"}, "a list"),
        ({"action": "expire", "client_id": 5}, "is text"),
    ],
)  # fmt: skip
def test_a_wrong_action_is_told_and_changes_nothing(oneroster_mock: RunningMock, document: Any, said: str) -> None:
    with pytest.raises(MockProblem, match=said):
        oneroster_mock.admin("PUT", "/vendors/reference/credentials", document)
    assert states(oneroster_mock, "reference") == ["active"]


def test_an_overlap_ends_by_the_clock(tmp_path: Path) -> None:
    now = [1000.0]
    ring = Keyring(1, "reference", ("a",), SharedState(tmp_path), clock=lambda: now[0])
    old = ring.current()
    new = ring.rotate(overlap_s=60)
    for moment, is_good in ((1059.0, True), (1060.0, False)):
        now[0] = moment
        assert (ring.signed_in(old.client_id, old.client_secret) is not None) is is_good
        assert ring.signed_in(new.client_id, new.client_secret) is not None
        assert (ring.secret_of(old.client_id) is not None) is is_good
    assert ring.signed_in(old.client_id, new.client_secret) is None


def test_a_second_rotation_does_not_lengthen_the_first_overlap(tmp_path: Path) -> None:
    now = [1000.0]
    ring = Keyring(1, "reference", ("a",), SharedState(tmp_path), clock=lambda: now[0])
    first = ring.current()
    ring.rotate(overlap_s=60)
    ring.rotate(first.client_id, overlap_s=600)
    assert [one["expires_at"] for one in ring.document()] == [1060.0, None, None]
