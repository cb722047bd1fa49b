"""Faults that put another answer in place of the right one."""

from __future__ import annotations

import time
from dataclasses import replace
from email.utils import formatdate

import orjson

from mock_server.answers import Refusal
from mock_server.faults.hooks import Fault, fault
from mock_server.quirks.hooks import ApiRequest, WholeAnswer
from oneroster_standard import status_info

JSON = "application/json"
HTML = "text/html; charset=utf-8"
LOGIN_PAGE = (
    "<!doctype html><html><head><title>Sign in</title></head><body><h1>Sign in</h1>"
    '<form method="post" action="/login"><label>User <input name="user"></label>'
    '<label>Password <input name="password" type="password"></label><button>Sign in</button></form></body></html>'
)
GATEWAY_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1><p>The gateway got no answer.</p></body></html>"


def error_payload(spec: str, code_minor: str, description: str) -> bytes:
    """An error as a version writes it."""
    build = status_info.payload if spec in ("", "1.1") else status_info.payload_1p2
    return orjson.dumps(build("failure", "error", code_minor, description))


@fault("fault.load-too-many-requests")
class TooManyRequests(Fault):
    """A refusal that asks to wait."""

    def admit(self, asked: ApiRequest) -> WholeAnswer | None:
        """Refuse with Retry-After in the form that was chosen."""
        wait = self.whole("wait")
        headers: dict[str, str] = {}
        if self.word("retry") == "seconds":
            headers["Retry-After"] = str(wait)
        elif self.word("retry") == "date":
            headers["Retry-After"] = formatdate(self.vendor.now() + wait, usegmt=True)
        said = f"too many requests, wait {wait} seconds"
        raise Refusal(self.whole("status"), "server_busy", said, headers)


@fault("fault.server-error")
class ServerError(Fault):
    """A status from 500 on."""

    def admit(self, asked: ApiRequest) -> WholeAnswer | None:
        """Fail in the form that was chosen."""
        status = self.whole("status")
        match self.word("form"):
            case "html":
                return WholeAnswer(status, {"Content-Type": HTML}, GATEWAY_PAGE.format(f"{status} Bad Gateway").encode())
            case "empty":
                return WholeAnswer(status, {}, b"")
            case _:
                raise Refusal(status, "server_busy", "the server could not answer")


@fault("fault.server-slow-answer")
class SlowAnswer(Fault):
    """A wait before the answer."""

    def admit(self, asked: ApiRequest) -> WholeAnswer | None:
        """Wait, then let the request be carried out."""
        time.sleep(self.number("delay_s"))
        return None


@fault("fault.body-login-page")
class LoginPage(Fault):
    """A web page in place of JSON."""

    def answer(self, asked: ApiRequest, answer: WholeAnswer) -> WholeAnswer:
        """The page, with 200."""
        return WholeAnswer(200, {"Content-Type": HTML}, LOGIN_PAGE.encode())


@fault("fault.body-error-in-200")
class ErrorInOk(Fault):
    """An error payload with status 200."""

    def answer(self, asked: ApiRequest, answer: WholeAnswer) -> WholeAnswer:
        """The payload in place of the records."""
        body = error_payload(self.asked.spec, "server_busy", "the service is not available")
        return WholeAnswer(200, {"Content-Type": JSON}, body)


@fault("fault.body-empty")
class EmptyBody(Fault):
    """Status 200 and nothing."""

    def answer(self, asked: ApiRequest, answer: WholeAnswer) -> WholeAnswer:
        """No body."""
        return WholeAnswer(200, answer.headers, b"")


@fault("fault.body-truncated")
class Truncated(Fault):
    """A JSON document that ends too early."""

    def answer(self, asked: ApiRequest, answer: WholeAnswer) -> WholeAnswer:
        """The first part of the body; at least one byte is missing."""
        body = answer.body
        return replace(answer, body=body[: min(int(len(body) * self.number("keep")), max(0, len(body) - 1))])
