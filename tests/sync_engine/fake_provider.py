"""A provider whose every answer a test chooses, for what a well-behaved mock never does."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

CORE = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")


@dataclass(frozen=True, slots=True)
class Request:
    """What the provider was asked."""

    method: str
    entity: str
    limit: int
    offset: int
    authorization: str
    form: Mapping[str, list[str]]
    filter: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What it answers."""

    document: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None


Handler = Callable[[Request], Reply]


def page(
    request: Request, records: list[dict[str, Any]], *, cap: int = 1000, total: int | None = -1
) -> Reply:
    """One page as a well-behaved provider gives it; total None leaves the header out, -1 tells the truth."""
    shown = records[request.offset : request.offset + min(cap, request.limit)]
    announced = len(records) if total == -1 else total
    headers = {} if announced is None else {"X-Total-Count": str(announced)}
    return Reply({request.entity: shown}, headers=headers)


class FakeProvider:
    """A running provider. served: entity -> records; answers: entity -> handler that replaces the served page."""

    def __init__(self, root: str) -> None:
        self.url = f"{root}/ims/oneroster/v1p1"
        self.token_url = f"{root}/token"
        self.served: dict[str, list[dict[str, Any]]] = {name: [] for name in CORE}
        self.answers: dict[str, Handler] = {}
        self.requests: list[Request] = []

    def count(self, entity: str) -> int:
        """How many requests an entity got."""
        return sum(request.entity == entity for request in self.requests)

    def answer(self, request: Request) -> Reply:
        """The reply to one request."""
        self.requests.append(request)
        if request.entity in self.answers:
            return self.answers[request.entity](request)
        if request.entity == "token":
            return Reply({"access_token": "token-1", "expires_in": "3600", "token_type": "bearer"})
        if request.entity not in self.served:
            return Reply({}, status=404)
        return page(request, self.served[request.entity])


def _handler(provider: FakeProvider) -> type[BaseHTTPRequestHandler]:
    class Handling(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            query = parse_qs(parts.query)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            reply = provider.answer(
                Request(
                    self.command, parts.path.rpartition("/")[2], int(query.get("limit", ["100"])[0]),
                    int(query.get("offset", ["0"])[0]), self.headers.get("Authorization", ""), parse_qs(body),
                    query.get("filter", [""])[0],
                )
            )  # fmt: skip
            text = json.dumps(reply.document) if reply.text is None else reply.text
            # The own clock of the server stays out where a test tells the time.
            (self.send_response_only if "Date" in reply.headers else self.send_response)(reply.status)
            headers = {"Content-Type": "application/json", **reply.headers}
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = _answer

        def log_message(self, format: str, *args: Any) -> None:
            """Tests read `requests` instead."""

    return Handling


@contextmanager
def running_fake() -> Iterator[FakeProvider]:
    """A provider on a free loopback port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    provider = FakeProvider(f"http://127.0.0.1:{server.server_address[1]}")
    server.RequestHandlerClass = _handler(provider)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
