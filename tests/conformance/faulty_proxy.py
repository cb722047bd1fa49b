"""A proxy before the reference mock that breaks one thing on the way: what a faulty provider looks like to the suite.

Test support. Signed requests are accepted as they come, whatever their signature; everything else is the mock's.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import requests

from mock_server.mock_process import MockProvider
from oneroster_harness.providers import Endpoint

KEPT_HEADERS = ("Content-Type", "X-Total-Count", "Link", "WWW-Authenticate")

ROOT = "/ims/oneroster/v1p1"
_SERVICE = re.compile(r"/ims/oneroster/(rostering|gradebook|resources)/v1p2")


@dataclass(frozen=True)
class Asked:
    """A request as it arrived; path is relative to the service root, `/token` is the token endpoint."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    service: str = ""
    """The service of 1.2 that was asked; empty for 1.1."""

    @property
    def parameters(self) -> dict[str, str]:
        return dict(parse_qsl(self.query, keep_blank_values=True))

    def with_parameters(self, **changes: str | None) -> Asked:
        """The same request with parameters replaced, or dropped when None."""
        found = {**self.parameters, **changes}
        kept = {name: value for name, value in found.items() if value is not None}
        return replace(self, query=urlencode(kept, quote_via=quote))


@dataclass
class Answered:
    """An answer on its way back."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def document(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def with_document(self, document: Any) -> Answered:
        return Answered(self.status, self.headers, json.dumps(document).encode())


Forward = Callable[[Asked], Answered]
Fault = Callable[[Asked, Forward], Answered]


class Upstream:
    """The mock behind the proxy, and a token of its own for requests that are let through unasked."""

    def __init__(self, provider: MockProvider) -> None:
        self.provider = provider
        self.session = requests.Session()
        answer = self.session.post(
            str(provider.token_url), data={"grant_type": "client_credentials"}, auth=(provider.client_id, provider.client_secret)
        )
        self.granted = Answered(200, {"Content-Type": "application/json"}, answer.content)
        self.bearer = f"Bearer {answer.json()['access_token']}"

    def send(self, asked: Asked, origin: str) -> Answered:
        headers = {name: value for name, value in asked.headers.items() if name.lower() in ("authorization", "content-type", "accept")}
        if headers.get("Authorization", "").startswith("OAuth"):
            headers["Authorization"] = self.bearer
        root = self.provider.base_urls["1.2"][asked.service] if asked.service else self.provider.base_url
        url = str(self.provider.token_url) if asked.path == "/token" else root + asked.path
        answer = self.session.request(
            asked.method, url + (f"?{asked.query}" if asked.query else ""), headers=headers, data=asked.body or None, allow_redirects=False
        )
        own = urlsplit(self.provider.base_url)
        # The tail of the reference's roots is the standard's, so that its origin alone differs.
        there, here = f"{own.scheme}://{own.netloc}{own.path.removesuffix(ROOT)}", origin
        kept = {name: answer.headers[name].replace(there, here) for name in KEPT_HEADERS if name in answer.headers}
        return Answered(answer.status_code, kept, answer.content.replace(there.encode(), here.encode()))


@contextmanager
def faulty(upstream: Upstream, fault: Fault, *, spec: str = "1.1") -> Iterator[Endpoint]:
    """An endpoint whose provider shows the fault."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Headers and body leave in one segment each; waiting for an acknowledgement in between costs 40 ms a request.
        disable_nagle_algorithm = True

        def answer(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            service = _SERVICE.match(parts.path)
            root = service[0] if service else ROOT
            path = parts.path if parts.path == "/token" else parts.path.removeprefix(root)
            asked = Asked(
                self.command, path, parts.query, dict(self.headers.items()), self.rfile.read(length), service[1] if service else ""
            )
            found = fault(asked, lambda one: upstream.send(one, origin))
            self.send_response(found.status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(found.body)))
            self.end_headers()
            self.wfile.write(found.body)

        do_GET = do_POST = do_PUT = do_DELETE = answer

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    origin = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Endpoint(
            url=f"{origin}{ROOT if spec == '1.1' else '/ims/oneroster/rostering/v1p2'}", auth="oauth2", token_url=f"{origin}/token", client_id=upstream.provider.client_id,
            client_secret=upstream.provider.client_secret,
        )  # fmt: skip
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
