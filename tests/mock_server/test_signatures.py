"""OAuth 1.0a in every form that published clients send it."""

from __future__ import annotations

import time
from typing import Any

import oauthlib.oauth1
import pytest
import requests
from requests_oauthlib import OAuth1

from tests.mock_server.wire import WITHIN_S, Wire

METHODS = ("HMAC-SHA1", "HMAC-SHA256")


def signed(wire: Wire, path: str = "/orgs", **more: Any) -> requests.Response:
    """A GET that requests-oauthlib signs."""
    given: dict[str, Any] = {"signature_method": "HMAC-SHA256", **more}
    auth = OAuth1(wire.provider.client_id, given.pop("secret", wire.provider.client_secret), **given)
    return requests.get(wire.provider.base_url + path, auth=auth, timeout=WITHIN_S)


def header(wire: Wire, path: str = "/orgs", kind: type[Any] = oauthlib.oauth1.Client, **more: Any) -> str:
    """The Authorization header of a GET, to be written in another way."""
    client = kind(wire.provider.client_id, client_secret=wire.provider.client_secret, **more)
    return str(client.sign(wire.provider.base_url + path)[1]["Authorization"])


class WithoutVersion(oauthlib.oauth1.Client):
    """A client that leaves oauth_version out, as the standard allows."""

    def get_oauth_params(self, request: Any) -> list[tuple[str, str]]:
        """The parameters but for the version."""
        return [found for found in super().get_oauth_params(request) if found[0] != "oauth_version"]


@pytest.mark.parametrize("vendor", ["reference", "classlink"])
@pytest.mark.parametrize("method", METHODS)
def test_both_signature_methods_are_accepted(wires: dict[str, Wire], vendor: str, method: str) -> None:
    assert signed(wires[vendor], signature_method=method).status_code == 200


@pytest.mark.parametrize("vendor", ["powerschool", "infinite-campus"])
def test_vendors_without_signatures_refuse_them(wires: dict[str, Wire], vendor: str) -> None:
    assert signed(wires[vendor]).status_code == 401


@pytest.mark.parametrize("method", METHODS)
def test_a_wrong_secret_or_key_is_refused(reference: Wire, method: str) -> None:
    assert signed(reference, signature_method=method, secret="x" * 40).status_code == 401
    stranger = OAuth1("nobody", reference.provider.client_secret, signature_method=method)
    assert (
        requests.get(f"{reference.provider.base_url}/orgs", auth=stranger, timeout=WITHIN_S).status_code
        == 401
    )


def test_a_signature_is_good_once(reference: Wire) -> None:
    text = header(reference)
    statuses = [reference.call("GET", "/orgs", headers={"Authorization": text}).status_code for _ in range(2)]
    assert statuses == [200, 401]


@pytest.mark.parametrize(
    ("age_s", "status"), [(0, 200), (540, 200), (-240, 200), (660, 401), (-360, 401), (86_400, 401)]
)
def test_a_timestamp_outside_the_window_is_refused(reference: Wire, age_s: int, status: int) -> None:
    assert signed(reference, timestamp=str(int(time.time()) - age_s)).status_code == status


def test_a_signature_fits_one_url_only(reference: Wire) -> None:
    text = header(reference, "/orgs?limit=1")
    assert reference.call("GET", "/orgs?limit=2", headers={"Authorization": text}).status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/users/", "/users?limit=2&offset=3", "/users?filter=familyName%3D%27O%20Brien%27", "/users?filter=role='student'",
        "/users?filter=role%3D'student'+AND+status%3D'active'", "/classes?fields=sourcedId%2Ctitle",
    ],
)  # fmt: skip
def test_the_exact_url_is_what_is_signed(reference: Wire, path: str) -> None:
    assert signed(reference, path).status_code == 200
    assert signed(reference, path, signature_method="HMAC-SHA1").status_code == 200


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda text: text,
        lambda text: text.replace("OAuth ", "OAuth,", 1),
        lambda text: text.replace("OAuth ", "OAuth, ", 1),
        lambda text: text.replace("OAuth ", "oauth ", 1),
        lambda text: text.replace(", ", ","),
        lambda text: text.replace("OAuth ", 'OAuth realm="OneRoster", ', 1),
    ],
    ids=["as oauthlib", "comma", "comma and blank", "lower case", "no blanks", "realm"],
)
def test_the_header_may_be_laid_out_in_any_way_that_clients_use(reference: Wire, rewrite: Any) -> None:
    answer = reference.call("GET", "/orgs", headers={"Authorization": rewrite(header(reference))})
    assert answer.status_code == 200, answer.text


def test_the_version_may_be_left_out_and_a_callback_may_be_there(reference: Wire) -> None:
    for text in (header(reference, kind=WithoutVersion), header(reference, callback_uri="about:blank")):
        assert reference.call("GET", "/orgs", headers={"Authorization": text}).status_code == 200


def test_a_signature_may_stand_in_the_query(reference: Wire) -> None:
    assert signed(reference, "/orgs?limit=2", signature_type="QUERY").status_code == 200


@pytest.mark.parametrize("segment", ["a%20b", "a@b.example", "a%40b.example", "%7Bx%7D", "o'brien", "%C3%BC"])
def test_an_id_in_a_signed_path_may_be_encoded_in_any_legal_way(reference: Wire, segment: str) -> None:
    assert signed(reference, f"/users/{segment}").status_code == 404
