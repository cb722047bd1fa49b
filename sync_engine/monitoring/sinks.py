"""Where messages go: a webhook, signed and retried, or a command that reads them on its stdin.

Called by the messages. Sends to https or to this machine only, follows no redirect, and knows its secret from the environment.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from oneroster_harness.problems import CannotRun, UsageProblem, nearest
from oneroster_harness.providers import redact
from oneroster_harness.terminal import VERSION
from sync_engine.monitoring.measures import STATES

TRIES = 4
TIMEOUT_S = 10.0
COMMAND_WITHIN_S = 60.0
_KEYS = ("url", "secret_env", "command", "on")
_PREFIX = "whsec_"
Sleep = Callable[[float], None]


class Undelivered(Exception):
    """A message could not be delivered; the reason holds no secret and no body."""


class _MayPass(Undelivered):
    """A failure that may pass."""


class Sink(Protocol):
    """Takes messages."""

    @property
    def on(self) -> tuple[str, ...]:
        """The states that it wants to hear of."""
        ...

    @property
    def key(self) -> str:
        """The same for the same sink."""
        ...

    def send(self, message: Mapping[str, Any], at: datetime, sleep: Sleep) -> None:
        """Deliver a message. Raises Undelivered."""
        ...


def _retried(call: Callable[[], None], sleep: Sleep) -> None:
    retrying = Retrying(
        stop=stop_after_attempt(TRIES), wait=wait_exponential(multiplier=1, exp_base=4), retry=retry_if_exception_type(_MayPass), sleep=sleep, reraise=True
    )
    retrying(call)


def signed(secret: bytes, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of Standard Webhooks for a body: its id, the moment, and an HMAC-SHA256 over both and the body."""
    stamp = str(int(at.timestamp()))
    found = hmac.new(secret, b".".join((message_id.encode(), stamp.encode(), body)), hashlib.sha256).digest()
    return {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": f"v1,{base64.b64encode(found).decode()}"}


@dataclass(frozen=True, slots=True)
class Webhook:
    """A POST of the message's JSON."""

    url: str
    secret: bytes = field(repr=False)
    on: tuple[str, ...] = STATES

    @property
    def key(self) -> str:
        """A hash of the address."""
        return hashlib.sha256(self.url.encode()).hexdigest()[:16]

    def send(self, message: Mapping[str, Any], at: datetime, sleep: Sleep) -> None:
        """Deliver; a failure that may pass is tried again."""
        body = json.dumps(message, sort_keys=True).encode()
        headers = {"Content-Type": "application/json", "User-Agent": f"oneroster-harness/{VERSION}", **signed(self.secret, message["id"], at, body)}
        with requests.Session() as session:
            # Neither a proxy's nor a netrc's credentials of the environment are meant for this.
            session.trust_env = False
            _retried(lambda: self._post(session, body, headers), sleep)

    def _post(self, session: requests.Session, body: bytes, headers: Mapping[str, str]) -> None:
        try:
            answer = session.post(self.url, data=body, headers=headers, timeout=TIMEOUT_S, allow_redirects=False)
        except requests.RequestException as error:
            raise _MayPass(f"no answer ({type(error).__name__})") from None
        if answer.ok and answer.status_code < 300:
            return
        kind = _MayPass if answer.status_code == 429 or answer.status_code >= 500 else Undelivered
        raise kind(f"answered {answer.status_code}")


@dataclass(frozen=True, slots=True)
class Command:
    """A program with its arguments; the message's JSON is its stdin, no shell reads anything."""

    argv: tuple[str, ...]
    on: tuple[str, ...] = STATES

    @property
    def key(self) -> str:
        """A hash of the words."""
        return hashlib.sha256("\x00".join(self.argv).encode()).hexdigest()[:16]

    def send(self, message: Mapping[str, Any], at: datetime, sleep: Sleep) -> None:
        """Run it; an exit code other than 0 is tried again."""
        _retried(lambda: self._run(json.dumps(message, sort_keys=True)), sleep)

    def _run(self, text: str) -> None:
        try:
            done = subprocess.run(
                self.argv, input=text, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=COMMAND_WITHIN_S, check=False
            )
        except subprocess.TimeoutExpired:
            raise Undelivered(f"took longer than {COMMAND_WITHIN_S:g} s") from None
        except OSError as error:
            raise Undelivered(f"cannot be run: {error.strerror}") from None
        if done.returncode:
            raise _MayPass(f"ended with {done.returncode}")


def read_sink(row: Mapping[str, Any], environ: Mapping[str, str], where: str) -> Sink:
    """The sink of one row of [[notify]].

    Raises UsageProblem for a row that says something else, CannotRun when the secret is not in the environment.
    """
    for name in row:
        if name not in _KEYS:
            raise UsageProblem(f"unknown {f'notify.{name}'!r}; {nearest(name, _KEYS)}", where=where)
    on = row.get("on", list(STATES))
    if not isinstance(on, list) or not on or set(on) - set(STATES):
        raise UsageProblem(f"notify.on is {on!r}", f"a list of {', '.join(STATES)}", where)
    command, url = row.get("command"), row.get("url")
    if (command is None) == (url is None):
        raise UsageProblem("a row of notify needs a url or a command, and not both", 'url = "https://..." or command = ["program", "argument"]', where)
    if command is not None:
        if not isinstance(command, list) or not command or not all(isinstance(one, str) for one in command):
            raise UsageProblem("notify.command is no list of words", 'command = ["program", "argument"]', where)
        return Command(tuple(command), tuple(on))
    if not _is_safe(str(url)):
        raise UsageProblem(f"messages are not sent to {redact(str(url))}", "https, or http on this machine", where)
    name = str(row.get("secret_env", ""))
    secret = environ.get(name, "")
    if not secret:
        raise CannotRun("a webhook has no secret", 'secret_env = "NAME", and that variable in the environment', where, id="sync.notify-no-secret")
    return Webhook(str(url), _secret(secret), tuple(on))


def _secret(text: str) -> bytes:
    """As Standard Webhooks writes it, or any other text as it is."""
    if text.startswith(_PREFIX):
        try:
            return base64.b64decode(text.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            return text.encode()
    return text.encode()


def _is_safe(url: str) -> bool:
    parts = urlsplit(url)
    if parts.scheme == "https":
        return bool(parts.hostname)
    try:
        return parts.scheme == "http" and (parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname or "").is_loopback)
    except ValueError:
        return False
