"""Reads of the API answered straight from the WSGI environment: they are most requests of every client.

Called by the application, which hands over what it does anyway. The web framework's contexts, routing and response cost as
much as a whole page; with nothing of it between them a page costs what a bare view of the same bytes does. Requests
that write, that a fault may strike, or that are no part of the API go on to the framework.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Request

from mock_server.compression import VARY, accepts_gzip, coded, is_worth_it

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from mock_server.reading import Answer

Read = Callable[[Request], "Answer | None"]
"""Answers a read of the API; None for what the framework has to answer. Never raises."""


def _status(code: int) -> str:
    try:
        return f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        return f"{code} UNKNOWN"


def finished(answer: Answer, accept_encoding: str) -> tuple[str, list[tuple[str, str]], bytes]:
    """Status line, header lines and body of an answer, in gzip where the client accepts it."""
    status, named, body = answer
    headers: list[tuple[str, Any]] = list(named.items())
    if is_worth_it(named.get("Content-Type", ""), len(body)) and "Content-Encoding" not in named:
        headers.append(("Vary", VARY))
        if accepts_gzip(accept_encoding):
            body = coded(body)
            headers.append(("Content-Encoding", "gzip"))
    headers.append(("Content-Length", str(len(body))))
    return _status(status), [(name, str(value)) for name, value in headers], body


def past_the_framework(framework: WSGIApplication, read: Read) -> WSGIApplication:
    """A WSGI application that answers reads itself and leaves the others to the framework."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = read(Request(environ)) if environ["REQUEST_METHOD"] == "GET" else None
        if answer is None:
            return framework(environ, start_response)
        status, headers, body = finished(answer, environ.get("HTTP_ACCEPT_ENCODING", ""))
        start_response(status, headers)
        return (body,)

    return application
