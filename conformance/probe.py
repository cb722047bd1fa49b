"""The suite's own HTTP: strict, counted, polite, and repeatable by hand without a secret.

Called by sign_in.py and the checks. Follows no redirect, repeats only what a busy provider asks to be repeated, keeps no
secret in what it returns.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode

import requests

from conformance.quiet_hours import QuietHours
from conformance.services import Services
from conformance.transport import is_private_enough
from oneroster_harness.problems import CannotRun
from oneroster_harness.providers import redact

TIMEOUT_S = (10, 60)
CHUNK = 1 << 16
MOST_BYTES = 256 << 20
MOST_TIME_S = 600.0
MOST_DEPTH = 64
"""An answer is read up to so many unpacked bytes and seconds; JSON that is nested deeper is taken for none."""
BUSY = (429, 503)
MOST_REPEATS = 3
MOST_PAUSE_S = 30.0
MOST_PAUSES_S = 300.0
"""A busy provider is waited for as long as it asks, within these caps per request and per run; then its answer stands."""


class BudgetSpent(Exception):
    """The run may make no further request; the message says why."""


class NotJson(Exception):
    """An answer that is not a JSON document."""


@dataclass(frozen=True)
class Exchange:
    """One request and its answer."""

    method: str
    url: str
    path: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    curl: str

    @cached_property
    def json(self) -> Any:
        """The body as JSON; raises NotJson.

        Read leniently, so that a byte order mark spoils no other check: envelope.json-text judges it.
        """
        try:
            document = json.loads(self.body.decode("utf-8-sig"))
        except (UnicodeDecodeError, ValueError, RecursionError) as error:
            raise NotJson from error
        if _is_deeper(document, MOST_DEPTH):
            raise NotJson
        return document

    @property
    def is_html(self) -> bool:
        """Whether the answer is a web page."""
        return self.body[:200].lstrip().lower().startswith((b"<!doctype html", b"<html"))

    @property
    def total(self) -> int | None:
        """X-Total-Count as a number, None when it is absent or no number."""
        text = self.headers.get("X-Total-Count", "")
        return int(text) if text.isdigit() else None

    @property
    def where(self) -> dict[str, str]:
        """The place for a notice."""
        return {"request": f"{self.method} {self.path}"}


def encode(parameters: Mapping[str, Any]) -> str:
    """A query string with every reserved character percent-encoded."""
    return urlencode({name: str(value) for name, value in parameters.items()}, quote_via=quote, safe="")


class Probe:
    """Sends requests to one provider within a budget and a rate.

    budget: requests at most. rate: requests per second at most, 0 for no limit. sleep: how to wait. quiet: hours without
    requests.
    """

    def __init__(
        self, root: str, *, budget: int, rate: float = 0.0, sleep: Callable[[float], None] = time.sleep, services: Services | None = None,
        quiet: QuietHours | None = None,
    ) -> None:  # fmt: skip
        self.root = root.rstrip("/")
        self._services = services
        self.sent = 0
        self._budget = budget
        self._quiet = quiet
        self._gap_s = 1 / rate if rate else 0.0
        self._last = 0.0
        self._sleep = sleep
        self._paused_s = 0.0
        self._session = requests.Session()
        self._session.trust_env = False

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        auth_hint: str = "",
        auth: tuple[str, str] | None = None,
        cookies: bool = True,
        beyond_budget: bool = False,
    ) -> Exchange:
        """Send one request to an absolute URL.

        auth_hint: what stands for the credential in the curl line. cookies: whether those of earlier answers go with it.
        beyond_budget: whether a spent budget and quiet hours stop it no more, for what takes our own objects away again.
        A busy provider is asked again after the time that it names. Raises BudgetSpent, or CannotRun when nothing answers.
        """
        answer = self._once(method, url, headers, body, auth, cookies, beyond_budget)
        for repeat in range(MOST_REPEATS):
            pause = pause_of(answer.status_code, answer.headers, repeat)
            if pause is None or pause > MOST_PAUSE_S or self._paused_s + pause > MOST_PAUSES_S:
                break
            self._paused_s += pause
            self._sleep(pause)
            answer = self._once(method, url, headers, body, auth, cookies, beyond_budget)
        shown = redact(url)
        path = (self._services.below(shown) if self._services else shown.removeprefix(self.root)) or shown
        return Exchange(method, shown, path, answer.status_code, answer.headers, answer.content, _curl(method, shown, auth_hint))

    def pause(self, seconds: float) -> None:
        """Wait; nothing is sent meanwhile."""
        self._sleep(seconds)

    def url(self, path: str, service: str = "") -> str:
        """A path below a service root as an absolute URL."""
        return self._services.url(path, service) if self._services else self.root + path

    def _once(
        self, method: str, url: str, headers: Mapping[str, str] | None, body: bytes | None, auth: tuple[str, str] | None, cookies: bool,
        beyond_budget: bool = False,
    ) -> requests.Response:  # fmt: skip
        if self.sent >= self._budget and not beyond_budget:
            raise BudgetSpent(f"the budget of {self._budget} requests was spent")
        until = self._quiet.until() if self._quiet else None
        if until is not None and not beyond_budget:
            raise BudgetSpent(f"quiet hours until {until:%H:%M} began")
        if not is_private_enough(url) and (auth is not None or _bears_credential(headers, body)):
            raise CannotRun(
                "a credential is not sent over plain http", "https, or an address of this machine", redact(url),
                "use the https:// address of the provider and of its token endpoint",
            )  # fmt: skip
        self._wait()
        self.sent += 1
        try:
            session = self._session if cookies else self._fresh()
            answer = session.request(
                method, url, headers=dict(headers or {}), data=body, timeout=TIMEOUT_S, allow_redirects=False, auth=auth, stream=True
            )
            _read_within_limits(answer)
            return answer
        except requests.RequestException as error:
            raise CannotRun(
                "the provider does not answer", "an HTTP answer", redact(url), f"check host, port and network ({_kind(error)})"
            ) from error

    @staticmethod
    def _fresh() -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        return session

    def _wait(self) -> None:
        if self._gap_s:
            pause = self._last + self._gap_s - time.monotonic()
            if pause > 0:
                self._sleep(pause)
        self._last = time.monotonic()


def pause_of(status: int, headers: Mapping[str, str], repeat: int) -> float | None:
    """Seconds after which a busy answer asks to be repeated; None when it does not.

    Retry-After is a number of seconds or a date; 429 without it is repeated after 1, 2 and 4 seconds, 503 is not.
    """
    if status not in BUSY:
        return None
    text = headers.get("Retry-After", "").strip()
    if not text:
        return float(2**repeat) if status == 429 else None
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None


def _is_deeper(value: Any, depth: int) -> bool:
    """Whether a JSON value is nested deeper than so many levels."""
    level = [value]
    for _ in range(depth):
        level = [inner for one in level if isinstance(one, dict | list) for inner in (one.values() if isinstance(one, dict) else one)
                 if isinstance(inner, dict | list)]  # fmt: skip
        if not level:
            return False
    return True


def _read_within_limits(answer: requests.Response) -> None:
    """Take in a body up to MOST_BYTES and MOST_TIME_S; raises CannotRun beyond."""
    until = time.monotonic() + MOST_TIME_S
    parts, size = [], 0
    for part in answer.iter_content(CHUNK):
        parts.append(part)
        size += len(part)
        if size > MOST_BYTES or time.monotonic() > until:
            answer.close()
            limit = f"{MOST_BYTES // (1 << 20)} MiB" if size > MOST_BYTES else f"{MOST_TIME_S:.0f} s"
            raise CannotRun("an answer is larger or slower than the suite reads", f"{limit} at most", redact(answer.url or ""))
    answer._content = b"".join(parts)


def _bears_credential(headers: Mapping[str, str] | None, body: bytes | None) -> bool:
    return any(name.lower() in ("authorization", "cookie") for name in headers or ()) or b"client_secret=" in (body or b"")


def _kind(error: requests.RequestException) -> str:
    if isinstance(error, requests.exceptions.SSLError):
        return "the TLS connection failed"
    if isinstance(error, requests.exceptions.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.ConnectionError):
        return "the connection was refused or the name is unknown"
    return type(error).__name__


def _curl(method: str, url: str, auth_hint: str) -> str:
    parts = ["curl -sS -i"]
    if method != "GET":
        parts.append(f"-X {method}")
    if auth_hint:
        parts.append(auth_hint)
    quoted = url.replace("'", "%27")
    return " ".join([*parts, f"'{quoted}'"])
