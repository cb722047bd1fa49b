"""Quirks of the token endpoint."""

from __future__ import annotations

import secrets
import threading
import time

import jwt

from mock_server.answers import forbidden
from mock_server.quirks.hooks import ApiRequest, Quirk, Record, TokenRequest, WholeAnswer, quirk
from oneroster_standard.scopes import ALL, expand

STALE_KEY = "a key of nobody, for tokens that are refused in any case"


@quirk("token.expires-in-string")
class ExpiresInString(Quirk):
    """expires_in as text; such a server names no scope either (D17)."""

    def token(self, answer: Record) -> Record:
        """Turn the number into text."""
        found = {name: value for name, value in answer.items() if name != "scope"}
        return {**found, "expires_in": str(answer["expires_in"])}


@quirk("token.reissued")
class Reissued(Quirk):
    """The live token again, with what is left of its life (D18)."""

    def token(self, answer: Record) -> Record:
        """Hand out the first answer again, one second shorter each time."""
        first: Record = self.memory.first("answer", dict(answer))
        life = int(first["expires_in"]) - (self.memory.count("asked") - 1)
        return {**first, "expires_in": str(life) if isinstance(answer["expires_in"], str) else life}


@quirk("token.basic-only")
class BasicOnly(Quirk):
    """Credentials in the body are refused (D14)."""

    def token_request(self, request: TokenRequest) -> str | None:
        """Refuse when there is no Basic header."""
        return None if request.in_header else "invalid_client"


@quirk("token.app-name-required")
class AppNameRequired(Quirk):
    """The token URL must carry appName (D04); the status of the refusal is assumed."""

    def token_request(self, request: TokenRequest) -> str | None:
        """Refuse when the query has no appName."""
        return None if request.query.get("appName") else "invalid_request"


@quirk("token.body-only")
class BodyOnly(Quirk):
    """Credentials in a Basic header are not read (D15)."""

    def token_request(self, request: TokenRequest) -> str | None:
        """Refuse a Basic header."""
        return "invalid_client" if request.in_header else None


@quirk("token.born-expired")
class BornExpired(Quirk):
    """The token is a JWT whose exp has passed (D19); reads refuse it."""

    def token(self, answer: Record) -> Record:
        """Hand out a stale token."""
        now = int(time.time())
        claims = {"iat": now - 3660, "exp": now - 60, "jti": secrets.token_hex(8)}
        return {**answer, "access_token": jwt.encode(claims, STALE_KEY, algorithm="HS256")}


UNSCOPED = "unscoped."


@quirk("token.scope-required")
class ScopeRequired(Quirk):
    """A token that was asked for without a scope opens nothing (D25)."""

    def __init__(self) -> None:
        self._named = threading.local()

    def token_request(self, request: TokenRequest) -> str | None:
        """Note whether a scope was named."""
        self._named.scope = request.scope
        return None

    def token(self, answer: Record) -> Record:
        """Mark a token without scope."""
        named = getattr(self._named, "scope", None)
        return answer if named else {**answer, "access_token": UNSCOPED + str(answer["access_token"])}

    def admit(self, asked: ApiRequest) -> WholeAnswer | None:
        """Refuse a marked token."""
        if UNSCOPED in (asked.headers.get("Authorization") or ""):
            raise forbidden("the token has no scope")
        return None


@quirk("token.unknown-scope-refused")
class UnknownScopeRefused(Quirk):
    """A scope that the provider does not know refuses the whole request (D26)."""

    def token_request(self, request: TokenRequest) -> str | None:
        """Refuse when one of the scopes is outside the two versions."""
        known = {expand(scope, spec) for spec, scopes in ALL.items() for scope in scopes}
        return None if set((request.scope or "").split()) <= known else "invalid_scope"
