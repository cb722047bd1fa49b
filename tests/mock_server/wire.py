"""A plain client for these tests: requests, one token per scope list, JSON as it came."""

from __future__ import annotations

from typing import Any

import requests

from mock_server.mock_process import MockProvider

PREFIX = "https://purl.imsglobal.org/spec/or/v1p1/scope/"
PREFIX_1P2 = "https://purl.imsglobal.org/spec/or/v1p2/scope/"
ROSTER = ("roster.readonly", "roster-core.readonly", "roster-demographics.readonly")
GRADEBOOK = ("resource.readonly", "gradebook.readonly", "gradebook.createput", "gradebook.delete")
WITHIN_S = 30
Records = list[dict[str, Any]]


class Wire:
    """One provider as a client sees it."""

    def __init__(self, provider: MockProvider) -> None:
        self.provider = provider
        self.session = requests.Session()
        self._tokens: dict[tuple[str, ...], str] = {}

    def token_answer(self, scopes: tuple[str, ...] = (), **more: Any) -> requests.Response:
        """The token endpoint's answer to Basic credentials."""
        assert self.provider.token_url
        form = {"grant_type": "client_credentials"}
        if scopes:
            form["scope"] = " ".join(PREFIX + scope for scope in scopes)
        pair = (self.provider.client_id, self.provider.client_secret)
        given: dict[str, Any] = {"data": form, "auth": pair, "timeout": WITHIN_S, **more}
        return self.session.post(self.provider.token_url, **given)

    def bearer(self, scopes: tuple[str, ...] = ()) -> str:
        """A token, or the provider's static key."""
        if self.provider.bearer:
            return self.provider.bearer
        if scopes not in self._tokens:
            self._tokens[scopes] = str(self.token_answer(scopes).json()["access_token"])
        return self._tokens[scopes]

    def call(
        self,
        method: str,
        path: str,
        *,
        scopes: tuple[str, ...] = (),
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> requests.Response:
        """One request below the service root; a redirect is returned, not followed."""
        given = {"Authorization": f"Bearer {self.bearer(scopes)}", **(headers or {})}
        return self.session.request(
            method,
            self.provider.base_url + path,
            headers=given,
            timeout=WITHIN_S,
            allow_redirects=False,
            **more,
        )

    def get(self, path: str, **parameters: Any) -> requests.Response:
        """A GET with query parameters."""
        return self.call("GET", path, params=parameters)

    def records(self, path: str, key: str | None = None, **parameters: Any) -> Records:
        """The records of one answer; key: payload key, default the path's word."""
        answer = self.get(path, **{"limit": 5000, **parameters})
        assert answer.status_code == 200, answer.text
        found: Records = answer.json()[key or path.strip("/")]
        return found

    def first(self, path: str, key: str | None = None) -> dict[str, Any]:
        """The first record of a collection."""
        return self.records(path, key, limit=1)[0]


def ids(records: Records) -> list[str]:
    """Their sourcedIds, in order."""
    return [record["sourcedId"] for record in records]


def status_of(answer: requests.Response) -> tuple[int, str, str, str]:
    """HTTP status and codeMajor, severity, codeMinor of an error."""
    entry = answer.json()["statusInfoSet"][0]
    return answer.status_code, entry["imsx_codeMajor"], entry["imsx_severity"], entry["imsx_codeMinor"]
