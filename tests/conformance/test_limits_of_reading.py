"""What the suite refuses to do on the wire: credentials over plain http, redirects, links elsewhere, and answers without end."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from conformance import probe as probing
from conformance.api_judge import Order, judge
from conformance.probe import NotJson, Probe
from conformance.sign_in import SignIn
from conformance.transport import is_loopback, is_private_enough
from mock_server.mock_process import running_mock
from oneroster_harness.problems import CannotRun
from oneroster_harness.providers import Endpoint
from tests.meeting.endpoints import endpoint_of

Reply = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def answering(reply: Reply) -> Iterator[tuple[str, list[str]]]:
    """A server that answers every GET so; its root, and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        """One reply for all."""

        def do_GET(self) -> None:
            """Note and answer."""
            asked.append(self.path)
            reply(self)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()


def sends(body: bytes, status: int = 200, **headers: str) -> Reply:
    """A reply with a body."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        try:
            handler.wfile.write(body)
        except OSError:
            return  # the client has read enough

    return reply


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://sis.example.org/x", True), ("http://127.0.0.1:8080/x", True), ("http://localhost/x", True), ("http://[::1]/x", True),
        ("http://sis.example.org/x", False), ("http://127.0.0.1.example.org/x", False), ("http://10.0.0.1/x", False), ("ftp://127.0.0.1/x", False),
    ],
)  # fmt: skip
def test_a_credential_may_travel_by_https_or_within_this_machine(url: str, fits: bool) -> None:
    assert is_private_enough(url) is fits
    assert not is_loopback("localhost.example.org")


def test_no_credential_is_sent_over_plain_http() -> None:
    probe = Probe("http://192.0.2.7/v1p1", budget=5)
    with pytest.raises(CannotRun, match="plain http"):
        probe.send("GET", probe.url("/orgs"), headers={"Authorization": "Bearer x"})
    endpoint = Endpoint("http://192.0.2.7/v1p1", "oauth2", "http://192.0.2.7/token", client_id="a", client_secret="b")
    for by in ("basic", "body"):
        with pytest.raises(CannotRun, match="plain http"):
            SignIn(endpoint, probe).ask_token(by)
    assert probe.sent == 0


def test_a_redirect_is_told_and_not_followed() -> None:
    with answering(sends(b"", 302, Location="http://192.0.2.7/elsewhere")) as (root, asked):
        assert Probe(root, budget=5).send("GET", f"{root}/orgs").status == 302
    assert asked == ["/orgs"]


def test_links_to_another_origin_are_judged_and_never_followed() -> None:
    with answering(sends(b"{}")) as (elsewhere, asked), running_mock(students=60, vendors=["reference"]) as mock:
        host = elsewhere.removeprefix("http://")
        mock.set_faults("reference", [f"fault.paging-next-elsewhere@host={host}"])
        report = judge(endpoint_of(mock, "reference"), Order(only=["paging.", "endpoint."]))
    assert report.requests > 20
    assert asked == []


def test_an_answer_is_read_up_to_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "MOST_BYTES", 100_000)
    with answering(sends(b"x" * 300_000)) as (root, _), pytest.raises(CannotRun, match="larger or slower"):
        Probe(root, budget=5).send("GET", f"{root}/orgs")


def test_an_answer_is_read_up_to_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "MOST_TIME_S", -1.0)
    with answering(sends(b"{}")) as (root, _), pytest.raises(CannotRun, match="larger or slower"):
        Probe(root, budget=5).send("GET", f"{root}/orgs")


@pytest.mark.parametrize("depth", [probing.MOST_DEPTH + 1, 200_000])
def test_json_that_is_nested_too_deep_is_taken_for_none(depth: int) -> None:
    with answering(sends(b'{"orgs":' + b"[" * depth + b"]" * depth + b"}")) as (root, _):
        answer = Probe(root, budget=5).send("GET", f"{root}/orgs")
    with pytest.raises(NotJson):
        _ = answer.json


def test_json_of_ordinary_depth_is_read() -> None:
    document = {"orgs": [{"metadata": {"a": {"b": [1]}}}]}
    with answering(sends(json.dumps(document).encode())) as (root, _):
        assert Probe(root, budget=5).send("GET", f"{root}/orgs").json == document
