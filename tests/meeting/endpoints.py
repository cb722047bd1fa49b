"""How the suite reaches a provider of a running mock. Test support."""

from __future__ import annotations

from mock_server.mock_process import RunningMock
from oneroster_harness.providers import Endpoint


def endpoint_of(mock: RunningMock, vendor: str, *, known_for: str | None = None) -> Endpoint:
    """The endpoint of one provider; known_for: vendor whose deviations are known."""
    found = mock.provider(vendor)
    return Endpoint(
        url=found.base_url, auth="oauth2" if "oauth2" in found.auth else "oauth1", token_url=found.token_url,
        client_id=found.client_id, client_secret=found.client_secret, vendor=known_for,
    )  # fmt: skip


def environment_of(mock: RunningMock, vendor: str) -> dict[str, str]:
    """The credential as environment variables of the command."""
    found = mock.provider(vendor)
    return {"ONEROSTER_CLIENT_ID": found.client_id, "ONEROSTER_CLIENT_SECRET": found.client_secret}
