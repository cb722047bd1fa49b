"""Tokens that carry their own proof, so that nothing is kept: opaque, JWT, or a UUID that is issued again.

Called by the token endpoint and the gate. Uses itsdangerous and PyJWT; never a signature of our own.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import jwt
from itsdangerous import BadSignature, URLSafeSerializer

from mock_server.auth.credentials import Credentials


@dataclass(frozen=True, slots=True)
class Grant:
    """A token and what it opens; life in seconds."""

    token: str
    life_s: int
    scopes: tuple[str, ...]


class TokenMint:
    """Issues and reads the tokens of one provider. form: opaque, jwt or uuid."""

    def __init__(self, form: str, life_s: int, credentials: Credentials, all_scopes: Sequence[str]) -> None:
        self._form = form
        self._life_s = life_s
        self._key = credentials.key
        self._client_id = credentials.client_id
        self._all_scopes = tuple(all_scopes)
        self._serializer = URLSafeSerializer(self._key, salt="access-token")

    def issue(self, scopes: Sequence[str], now: float) -> Grant:
        """A token for these scopes, valid from now (seconds since 1970)."""
        granted = tuple(scopes)
        if self._form == "uuid":
            started = int(now) // self._life_s * self._life_s
            return Grant(self._uuid(started), started + self._life_s - int(now), self._all_scopes)
        expires = int(now) + self._life_s
        if self._form == "jwt":
            claims = {"sub": self._client_id, "iat": int(now), "exp": expires, "scope": " ".join(granted)}
            claims["jti"] = secrets.token_hex(8)
            return Grant(jwt.encode(claims, self._key, algorithm="HS256"), self._life_s, granted)
        text = self._serializer.dumps([expires, granted, secrets.token_hex(8)])
        return Grant(str(text), self._life_s, granted)

    def _uuid(self, started: int) -> str:
        digest = hmac.new(self._key, str(started).encode(), hashlib.sha256).hexdigest()
        return str(uuid.UUID(digest[:32]))

    def read(self, token: str, now: float) -> tuple[str, ...] | None:
        """Scopes of a live token, None for any other text."""
        if self._form == "uuid":
            started = int(now) // self._life_s * self._life_s
            return (
                self._all_scopes
                if hmac.compare_digest(token.encode(), self._uuid(started).encode())
                else None
            )
        if self._form == "jwt":
            try:
                claims = jwt.decode(
                    token, self._key, algorithms=["HS256"], options={"verify_exp": False, "verify_iat": False}
                )
            except jwt.InvalidTokenError:
                return None
            return tuple(claims["scope"].split()) if claims["exp"] > now else None
        try:
            expires, scopes, _ = self._serializer.loads(token)
        except BadSignature:
            return None
        return tuple(scopes) if expires > now else None
