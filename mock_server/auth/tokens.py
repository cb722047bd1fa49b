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
from functools import lru_cache

import jwt
from itsdangerous import BadSignature, URLSafeSerializer

from mock_server.auth.keyring import Keyring, Pair


@dataclass(frozen=True, slots=True)
class Grant:
    """A token and what it opens; life in seconds."""

    token: str
    life_s: int
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Signed:
    """Who signed in, and with which scopes."""

    client_id: str
    scopes: tuple[str, ...]


@lru_cache(maxsize=256)
def _narrowed(scopes: tuple[str, ...], allowed: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(scope for scope in scopes if scope in allowed)


class TokenMint:
    """Issues and reads the tokens of one provider. form: opaque, jwt or uuid."""

    def __init__(self, form: str, life_s: int, keyring: Keyring) -> None:
        self._form = form
        self._life_s = life_s
        self._keyring = keyring
        self._key = keyring.first().key
        self._serializer = URLSafeSerializer(self._key, salt="access-token")
        # A signature is checked once per token; its expiry at every request.
        self._claims = lru_cache(maxsize=256)(self._read_jwt if form == "jwt" else self._read_opaque)

    @property
    def life_s(self) -> int:
        """Seconds that a token lives."""
        return self._life_s

    def issue(self, pair: Pair, scopes: Sequence[str], now: float, valid_s: int | None = None) -> Grant:
        """A token of a credential for these scopes, from now (seconds since 1970).

        valid_s: how long it is good whatever the grant says, below zero for one that is over already.
        """
        granted, life = tuple(scopes), pair.life
        valid_s = self._life_s if valid_s is None else valid_s
        if self._form == "uuid":
            started = int(now) // self._life_s * self._life_s
            shown = started if valid_s > 0 else started - self._life_s
            return Grant(self._uuid(pair, shown), started + self._life_s - int(now), self._keyring.scopes_of(pair))
        expires = int(now) + valid_s
        if self._form == "jwt":
            claims = {"sub": pair.credentials.client_id, "iat": int(now), "exp": expires, "scope": " ".join(granted)}
            claims |= {"jti": secrets.token_hex(8), "cred": [life.number, life.generation]}
            return Grant(jwt.encode(claims, self._key, algorithm="HS256"), self._life_s, granted)
        text = self._serializer.dumps([expires, granted, life.number, life.generation, secrets.token_hex(8)])
        return Grant(str(text), self._life_s, granted)

    def _uuid(self, pair: Pair, started: int) -> str:
        said = f"{started}/{pair.life.number}/{pair.life.generation}"
        return str(uuid.UUID(hmac.new(self._key, said.encode(), hashlib.sha256).hexdigest()[:32]))

    def read(self, token: str, now: float, *, expires: bool = True) -> Signed | None:
        """Who a live token was issued to and what it opens, None for any other text.

        expires: whether one whose life is over is refused; of UUIDs the one before is then good as well.
        """
        if self._form == "uuid":
            return self._read_uuid(token, now) or (None if expires else self._read_uuid(token, now - self._life_s))
        found = self._claims(token)
        if found is None or (expires and found[0] <= now):
            return None
        _, scopes, number, generation = found
        pair = self._keyring.of_token(number, generation)
        if pair is None:
            return None
        # A credential that was narrowed takes its tokens with it.
        return Signed(pair.credentials.client_id, _narrowed(scopes, self._keyring.scopes_of(pair)))

    def _read_uuid(self, token: str, now: float) -> Signed | None:
        started = int(now) // self._life_s * self._life_s
        found = None
        for pair in self._keyring.live():
            if hmac.compare_digest(token.encode(), self._uuid(pair, started).encode()):
                found = Signed(pair.credentials.client_id, self._keyring.scopes_of(pair))
        return found

    def _read_jwt(self, token: str) -> tuple[float, tuple[str, ...], int, int] | None:
        try:
            claims = jwt.decode(token, self._key, algorithms=["HS256"], options={"verify_exp": False, "verify_iat": False})
        except jwt.InvalidTokenError:
            return None
        number, generation = claims["cred"]
        return claims["exp"], tuple(claims["scope"].split()), number, generation

    def _read_opaque(self, token: str) -> tuple[float, tuple[str, ...], int, int] | None:
        try:
            expires, scopes, number, generation, _ = self._serializer.loads(token)
        except BadSignature:
            return None
        return expires, tuple(scopes), number, generation
