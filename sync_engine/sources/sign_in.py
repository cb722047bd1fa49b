"""Signing requests to a provider: OAuth 2 client credentials, OAuth 1.0a, or a bearer token.

Called by the API connection for each request. Never logs a token and never follows a redirect of the token endpoint.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import requests

from oneroster_harness.problems import CannotRun
from oneroster_harness.providers import Endpoint
from oneroster_standard import oauth1, scopes
from sync_engine.sources import setup_problems
from sync_engine.sources.services import version_of

_ROSTER_SCOPES = ("roster-core.readonly", "roster.readonly")
_NEVER_READ = "assessment.readonly"
_RENEW_BEFORE_S = 30.0
_USUAL_LIFE_S = 3600.0
FIRST, SECOND = "first", "second"
"""The credential that was given, and the one that is to take its place."""
Send = Callable[..., requests.Response]


class SignIn:
    """Gives the Authorization header of each request; renews an OAuth 2 token before it expires.

    send: performs one request with retries. clock: seconds that only move forward.
    generation: how many tokens or credentials there have been. served: which credential signs now, "first" or "second".
    Safe to use from several threads.
    """

    def __init__(self, endpoint: Endpoint, send: Send, clock: Callable[[], float] = time.monotonic) -> None:
        self._endpoint = endpoint
        self._send = send
        self._clock = clock
        self._token = ""
        self._renew_at = 0.0
        self._lock = threading.Lock()
        self.generation = 0
        self.served = FIRST

    def headers(self, url: str) -> dict[str, str]:
        """Headers that sign a GET of exactly this URL.

        Raises CannotRun when the token endpoint refuses the credential or is no token endpoint.
        """
        with self._lock:
            endpoint = self._endpoint
        if endpoint.auth == "oauth1":
            signed = oauth1.sign(
                "GET", url, key=endpoint.client_id or "", secret=endpoint.client_secret or ""
            )
            return dict(signed)
        if endpoint.auth == "bearer":
            return {"Authorization": f"Bearer {endpoint.token}"}
        with self._lock:
            if not self._token or self._clock() >= self._renew_at:
                self._renew()
            return {"Authorization": f"Bearer {self._token}"}

    def renew(self, generation: int) -> bool:
        """Replace the token of that generation, unless another thread did; False for mechanisms without one."""
        if self._endpoint.auth != "oauth2":
            return False
        with self._lock:
            if generation == self.generation:
                self._renew()
            return True

    def switch(self, generation: int) -> bool:
        """Sign with the second credential from now on, unless another thread has changed something since that
        generation; False when there is no second one left."""
        with self._lock:
            if generation != self.generation:
                return True
            if not self._take_second():
                return False
            if self._endpoint.auth == "oauth2":
                self._renew()
            else:
                self.generation += 1
            return True

    def _take_second(self) -> bool:
        second = self._endpoint.second
        if second is None or self.served != FIRST:
            return False
        self._endpoint, self.served, self._token = second, SECOND, ""
        return True

    def _renew(self) -> None:
        try:
            answer = self._token_answer()
        except CannotRun as problem:
            if problem.id != "sync.refused-credential" or not self._take_second():
                raise
            answer = self._token_answer()
        token = answer.get("access_token")
        if not isinstance(token, str) or not token:
            url = self._endpoint.token_url or ""
            raise setup_problems.failing(url, "the token answer holds no access_token", 1)
        self._token = token
        life = _seconds(answer.get("expires_in"))
        self._renew_at = self._clock() + max(life - min(_RENEW_BEFORE_S, life / 10), 0.0)
        self.generation += 1

    def _token_answer(self) -> dict[str, Any]:
        url = self._endpoint.token_url or ""
        status = 0
        for names in self._scope_ladder():
            response, scope_refused = self._ask(url, names)
            status = response.status_code
            if status == 200:
                return self._parsed(url, response)
            if not scope_refused:
                break
        if status == 404:
            raise setup_problems.wrong_url(self._endpoint, url)
        raise setup_problems.refused_credential(self._endpoint, url, status)

    def _scope_ladder(self) -> Iterator[tuple[str, ...]]:
        """All that a run reads, then the roster alone, then what the provider gives unasked."""
        version = version_of(self._endpoint)
        reads = (name for name in scopes.ALL[version] if name.endswith(".readonly") and name != _NEVER_READ)
        for names in (tuple(reads), _ROSTER_SCOPES, ()):
            yield tuple(scopes.expand(name, version) for name in names)

    def _ask(self, url: str, names: tuple[str, ...]) -> tuple[requests.Response, bool]:
        """Basic first, as the standard says, then the credential in the body."""
        form = {"grant_type": "client_credentials"}
        if names:
            form["scope"] = " ".join(names)
        pair = (self._endpoint.client_id or "", self._endpoint.client_secret or "")
        response = self._send("POST", url, data=form, auth=pair)
        if _refuses_scope(response):
            return response, True
        if response.status_code in (400, 401, 403):
            form |= {"client_id": pair[0], "client_secret": pair[1]}
            response = self._send("POST", url, data=form)
        return response, _refuses_scope(response)

    def _parsed(self, url: str, response: requests.Response) -> dict[str, Any]:
        try:
            found = orjson.loads(response.content)
        except orjson.JSONDecodeError:
            raise setup_problems.html_answer(self._endpoint, url, response.status_code) from None
        return found if isinstance(found, dict) else {}


def _refuses_scope(response: requests.Response) -> bool:
    return response.status_code == 400 and b"invalid_scope" in response.content


def _seconds(value: Any) -> float:
    """A life in seconds; some providers send it as text. Without one that makes sense: an hour."""
    try:
        life = float(value)
    except (TypeError, ValueError):
        return _USUAL_LIFE_S
    return life if life > 0 else _USUAL_LIFE_S
