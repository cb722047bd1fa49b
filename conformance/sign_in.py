"""Signing in as the suite does it: one token request for all scopes, signed requests, or a static bearer.

Called by the runner and by the checks of sign-in. Keeps its secrets to itself.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import quote

import jwt

from conformance.probe import Exchange, NotJson, Probe, encode
from oneroster_harness.providers import Endpoint
from oneroster_standard.oauth1 import HttpMethod, sign
from oneroster_standard.scopes import ALL, expand

BEARER_HINT = '-H "Authorization: Bearer $ONEROSTER_TOKEN"'
SIGNED_HINT = '-H "Authorization: OAuth ..." # signed: oauth_consumer_key=$ONEROSTER_CLIENT_ID'
BASIC_HINT = '-u "$ONEROSTER_CLIENT_ID:$ONEROSTER_CLIENT_SECRET" -d grant_type=client_credentials'


MARGIN = 0.2
LEAST_MARGIN_S, MOST_MARGIN_S = 1.0, 60.0
"""A token is replaced when this part of its life is left: a second at least, since providers round, and not more than a minute."""


class NotSignedIn(Exception):
    """The provider gave no token; exchange is its answer."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(f"status {exchange.status}")
        self.exchange = exchange


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a token is good: from when, by this machine's clock, and for how many seconds at least and at most, as it was told."""

    began: float
    least_s: float
    most_s: float

    def is_nearly_over(self, now: float) -> bool:
        """Whether a new token should be asked for."""
        return now >= self.began + self.least_s - min(MOST_MARGIN_S, max(LEAST_MARGIN_S, self.least_s * MARGIN))


def lifetime_of(token: str, answer: Mapping[str, Any], began: float) -> Lifetime | None:
    """The life that a token's answer and the token itself tell; None when neither does.

    A claim is taken against the token's own iat, so that the two clocks need not agree.
    """
    told = answer.get("expires_in")
    lives = [float(told)] if isinstance(told, int | float) or (isinstance(told, str) and told.isdigit()) else []
    claims = claims_of(token)
    if isinstance(claims.get("exp"), int | float) and isinstance(claims.get("iat"), int | float):
        lives.append(float(claims["exp"]) - float(claims["iat"]))
    lives = [life for life in lives if life > 0]
    return Lifetime(began, min(lives), max(lives)) if lives else None


def claims_of(token: str) -> Mapping[str, Any]:
    """The claims of a JWT as they stand; none of any other token."""
    try:
        found: Mapping[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return {}
    return found


@dataclass
class SignIn:
    """How requests of this run are signed.

    first: the token that the run began with; first_life: when it ends, None when that is not told. clock: seconds since 1970.
    """

    endpoint: Endpoint
    probe: Probe
    spec: str = "1.1"
    token: str | None = field(default=None, repr=False)
    answer: Mapping[str, Any] = field(default_factory=dict, repr=False)
    exchange: Exchange | None = None
    by: str = "basic"
    wanted: tuple[str, ...] = ()
    granted: tuple[str, ...] | None = None
    first: str = field(default="", repr=False)
    first_life: Lifetime | None = None
    clock: Callable[[], float] = time.time
    _life: Lifetime | None = None

    def start(self) -> None:
        """Get what the requests need.

        Raises NotSignedIn when the token endpoint refuses.
        """
        self.wanted = ALL[self.spec]
        if self.endpoint.auth == "bearer":
            self.token = self.endpoint.token
        if self.endpoint.auth != "oauth2":
            return
        began = self.clock()
        exchange = self.ask_token("basic")
        if exchange.status in (400, 401):
            second = self.ask_token("body")
            if second.status == 200:
                exchange, self.by = second, "body"
        if exchange.status == 400 and _error_of(exchange) == "invalid_scope":
            exchange = self.ask_token(self.by, scopes=())
        self.exchange = exchange
        self.answer = _object(exchange)
        token = self.answer.get("access_token")
        if exchange.status not in (200, 201) or not isinstance(token, str) or not token:
            raise NotSignedIn(exchange)
        self.token = self.first = token
        self.first_life = self._life = lifetime_of(token, self.answer, began)
        named = self.answer.get("scope")
        self.granted = tuple(named.split()) if isinstance(named, str) else None

    def ask_token(
        self, by: str, *, scopes: tuple[str, ...] | None = None, secret: str | None = None, grant_type: str = "client_credentials",
        url: str | None = None,
    ) -> Exchange:  # fmt: skip
        """One token request; by: basic or body. secret replaces the real one."""
        form = {"grant_type": grant_type}
        asked = self.wanted if scopes is None else scopes
        if asked:
            form["scope"] = " ".join(expand(scope, self.spec) for scope in asked)
        client, own = self.endpoint.client_id or "", self.endpoint.client_secret or ""
        password = own if secret is None else secret
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if by == "basic":
            pair = f"{quote(client, safe='')}:{quote(password, safe='')}".encode()
            headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
        else:
            form |= {"client_id": client, "client_secret": password}
        return self.probe.send(
            "POST", url or str(self.endpoint.token_url), headers=headers, body=encode(form).encode(), auth_hint=BASIC_HINT
        )

    def _renew(self) -> None:
        """Ask for another token before this one ends, so that a long run is not refused in its middle; what is refused is not asked again."""
        if self._life is None or not self._life.is_nearly_over(self.clock()):
            return
        began, self._life = self.clock(), None
        exchange = self.ask_token(self.by)
        answer = _object(exchange)
        token = answer.get("access_token")
        if exchange.status in (200, 201) and isinstance(token, str) and token:
            self.token, self._life = token, lifetime_of(token, answer, began)

    def headers(self, method: str, url: str) -> tuple[dict[str, str], str]:
        """Authorization header for a request, and its stand-in for a curl line."""
        self._renew()
        if self.endpoint.auth == "oauth1":
            key, secret = self.endpoint.client_id or "", self.endpoint.client_secret or ""
            return sign(cast(HttpMethod, method), url, key=key, secret=secret), SIGNED_HINT
        return {"Authorization": f"Bearer {self.token}"}, BEARER_HINT

    def may(self, *scopes: str) -> bool:
        """Whether the token opens one of these scopes; unknown grants count as open."""
        if self.granted is None:
            return True
        held = set(self.granted)
        return any(expand(scope, self.spec) in held or scope in held for scope in scopes)


def _object(exchange: Exchange) -> Mapping[str, Any]:
    try:
        return exchange.json if isinstance(exchange.json, dict) else {}
    except NotJson:
        return {}


def _error_of(exchange: Exchange) -> str:
    return str(_object(exchange).get("error", ""))
