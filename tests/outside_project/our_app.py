"""The application of another project: reads every user of a provider, page by page, and keeps them by id."""

from __future__ import annotations

from typing import Any

import requests

PAGE = 50


def sign_in(provider: Any) -> dict[str, str]:
    """The headers of a signed-in client."""
    token = provider.bearer
    if token is None:
        answer = requests.post(
            provider.token_url, data={"grant_type": "client_credentials"},
            auth=(provider.client_id, provider.client_secret), timeout=30,
        )  # fmt: skip
        answer.raise_for_status()
        token = answer.json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


def import_roster(provider: Any) -> int:
    """Number of users that were read."""
    headers, found = sign_in(provider), {}
    offset = 0
    while True:
        query = {"limit": PAGE, "offset": offset}
        answer = requests.get(f"{provider.base_url}/users", params=query, headers=headers, timeout=30)
        answer.raise_for_status()
        page = answer.json()["users"]
        if not page:
            return len(found)
        found.update({user["sourcedId"].strip(): user for user in page})
        offset += len(page)
