"""A client of both versions: operations by their names, ids in the path, the root that serves them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import requests

from mock_server.mock_process import RunningMock
from oneroster_standard.standard import Operation, Standard, load
from tests.mock_server.wire import PREFIX, PREFIX_1P2, WITHIN_S, Records

PREFIXES = {"1.1": PREFIX, "1.2": PREFIX_1P2}


class Client:
    """One version of one vendor. Tokens are for everything, unless scopes are named."""

    def __init__(self, mock: RunningMock, spec: str, vendor: str = "reference") -> None:
        self.spec = spec
        self.standard: Standard = load(spec)
        self._facts: Mapping[str, Any] = mock.ready["providers"][vendor]
        self._session = requests.Session()
        self._tokens: dict[tuple[str, ...], str] = {}
        self._whole: dict[str, Records] = {}

    def root(self, service: str) -> str:
        """Service root."""
        found = self._facts["base_urls"][self.spec]
        return str(found if self.spec == "1.1" else found[service])

    def token(self, *scopes: str) -> str:
        """A token for these scopes; none means all."""
        if scopes not in self._tokens:
            form = {"grant_type": "client_credentials"}
            if scopes:
                form["scope"] = " ".join(PREFIXES[self.spec] + scope for scope in scopes)
            pair = (self._facts["client_id"], self._facts["client_secret"])
            answer = self._session.post(self._facts["token_url"], data=form, auth=pair, timeout=WITHIN_S)
            assert answer.status_code == 200, answer.text
            self._tokens[scopes] = answer.json()["access_token"]
        return self._tokens[scopes]

    def send(self, method: str, url: str, *, scopes: tuple[str, ...] = (), **more: Any) -> requests.Response:
        """One request to an address."""
        headers = {"Authorization": f"Bearer {self.token(*scopes)}", **more.pop("headers", {})}
        return self._session.request(method, url, headers=headers, timeout=WITHIN_S, **more)

    def call(self, name: str, *ids: str, **more: Any) -> requests.Response:
        """An operation by its name; ids in the order of its path. more: params, json, data, scopes, headers."""
        operation = self.standard.operation(name)
        return self.send(operation.method, self.url(operation, *ids), **more)

    def url(self, operation: Operation, *ids: str) -> str:
        """Address of an operation."""
        path = operation.path
        for parameter, value in zip(operation.parameters, ids, strict=True):
            path = path.replace("{" + parameter + "}", quote(value, safe=""))
        return self.root(operation.service) + path

    def records(self, name: str, *ids: str, **parameters: Any) -> Records:
        """The records of a collection operation."""
        answer = self.call(name, *ids, params={"limit": 5000, **parameters})
        assert answer.status_code == 200, answer.text
        found: Records = answer.json()[self.standard.operation(name).payload_key]
        return found

    def whole(self, collection: str) -> Records:
        """Every record of a collection, read once; ask before the state is changed."""
        if collection not in self._whole:
            name = next(
                found.name for found in self.standard.operations if found.path == f"/{collection}" and found.method == "GET"
            )
            self._whole[collection] = self.records(name)
        return self._whole[collection]

    def put(self, entity: str, sourced_id: str, body: Mapping[str, Any], **more: Any) -> requests.Response:
        """PUT an object in its envelope; entity as in operation names, such as LineItem."""
        key = self.standard.operation(f"put{entity}").payload_key
        return self.call(f"put{entity}", sourced_id, json={key: body}, **more)


def minor_of(answer: requests.Response) -> tuple[int, str]:
    """HTTP status and code minor of a 1.2 error, whose form is checked on the way."""
    document: dict[str, Any] = answer.json()
    assert set(document) == {"imsx_codeMajor", "imsx_severity", "imsx_description", "imsx_CodeMinor"}
    assert (document["imsx_codeMajor"], document["imsx_severity"]) == ("failure", "error")
    (field,) = document["imsx_CodeMinor"]["imsx_codeMinorField"]
    assert field["imsx_codeMinorFieldName"] == "TargetEndSystem"
    return answer.status_code, str(field["imsx_codeMinorFieldValue"])
