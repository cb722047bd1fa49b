"""Every read of the standard is answered by every vendor and version that serves it, never with a fault of the mock."""

from __future__ import annotations

from typing import Any

import pytest

from mock_server.in_process import WsgiMock
from oneroster_standard.standard import Operation, load

SERVED_WITH = (200, 404)
"""404: a vendor leaves a service out, or an id is not of the view that is asked."""


def headers(mock: WsgiMock, vendor: str) -> dict[str, str]:
    provider = mock.provider(vendor)
    token = provider.bearer
    if token is None:
        form = {"grant_type": "client_credentials"}
        pair = (provider.client_id, provider.client_secret)
        token = mock.client.post(provider.token_url or "", data=form, auth=pair).get_json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


def roots(mock: WsgiMock, vendor: str, spec: str) -> dict[str, str]:
    """Service -> root."""
    found: Any = mock.provider(vendor).base_urls[spec]
    return found if isinstance(found, dict) else dict.fromkeys(("rostering", "gradebook", "resources"), found)


def path_of(operation: Operation, ids: dict[str, str]) -> str:
    """A path with ids out of the collections that its placeholders follow."""
    parts = operation.path.strip("/").split("/")
    filled = [ids.get(parts[at - 1], "none") if part.startswith("{") else part for at, part in enumerate(parts)]
    return "/" + "/".join(filled)


@pytest.mark.oneroster(vendors="all")
@pytest.mark.parametrize("spec", ["1.1", "1.2"])
def test_every_read_is_answered(oneroster_wsgi: WsgiMock, oneroster_case: Any, spec: str) -> None:
    vendor, client = oneroster_case.vendor, oneroster_wsgi.client
    if spec not in oneroster_wsgi.provider(vendor).base_urls:
        pytest.skip(f"{vendor} does not serve {spec}")
    signed, urls = headers(oneroster_wsgi, vendor), roots(oneroster_wsgi, vendor, spec)
    reads = [found for found in load(spec).operations if found.method == "GET" and found.service in urls]
    ids: dict[str, str] = {}
    answers: dict[str, int] = {}
    for operation in sorted(reads, key=lambda found: found.kind != "collection"):
        whole = operation.kind == "collection"
        url = urls[operation.service] + (f"{operation.path}?limit=1" if whole else path_of(operation, ids))
        answer = client.get(url, headers=signed)
        answers[operation.name] = answer.status_code
        if whole and answer.status_code == 200:
            records = answer.get_json()[operation.payload_key]
            ids.update({operation.path.strip("/"): record["sourcedId"].strip() for record in records})
    assert {name: status for name, status in answers.items() if status not in SERVED_WITH} == {}
    if vendor == "reference":
        assert set(answers.values()) == {200}
