"""What a server that holds (made-up) people must not do: let in, leak, choke, or listen to the world."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import requests
from flask import Flask
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mock_server.admin import admin_routes as blueprint_of
from mock_server.fault_reports import places
from mock_server.mock_process import READY_WITHIN_S, RunningMock, stop
from mock_server.request_limits import MOST_BODY_BYTES, MOST_PARAMETERS, MOST_QUERY_BYTES
from tests.mock_server.raw_client import ask
from tests.mock_server.wire import GRADEBOOK, WITHIN_S, Wire

MARK = "Zephyrine-Quux-4711"
"""Stands for a person's value or a secret; the district holds nothing like it."""


@contextmanager
def served(folder: Path, *options: str) -> Iterator[tuple[RunningMock, Path]]:
    """A server whose standard output and error are kept in a file."""
    ready, said = folder / "ready.json", folder / "said.txt"
    command = [sys.executable, "-m", "oneroster_harness", "serve", "--students", "20", "--port", "0", "--ready-file", str(ready), *options]
    with said.open("wb") as sink:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=sink)
    try:
        for _ in range(int(READY_WITHIN_S * 20)):
            if ready.exists() or process.poll() is not None:
                break
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.05)
        yield RunningMock(json.loads(ready.read_text("utf-8")), process.pid), said
    finally:
        stop(process)


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningMock, Path]]:
    """A server of the module and what it wrote to its standard error."""
    with served(tmp_path_factory.mktemp("logged")) as found:
        yield found


def spoiled(mock: RunningMock, place: str, text: str) -> None:
    """A request that carries a text in one place."""
    for vendor, found in mock.providers.items():
        wire = Wire(found)
        path = quote(text, safe="")
        match place:
            case "path":
                wire.get(f"/users/{path}")
                wire.get(f"/{path}/{path}")
                requests.get(f"{mock.ready['admin_url']}/vendors/{path}/quirks", timeout=WITHIN_S)
                requests.get(f"{mock.ready['console_url']}/vendors/{path}", timeout=WITHIN_S)
            case "query":
                for name in ("filter", "sort", "fields", "limit", "offset", "orderBy", text):
                    wire.get("/users", **{name: text})
                wire.get("/users", filter=f"familyName='{text}'")
            case "header":
                for name in ("Authorization", "X-Anything", "Accept", "Cookie", "User-Agent"):
                    # A client library sends no header that would end in the middle.
                    shown = "".join(letter if letter.isprintable() else "?" for letter in text.encode("ascii", "replace").decode())
                    wire.call("GET", "/users", headers={name: shown})
            case "credential":
                if found.token_url:
                    wire.token_answer(auth=(text.encode(), text.encode()))
                    wire.token_answer(data={"client_secret": text, "scope": text, "grant_type": text}, auth=None)
                wire.call("GET", "/users", headers={"Authorization": f"Bearer {quote(text)}"})
                requests.get(f"{found.base_url}/users", params={"oauth_signature": text, "oauth_token": text}, timeout=WITHIN_S)
            case "body" if vendor == "reference":
                body = json.dumps({"lineItem": {"sourcedId": text, "title": text, text: text}, text: text})
                for sent in (body, text):
                    wire.call("PUT", f"/lineItems/{path}", scopes=GRADEBOOK, data=sent.encode())
    admin(mock, place, text)


def admin(mock: RunningMock, place: str, text: str) -> None:
    """The same at the admin API."""
    headers = {"Authorization": f"Bearer {mock.ready['admin_token']}"}
    url = mock.ready["admin_url"]
    if place == "body":
        for subject, key in (("quirks", "quirks"), ("settings", "withheld"), ("faults", "faults")):
            requests.put(f"{url}/vendors/reference/{subject}", json={key: [text]}, headers=headers, timeout=WITHIN_S)
        requests.put(f"{url}/vendors/reference/credentials", json={"action": text}, headers=headers, timeout=WITHIN_S)
        requests.post(f"{url}/reset", json={"snapshot": text}, headers=headers, timeout=WITHIN_S)
    if place == "credential":
        requests.get(f"{url}/health", headers={"Authorization": f"Bearer {quote(text)}"}, timeout=WITHIN_S)


@pytest.mark.parametrize("place", ["path", "query", "header", "credential", "body"])
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(around=st.text(max_size=6))
@example(around="\n")
@example(around="\x00\r\n X: y")
def test_nothing_that_a_client_sends_is_found_in_a_log_a_journal_or_a_metric(
    logged: tuple[RunningMock, Path], place: str, around: str
) -> None:
    mock, said = logged
    mock.reset()
    spoiled(mock, place, f"{MARK}{around}{MARK}")
    told = json.dumps(mock.admin("GET", "/journal")) + _text(mock, "/metrics") + said.read_text("utf-8", "replace")
    page = requests.get(f"{mock.ready['console_url']}/journal", timeout=WITHIN_S).text
    assert MARK not in told and MARK not in page
    assert mock.admin("GET", "/journal")["requests"]


def test_no_secret_of_a_credential_is_found_there_either(logged: tuple[RunningMock, Path]) -> None:
    mock, said = logged
    mock.reset()
    for vendor, found in mock.providers.items():
        wire = Wire(found)
        token = wire.bearer()
        wire.get("/users")
        told = json.dumps(mock.admin("GET", "/journal")) + _text(mock, "/metrics") + said.read_text("utf-8", "replace")
        for secret in filter(None, (found.client_secret, found.bearer, token, mock.ready["admin_token"])):
            assert secret not in told, vendor


