"""One provider's API over HTTP: signed GETs with retries, back-off and renewal of the token.

Called by the API source. Retries only what may pass; never follows a redirect to another origin.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode, urljoin, urlsplit

import orjson
import requests
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from oneroster_harness.problems import CannotRun
from oneroster_harness.providers import Endpoint
from oneroster_harness.terminal import VERSION
from sync_engine.sources import setup_problems
from sync_engine.sources.services import address_of, version_of
from sync_engine.sources.sign_in import SignIn

CONNECTIONS = 4
"""Pages in flight by default: real providers limit the rate, and more gain little."""
_REDIRECTS = (301, 302, 303, 307, 308)
_MAX_REDIRECTS = 5
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a failing provider is waited for. tries: per request, at least 1.

    The wait doubles from first_wait_s up to max_wait_s; a Retry-After header is honoured up to max_wait_s.
    """

    tries: int = 5
    first_wait_s: float = 0.5
    max_wait_s: float = 30.0
    timeout_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: status, headers, and its JSON when the status is 200."""

    status: int
    headers: Mapping[str, str]
    document: Any


@dataclass(frozen=True, slots=True)
class Hooks:
    """What whoever runs wants to do beside the reading. before_request: called before each, retries included; may raise.
    sleep: waits between tries. told: hears what is being read, None shows it on the terminal. served: hears which credential
    served, after the reading."""

    before_request: Callable[[], None] = lambda: None
    sleep: Callable[[float], None] = time.sleep
    told: Callable[[str], None] | None = None
    served: Callable[[str], None] = lambda _: None


NO_HOOKS = Hooks()


class _Transient(Exception):
    """Something that may pass: what was met, and how long the provider asks to wait (seconds)."""

    def __init__(self, what: str, wait_s: float | None = None, reached: bool = True) -> None:
        super().__init__(what)
        self.what = what
        self.wait_s = wait_s
        self.reached = reached


class Connection:
    """Signed reads of one provider, from several threads if need be.

    requests: how many were sent, retries and token requests included. connections: how many pages a reader may fetch
    at once. before_request: called before each request, from any thread; may raise.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        patience: Patience | None = None,
        *,
        connections: int = CONNECTIONS,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        before_request: Callable[[], None] = lambda: None,
    ) -> None:
        self._before_request = before_request
        self.endpoint = endpoint
        self.version = version_of(endpoint)
        self.connections = connections
        self.requests = 0
        self._counting = threading.Lock()
        self._patience = patience or Patience()
        self._sleep = sleep
        self._session = requests.Session()
        self._session.headers.update(
            {"Accept": "application/json", "User-Agent": f"oneroster-harness/{VERSION}"}
        )
        # Without an auth of its own, requests would put a .netrc entry in place of the header that we sign.
        self._session.auth = _as_signed
        self._sign_in = SignIn(endpoint, self._send, clock)

    def close(self) -> None:
        """Release the connections."""
        self._session.close()

    @property
    def served(self) -> str:
        """Which credential signs now, "first" or "second"."""
        return self._sign_in.served

    def address(self, collection: str) -> str:
        """The absolute URL of a collection, below the root of the service that it belongs to."""
        return address_of(self.endpoint.url, self.version, collection)

    def get(self, collection: str, query: Mapping[str, str]) -> Answer:
        """GET a page of a collection.

        Returns answers of any status that is final. A 401 renews the token once, then takes the second credential. Raises CannotRun when nothing
        answers, an answer stays broken after all tries, or the body is a web page.
        """
        url = self.address(collection) + (f"?{urlencode(query)}" if query else "")
        generation = self._sign_in.generation
        answer = self._retrying(url, lambda: self._page_once(url, collection))
        # Before the first request there is no token yet; the one that was refused is then the first.
        if answer.status == 401 and self._sign_in.renew(max(generation, 1)):
            generation = self._sign_in.generation
            answer = self._retrying(url, lambda: self._page_once(url, collection))
        if answer.status == 401 and self._sign_in.switch(generation):
            answer = self._retrying(url, lambda: self._page_once(url, collection))
        return answer

    def _page_once(self, url: str, collection: str) -> Answer:
        answer = self._get_once(url)
        if says_error(answer.document, collection):
            raise _Transient("an error in the body of a 200")
        return answer

    def _get_once(self, url: str) -> Answer:
        for _ in range(_MAX_REDIRECTS):
            response = self._request("GET", url, headers=self._sign_in.headers(url))
            if response.status_code not in _REDIRECTS:
                return self._answer(url, response)
            url = self._same_origin(url, response.headers.get("Location", ""))
        raise setup_problems.failing(url, "redirects without an end", _MAX_REDIRECTS)

    def _same_origin(self, url: str, location: str) -> str:
        target = urljoin(url, location)
        here, there = urlsplit(url), urlsplit(target)
        if (here.scheme, here.netloc) != (there.scheme, there.netloc):
            raise CannotRun(
                "the provider redirects to another origin; the credential was not sent there",
                "an answer from the same scheme, host and port", setup_problems.shown(url),
                "use the address it redirects to, if that is the provider's own", "sync.foreign-redirect",
            )  # fmt: skip
        return target

    def _answer(self, url: str, response: requests.Response) -> Answer:
        if response.status_code != 200:
            return Answer(response.status_code, response.headers, None)
        is_html = "html" in response.headers.get("Content-Type", "").lower()
        if is_html or response.content[:256].lstrip().startswith(b"<"):
            raise setup_problems.html_answer(self.endpoint, url, 200)
        try:
            document = orjson.loads(response.content)
        except orjson.JSONDecodeError as error:
            raise _Transient(f"a body that is not JSON, broken at character {error.pos}") from None
        return Answer(200, response.headers, document)

    def _send(self, method: str, url: str, **options: Any) -> requests.Response:
        return self._retrying(url, lambda: self._request(method, url, **options))

    def _request(self, method: str, url: str, **options: Any) -> requests.Response:
        self._before_request()
        with self._counting:
            self.requests += 1
        try:
            response = self._session.request(
                method, url, allow_redirects=False, timeout=self._patience.timeout_s, **options
            )
        except requests.Timeout as error:
            raise _Transient(f"no answer within {self._patience.timeout_s:g} s") from error
        except requests.exceptions.ChunkedEncodingError as error:
            raise _Transient("a body that ends early") from error
        except requests.exceptions.ContentDecodingError as error:
            raise _Transient("a body that cannot be unpacked") from error
        except requests.ConnectionError as error:
            raise _Transient("the connection failed", reached=False) from error
        except requests.RequestException as error:
            raise setup_problems.nothing_answers(url, type(error).__name__) from error
        if response.status_code == 429 or response.status_code >= 500:
            raise _Transient(f"status {response.status_code}", _wait_asked(response))
        return response

    def _retrying(self, url: str, call: Callable[[], _T]) -> _T:
        patience = self._patience
        retrying = Retrying(
            stop=stop_after_attempt(patience.tries), wait=self._wait, sleep=self._sleep,
            retry=retry_if_exception_type(_Transient), reraise=True,
        )  # fmt: skip
        try:
            return retrying(call)
        except _Transient as error:
            if not error.reached:
                raise setup_problems.nothing_answers(url, f"{error.what}, {patience.tries} tries") from error
            raise setup_problems.failing(url, error.what, patience.tries) from error

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.wait_s if isinstance(error, _Transient) else None
        wait = self._patience.first_wait_s * 2.0 ** (state.attempt_number - 1) if asked is None else asked
        return min(wait, self._patience.max_wait_s)


def _as_signed(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _wait_asked(response: requests.Response) -> float | None:
    """Retry-After in seconds; its date form is left to the back-off."""
    text = response.headers.get("Retry-After", "").strip()
    return float(text) if text.isascii() and text.isdigit() else None


def says_error(document: Any, collection: str) -> bool:
    """Whether a body tells of an error in place of the collection's records.

    A status beside records is none: 1.1 has successes with a warning.
    """
    if not isinstance(document, Mapping) or isinstance(document.get(collection), list):
        return False
    several = document.get("statusInfoSet")
    statuses = [document, document.get("imsx_StatusInfo"), *(several if isinstance(several, list) else ())]
    failed = any(isinstance(one, Mapping) and one.get("imsx_codeMajor") == "failure" for one in statuses)
    return failed or "error" in document or "errors" in document
