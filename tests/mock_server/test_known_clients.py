"""Client libraries that nobody here wrote sign in and read."""

from __future__ import annotations

import pytest
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from oauthlib.oauth2 import BackendApplicationClient
from requests_oauthlib import OAuth1Session, OAuth2Session

from mock_server.mock_process import RunningMock
from tests.mock_server.conftest import Whole
from tests.mock_server.wire import PREFIX, PREFIX_1P2, WITHIN_S, Records

SCOPE = f"{PREFIX}roster-core.readonly {PREFIX}roster.readonly"
BASIC, BODY = "client_secret_basic", "client_secret_post"
# PowerSchool reads the Basic header only.
WAYS = [
    ("reference", BASIC),
    ("reference", BODY),
    ("infinite-campus", BASIC),
    ("infinite-campus", BODY),
    ("powerschool", BASIC),
]


@pytest.fixture(autouse=True)
def plain_http_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """oauthlib asks for this before it talks to a loopback server without TLS."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


@pytest.mark.parametrize("vendor", ["reference", "classlink"])
@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256"])
def test_requests_oauthlib_reads_every_user_with_signed_calls(
    oneroster_mock: RunningMock, whole: Whole, vendor: str, method: str
) -> None:
    provider = oneroster_mock.provider(vendor)
    session = OAuth1Session(provider.client_id, provider.client_secret, signature_method=method)
    found: Records = []
    while page := session.get(
        f"{provider.base_url}/users?limit=60&offset={len(found)}", timeout=WITHIN_S
    ).json()["users"]:
        found += page
    assert found == whole(vendor, "users")


@pytest.mark.parametrize(("vendor", "in_body"), [(vendor, way == BODY) for vendor, way in WAYS])
def test_requests_oauthlib_reads_with_client_credentials(
    oneroster_mock: RunningMock, whole: Whole, vendor: str, in_body: bool
) -> None:
    provider = oneroster_mock.provider(vendor)
    session = OAuth2Session(
        client=BackendApplicationClient(client_id=provider.client_id, scope=SCOPE.split())
    )
    expected = whole(vendor, "orgs")
    session.fetch_token(
        str(provider.token_url), client_id=provider.client_id, client_secret=provider.client_secret,
        include_client_id=in_body, timeout=WITHIN_S,
        auth=None if in_body else (provider.client_id, provider.client_secret),
    )  # fmt: skip
    assert session.get(f"{provider.base_url}/orgs", timeout=WITHIN_S).json() == {"orgs": expected}


@pytest.mark.parametrize(("vendor", "method"), WAYS)
def test_authlib_reads_with_client_credentials(
    oneroster_mock: RunningMock, whole: Whole, vendor: str, method: str
) -> None:
    provider = oneroster_mock.provider(vendor)
    expected = whole(vendor, "orgs")
    session = AuthlibSession(
        provider.client_id, provider.client_secret, scope=SCOPE, token_endpoint_auth_method=method
    )
    session.fetch_token(provider.token_url, grant_type="client_credentials")
    assert session.get(f"{provider.base_url}/orgs", timeout=WITHIN_S).json() == {"orgs": expected}


@pytest.mark.parametrize(("vendor", "method"), WAYS)
def test_authlib_reads_1p2_with_a_token_of_its_scopes(
    oneroster_mock: RunningMock, vendor: str, method: str
) -> None:
    provider = oneroster_mock.provider(vendor)
    scopes = f"{PREFIX_1P2}roster-core.readonly {PREFIX_1P2}roster.readonly"
    session = AuthlibSession(
        provider.client_id, provider.client_secret, scope=scopes, token_endpoint_auth_method=method
    )
    session.fetch_token(provider.token_url, grant_type="client_credentials")
    answer = session.get(f"{provider.base_urls['1.2']['rostering']}/orgs?limit=500", timeout=WITHIN_S)
    read = sorted(org["sourcedId"] for org in answer.json()["orgs"])
    assert read == sorted(row["sourcedId"] for row in oneroster_mock.truth(vendor, "orgs", spec="1.2"))


@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256"])
def test_a_signed_call_is_refused_by_1p2(oneroster_mock: RunningMock, method: str) -> None:
    provider = oneroster_mock.provider("reference")
    session = OAuth1Session(provider.client_id, provider.client_secret, signature_method=method)
    answer = session.get(f"{provider.base_urls['1.2']['rostering']}/orgs", timeout=WITHIN_S)
    assert answer.status_code == 401
    oneroster_mock.journal.asked("getAllOrgs", spec="1.2", status=401).once()
