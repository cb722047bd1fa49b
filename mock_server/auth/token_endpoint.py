"""The OAuth 2 token endpoint, on oauthlib: client credentials by Basic header or body.

Called by the application for each provider's token path. Lenient where published clients need it: grant_type and
scope may stand in the query, and a missing grant_type means client_credentials.
Source: RFC 6749, sections 2.3, 4.4 and 5.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode

from oauthlib.oauth2 import BackendApplicationServer, RequestValidator

from mock_server.auth.keyring import Keyring, Pair
from mock_server.auth.tokens import TokenMint


def basic_pair(header: str | None) -> tuple[str, str] | None:
    """User and password of a Basic header as they stand, None when there is none."""
    if not header or header[:6].lower() != "basic ":
        return None
    try:
        text = base64.b64decode(header[6:].strip(), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    user, colon, password = text.partition(":")
    return (user, password) if colon else None


class _Client:
    def __init__(self, pair: Pair) -> None:
        self.client_id = pair.credentials.client_id
        self.pair = pair


class _Validator(RequestValidator):
    """What oauthlib asks of us: is the client known, which scopes may it have."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def authenticate_client(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        pair = basic_pair(request.headers.get("Authorization"))
        if pair is None:
            pair = (request.client_id or "", request.client_secret or "")
        # Both readings of RFC 6749 2.3.1: form-encoded parts, and parts as they are.
        as_is = self._keyring.signed_in(*pair)
        found = self._keyring.signed_in(unquote_plus(pair[0]), unquote_plus(pair[1])) or as_is
        if found:
            request.client = _Client(found)
        return found is not None

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        return grant_type == "client_credentials"

    def get_default_scopes(self, client_id: str, request: Any, *args: Any, **kwargs: Any) -> list[str]:
        return list(self._keyring.scopes_of(request.client.pair))

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        # A request for more than is allowed gets the smaller list.
        request.scopes = [scope for scope in scopes if scope in self._keyring.scopes_of(request.client.pair)]
        return bool(request.scopes)

    def save_bearer_token(self, token: Any, request: Any, *args: Any, **kwargs: Any) -> None:
        """Tokens carry their own proof; nothing is kept."""


class TokenEndpoint:
    """Answers token requests of one provider."""

    def __init__(self, mint: TokenMint, keyring: Keyring) -> None:
        self._mint = mint
        self._validator = _Validator(keyring)

    def answer(
        self, uri: str, query: Mapping[str, str], body: str, headers: Mapping[str, str], now: float,
        valid_s: int | None = None,
    ) -> tuple[int, dict[str, str], dict[str, Any]]:
        """Status, headers and JSON of the answer to a POST.

        now: seconds since 1970. valid_s: see TokenMint.issue.
        """
        form = dict(parse_qsl(body, keep_blank_values=True))
        for name in ("grant_type", "scope"):
            if name not in form and name in query:
                form[name] = query[name]
        form.setdefault("grant_type", "client_credentials")
        if not form.get("scope"):
            form.pop("scope", None)
        kept = [
            pair for pair in parse_qsl(body, keep_blank_values=True) if pair[0] not in ("grant_type", "scope")
        ]
        repeated = [name for name, _ in parse_qsl(body, keep_blank_values=True)]
        if len(repeated) != len(set(repeated)):
            return (
                400,
                _NO_STORE,
                {"error": "invalid_request", "error_description": "a parameter is repeated"},
            )
        lives: list[int] = []

        def token(request: Any) -> str:
            grant = self._mint.issue(request.client.pair, request.scopes, now, valid_s)
            lives.append(grant.life_s)
            return grant.token

        server = BackendApplicationServer(self._validator, token_generator=token)
        text = urlencode([*kept, *((name, form[name]) for name in ("grant_type", "scope") if name in form)])
        passed = {"Content-Type": "application/x-www-form-urlencoded"}
        passed |= {name: value for name, value in headers.items() if name.lower() == "authorization"}
        found_headers, found_body, status = server.create_token_response(
            uri.partition("?")[0], "POST", text, passed
        )
        document: dict[str, Any] = json.loads(found_body)
        answer_headers = {**_NO_STORE, **{str(name): str(value) for name, value in found_headers.items()}}
        if status == 401:
            answer_headers["WWW-Authenticate"] = 'Basic realm="token"'
        if lives:
            document["expires_in"] = lives[0]
        return int(status), answer_headers, document


_NO_STORE = {"Content-Type": "application/json", "Cache-Control": "no-store", "Pragma": "no-cache"}
