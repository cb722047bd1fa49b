"""The gate before every read: who signed in, by which mechanism, with which scopes.

Called by the application. Keeps the nonces of signed requests for as long as their timestamps are accepted.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Collection, Sequence
from urllib.parse import parse_qsl

from mock_server.answers import unauthorized
from mock_server.auth.credentials import Credentials
from mock_server.auth.tokens import TokenMint
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
        self,
        mechanisms: Collection[str],
        credentials: Credentials,
        mint: TokenMint,
        scopes: tuple[str, ...],
        nonces: Nonces,
        clock: Clock = time.time,
    ) -> None:
        self._mechanisms = frozenset(mechanisms)
        self._credentials = credentials
        self._mint = mint
        self._scopes = scopes
        self._clock = clock
        self._nonces = nonces

    def scopes_of(
        self,
        method: HttpMethod,
        urls: Sequence[str],
        query: str,
        authorization: str | None,
        spec: str = "1.1",
    ) -> tuple[str, ...]:
        """Scopes of a request.

        urls: absolute, in every spelling that the client may have signed. spec: 1.2 knows no signed requests.
        Raises Refusal 401.
        """
        if is_signed(authorization, query):
            if "oauth1" not in self._mechanisms or spec != "1.1":
                raise unauthorized("signed requests are not accepted here; a bearer token is expected")
            self._check_signature(method, urls, authorization)
            return self._scopes
        scheme, _, token = (authorization or "").strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise unauthorized(
                "no credential was sent" if not authorization else "the credential's scheme is not accepted"
            )
        granted = self._bearer(token.strip())
        if granted is None:
            raise unauthorized("the token is unknown or has expired")
        return granted

    def _bearer(self, token: str) -> tuple[str, ...] | None:
        if "bearer" in self._mechanisms and hmac.compare_digest(
            token.encode(), self._credentials.bearer.encode()
        ):
            return self._scopes
        return self._mint.read(token, self._clock()) if "oauth2" in self._mechanisms else None

    def _check_signature(self, method: HttpMethod, urls: Sequence[str], authorization: str | None) -> None:
        now = self._clock()
        signed = self._signed_by(method, urls, authorization, now)
        if not self._nonces.is_new(signed, now):
            raise unauthorized("the nonce was used before")

    def _signed_by(
        self, method: HttpMethod, urls: Sequence[str], authorization: str | None, now: float
    ) -> SignedBy:
        secrets = {self._credentials.client_id: self._credentials.client_secret}
        reason = ""
        for url in urls:
            try:
                return verify(method, url, authorization=authorization, secret_of=secrets.get, now=now)
            except SignatureRefused as error:
                reason = reason or error.reason
        raise unauthorized(reason)


def parameters_of(query: str) -> list[tuple[str, str]]:
    """Decoded query parameters in order, without those of a signature."""
    pairs = parse_qsl(query, keep_blank_values=True)
    return [(name, value) for name, value in pairs if not name.startswith("oauth_")]
