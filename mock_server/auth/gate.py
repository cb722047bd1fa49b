"""The gate before every read: who signed in, by which mechanism, with which scopes.

Called by the application. Keeps the nonces of signed requests for as long as their timestamps are accepted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl

from mock_server.answers import forbidden, unauthorized
from mock_server.auth.keyring import Keyring
from mock_server.auth.tokens import Signed, TokenMint
from mock_server.state import SharedState
from oneroster_standard.oauth1 import (
    WINDOW_FUTURE_S,
    WINDOW_PAST_S,
    HttpMethod,
    SignatureRefused,
    SignedBy,
    is_signed,
    verify,
)

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Laxity:
    """What a gate lets pass that it should not. other_districts: their credentials; expired: tokens whose life is over."""

    other_districts: bool = False
    expired: bool = False


STRICT = Laxity()


class Nonces:
    """Pairs that a vendor has seen, in whichever worker; forgotten once their timestamp is outside the window."""

    def __init__(self, state: SharedState, vendor: str) -> None:
        self._state = state
        self._vendor = vendor

    def is_new(self, signed: SignedBy, now: float) -> bool:
        """Remember a pair; False when it was there."""
        until = signed.timestamp + WINDOW_PAST_S + WINDOW_FUTURE_S
        return self._state.is_new_nonce(self._vendor, signed.key, signed.nonce, signed.timestamp, until=until, now=now)


class Gate:
    """Decides for one provider who may pass and with which scopes."""

    def __init__(
        self, mechanisms: Collection[str], keyring: Keyring, mint: TokenMint, nonces: Nonces, clock: Clock = time.time
    ) -> None:
        self._mechanisms = frozenset(mechanisms)
        self._keyring = keyring
        self._mint = mint
        self._clock = clock
        self._nonces = nonces

    def admit(
        self,
        method: HttpMethod,
        urls: Sequence[str],
        query: str,
        authorization: str | None,
        spec: str = "1.1",
        now: float | None = None,
        laxity: Laxity = STRICT,
    ) -> Signed:
        """Who sent a request, and the scopes that go with it.

        urls: absolute, in every spelling that the client may have signed. spec: 1.2 knows no signed requests. now: the
        provider's clock where it is not the gate's own. Raises Refusal 401, or 403 for the credential of another district.
        """
        now = self._clock() if now is None else now
        signed = self._signed_in(method, urls, query, authorization, spec, now, laxity)
        if not laxity.other_districts and not self._keyring.is_of_this_district(signed.client_id):
            raise forbidden("the credential belongs to another district")
        return signed

    def _signed_in(
        self, method: HttpMethod, urls: Sequence[str], query: str, authorization: str | None, spec: str, now: float, laxity: Laxity
    ) -> Signed:  # fmt: skip
        if is_signed(authorization, query):
            if "oauth1" not in self._mechanisms or spec != "1.1":
                raise unauthorized("signed requests are not accepted here; a bearer token is expected")
            return self._check_signature(method, urls, authorization, now)
        scheme, _, token = (authorization or "").strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise unauthorized(
                "no credential was sent" if not authorization else "the credential's scheme is not accepted"
            )
        signed = self._bearer(token.strip(), now, laxity)
        if signed is None:
            raise unauthorized("the token is unknown or has expired", "invalid_token")
        return signed

    def _bearer(self, token: str, now: float, laxity: Laxity) -> Signed | None:
        pair = self._keyring.bearer(token) if "bearer" in self._mechanisms else None
        if pair is not None:
            return Signed(pair.credentials.client_id, self._keyring.scopes_of(pair))
        return self._mint.read(token, now, expires=not laxity.expired) if "oauth2" in self._mechanisms else None

    def _check_signature(self, method: HttpMethod, urls: Sequence[str], authorization: str | None, now: float) -> Signed:
        signed = self._signed_by(method, urls, authorization, now)
        if not self._nonces.is_new(signed, now):
            raise unauthorized("the nonce was used before")
        return Signed(signed.key, self._keyring.scopes_of_client(signed.key))

    def _signed_by(
        self, method: HttpMethod, urls: Sequence[str], authorization: str | None, now: float
    ) -> SignedBy:
        reason = ""
        for url in urls:
            try:
                return verify(method, url, authorization=authorization, secret_of=self._keyring.secret_of, now=now)
            except SignatureRefused as error:
                reason = reason or error.reason
        raise unauthorized(reason)


def parameters_of(query: str) -> list[tuple[str, str]]:
    """Decoded query parameters in order, without those of a signature."""
    return list(_parameters(query))


@lru_cache(maxsize=64)
def _parameters(query: str) -> tuple[tuple[str, str], ...]:
    pairs = parse_qsl(query, keep_blank_values=True)
    return tuple((name, value) for name, value in pairs if not name.startswith("oauth_"))
