"""The OAuth 2 token endpoint, on oauthlib: client credentials by Basic header or body.

Called by the application for each provider's token path. Lenient where published clients need it: grant_type and
scope may stand in the query, and a missing grant_type means client_credentials.
Source: RFC 6749, sections 2.3, 4.4 and 5.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode

from oauthlib.oauth2 import BackendApplicationServer, RequestValidator

from mock_server.auth.credentials import Credentials
from mock_server.auth.tokens import TokenMint
from oneroster_standard.scopes import expand


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
    def __init__(self, client_id: str) -> None:
        self.client_id = client_id


class _Validator(RequestValidator):
    """What oauthlib asks of us: is the client known, which scopes may it have."""

    def __init__(self, credentials: Credentials, scopes: tuple[str, ...]) -> None:
        self._credentials = credentials
        self._scopes = scopes

    def _matches(self, user: str, password: str) -> bool:
        known, secret = self._credentials.client_id, self._credentials.client_secret
        user_fits = hmac.compare_digest(user.encode(), known.encode())
        return hmac.compare_digest(password.encode(), secret.encode()) and user_fits

    def authenticate_client(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        pair = basic_pair(request.headers.get("Authorization"))
        if pair is None:
            pair = (request.client_id or "", request.client_secret or "")
        # Both readings of RFC 6749 2.3.1: form-encoded parts, and parts as they are.
        fits = self._matches(*pair) or self._matches(unquote_plus(pair[0]), unquote_plus(pair[1]))
        if fits:
            request.client = _Client(self._credentials.client_id)
        return fits

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        return grant_type == "client_credentials"

    def get_default_scopes(self, client_id: str, request: Any, *args: Any, **kwargs: Any) -> list[str]:
        return list(self._scopes)

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        # A request for more than is allowed gets the smaller list.
        request.scopes = [scope for scope in scopes if scope in self._scopes]
        return bool(request.scopes)

    def save_bearer_token(self, token: Any, request: Any, *args: Any, **kwargs: Any) -> None:
        """Tokens carry their own proof; nothing is kept."""


class TokenEndpoint:
    """Answers token requests of one provider."""

    def __init__(self, mint: TokenMint, credentials: Credentials, scopes: tuple[str, ...]) -> None:
        self._mint = mint
        self._scopes = tuple(expand(scope) for scope in scopes)
        self._validator = _Validator(credentials, self._scopes)

    def answer(
        self, uri: str, query: Mapping[str, str], body: str, headers: Mapping[str, str], now: float
    ) -> tuple[int, dict[str, str], dict[str, Any]]:
        """Status, headers and JSON of the answer to a POST.

        now: seconds since 1970.
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
            grant = self._mint.issue(request.scopes, now)
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