def _text(mock: RunningMock, path: str) -> str:
    headers = {"Authorization": f"Bearer {mock.ready['admin_token']}"}
    return requests.get(mock.ready["admin_url"] + path, headers=headers, timeout=WITHIN_S).text


def test_a_fault_of_ours_is_logged_by_place_and_never_by_value() -> None:
    try:
        try:
            {}[MARK]
        except KeyError as error:
            raise ValueError(f"no {MARK}") from error
    except ValueError as error:
        told = places(error)
    assert MARK not in told
    assert told.startswith("KeyError at test_security.py:") and "then ValueError at test_security.py:" in told


def admin_routes() -> list[tuple[str, str]]:
    """Method and path of every admin call."""
    site: Any = SimpleNamespace(admin_token="none", vendors={})
    app = Flask("routes")
    app.register_blueprint(blueprint_of(site), url_prefix="")
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("admin."):
            path = rule.rule
            for argument in rule.arguments:
                path = path.replace(f"<{argument}>", "users" if argument == "entity" else "reference")
            found += [(method, path) for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"})]
    return sorted(found)


def test_every_admin_call_needs_the_token(oneroster_mock: RunningMock) -> None:
    routes = admin_routes()
    assert len(routes) >= 9 and ("POST", "/reset") in routes
    for method, path in routes:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {oneroster_mock.ready['admin_token']}"}):
            answer = requests.request(method, oneroster_mock.ready["admin_url"] + path, headers=headers, json={}, timeout=WITHIN_S)
            assert answer.status_code == 401, (method, path)


@pytest.mark.parametrize(
    "path",
    ["/_console/static/../../state.sqlite", "/_console/static/%2e%2e/%2e%2e/config.json", "/_admin/../_admin/journal", "/../../etc/passwd",
     "/_console/static/..%2f..%2f..%2fetc%2fpasswd", "/_console/static//etc/passwd", "/_admin/vendors/../../journal"],
)  # fmt: skip
def test_no_path_leads_out_of_what_is_served(oneroster_mock: RunningMock, path: str) -> None:
    parts = urlsplit(oneroster_mock.ready["console_url"])
    answer = ask(f"{parts.scheme}://{parts.netloc}{path}", {})
    assert answer.status in (401, 404)
    assert b"root:" not in answer.body and b"SQLite" not in answer.body and b"admin_token" not in answer.body


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("x=" + "a" * MOST_QUERY_BYTES, 414), ("&".join(f"a{number}=1" for number in range(MOST_PARAMETERS + 1)), 400),
        ("filter=" + "a" * 9000, 400), ("x=" + "a" * 9000, 200), ("&".join(f"a{number}=1" for number in range(MOST_PARAMETERS)), 200),
    ],
)  # fmt: skip
def test_a_query_has_its_limits(reference: Wire, query: str, status: int) -> None:
    answer = reference.call("GET", f"/orgs?{query}")
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("method", ["PUT", "GET", "POST"])
def test_a_body_has_its_limit(reference: Wire, method: str) -> None:
    answer = reference.call(method, "/lineItems/x", scopes=GRADEBOOK, data=b" " * (MOST_BODY_BYTES + 1))
    assert (answer.status_code, answer.json()["statusInfoSet"][0]["imsx_codeMajor"]) == (413, "failure")


def test_a_body_of_unknown_length_has_the_same_limit(reference: Wire) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(MOST_BODY_BYTES // 65_536 + 2):
            yield b" " * 65_536

    assert reference.call("PUT", "/lineItems/x", scopes=GRADEBOOK, data=pieces()).status_code in (400, 413)


def test_headers_have_a_limit(oneroster_mock: RunningMock, reference: Wire) -> None:
    token = reference.bearer()
    url = oneroster_mock.provider().base_url + "/orgs"
    parts = urlsplit(url)
    head = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {token}\r\nX-Long: {'a' * 600_000}\r\n\r\n"
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=WITHIN_S) as wire:
        try:
            wire.sendall(head.encode())
            answer = wire.recv(65_536)
        except (BrokenPipeError, ConnectionResetError):
            answer = b""
    assert answer == b"" or answer.split()[1] in (b"431", b"400")
    assert reference.get("/orgs").status_code == 200


def listens_on(process_id: int) -> set[str]:
    """Local addresses that the processes of a server listen on."""
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process_id)], capture_output=True, text=True, check=False).stdout
    sockets = set()
    for one in [str(process_id), *listed.split()]:
        for descriptor in Path(f"/proc/{one}/fd").iterdir():
            try:
                sockets.add(descriptor.readlink().name.removeprefix("socket:[").removesuffix("]"))
            except OSError:
                continue
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            cells = line.split()
            if cells[3] == "0A" and cells[9] in sockets:
                found.add(cells[1].partition(":")[0])
    return found


def test_a_server_listens_on_loopback_only(logged: tuple[RunningMock, Path]) -> None:
    assert listens_on(logged[0].process_id) == {"0100007F"}


def test_a_server_listens_elsewhere_when_it_is_asked_to_and_says_so(tmp_path: Path) -> None:
    with served(tmp_path, "--host", "0.0.0.0", "--vendor", "reference") as (mock, said):
        assert listens_on(mock.process_id) == {"00000000"}
        assert Wire(mock.provider()).get("/orgs").status_code == 200
        assert "0.0.0.0" in said.read_text("utf-8")
