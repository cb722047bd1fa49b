"""Two worker processes are one server: whatever one is told, the other knows at its next request."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from mock_server.mock_process import RunningMock, running_mock
from oneroster_standard.oauth1 import sign
from tests.mock_server.wire import GRADEBOOK, Wire

WITHIN_S = 30.0


class Worker:
    """A kept connection to one of the workers."""

    def __init__(self, mock: RunningMock) -> None:
        self._admin = urlsplit(mock.ready["admin_url"])
        self._key = {"Authorization": f"Bearer {mock.ready['admin_token']}", "Content-Type": "application/json"}
        self._connection = HTTPConnection(str(self._admin.hostname), int(self._admin.port or 0), timeout=WITHIN_S)
        self.process_id: int = self.admin("GET", "/health")["worker"]

    def call(self, method: str, path: str, headers: dict[str, str], body: Any = None) -> tuple[int, dict[str, str], Any]:
        """One request on this connection."""
        self._connection.request(method, path, None if body is None else orjson.dumps(body), headers)
        answer = self._connection.getresponse()
        raw = answer.read()
        return answer.status, dict(answer.headers), orjson.loads(raw) if raw else None

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        """One request to the admin API."""
        return self.call(method, self._admin.path + path, self._key, body)[2]

    def form(self, method: str, path: str, form: str) -> Any:
        """One request with a form as its body."""
        self._connection.request(method, path, form, {"Content-Type": "application/x-www-form-urlencoded"})
        return orjson.loads(self._connection.getresponse().read())

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


@pytest.fixture(scope="module")
def running() -> Iterator[RunningMock]:
    """A server with two workers."""
    with running_mock(students=20, vendors=["reference", "classlink"], options=["--workers", "2"]) as mock:
        yield mock


def workers_of(mock: RunningMock, but: int = 0) -> list[Worker]:
    """A connection to each of two workers; but: a process that is gone."""
    found: dict[int, Worker] = {}
    until = time.monotonic() + WITHIN_S
    while len(found) < 2:
        assert time.monotonic() < until, "only one worker answers"
        try:
            one = Worker(mock)
        except OSError:
            continue
        if one.process_id in found or one.process_id == but:
            one.close()
        else:
            found[one.process_id] = one
    return list(found.values())


@pytest.fixture
def pair(running: RunningMock) -> Iterator[tuple[Worker, Worker]]:
    """A connection to each worker, in the first state."""
    running.reset()
    one, other = workers_of(running)
    yield one, other
    one.close()
    other.close()


def path_of(mock: RunningMock, vendor: str, rest: str) -> str:
    """The path of a request below a vendor's service root."""
    return urlsplit(mock.provider(vendor).base_url).path + rest


def bearer(mock: RunningMock, scopes: tuple[str, ...] = ()) -> dict[str, str]:
    """Authorization with a fresh token of the reference provider."""
    return {"Authorization": f"Bearer {Wire(mock.provider('reference')).bearer(scopes)}"}


def test_a_quirk_that_one_worker_is_told_is_shown_by_the_other_at_once(running: RunningMock, pair: tuple[Worker, Worker]) -> None:
    path, key = path_of(running, "reference", "/orgs?limit=1"), bearer(running)
    for turn in range(20):
        told, asked = pair[turn % 2], pair[1 - turn % 2]
        quirks = ["paging.no-link"] if turn % 4 < 2 else []
        assert told.admin("PUT", "/vendors/reference/quirks", {"quirks": quirks}) == {"quirks": quirks}
        assert ("link" in {name.lower() for name in asked.call("GET", path, key)[1]}) == (not quirks)


def test_a_withheld_setting_and_a_reset_are_known_to_both(running: RunningMock, pair: tuple[Worker, Worker]) -> None:
    key = {"Authorization": f"Bearer {running.provider('classlink').bearer}"}
    path = path_of(running, "classlink", "/users")
    pair[0].admin("PUT", "/vendors/classlink/settings", {"withheld": ["sharing-students"]})
    assert [worker.call("GET", path, key)[0] for worker in pair] == [403, 403]
    pair[1].admin("POST", "/reset")
    assert [worker.call("GET", path, key)[0] for worker in pair] == [200, 200]


def test_a_nonce_that_one_worker_saw_is_refused_by_the_other(running: RunningMock, pair: tuple[Worker, Worker]) -> None:
    found = running.provider("reference")
    signed = sign("GET", found.base_url + "/orgs", key=found.client_id, secret=found.client_secret)
    path = path_of(running, "reference", "/orgs")
    assert [worker.call("GET", path, signed)[0] for worker in pair] == [200, 401]


def test_a_record_that_one_worker_keeps_is_read_and_removed_by_the_other(running: RunningMock, pair: tuple[Worker, Worker]) -> None:
    key = bearer(running, GRADEBOOK) | {"Content-Type": "application/json"}
    path = path_of(running, "reference", "/categories/own")
    record = {"category": {"title": "kept", "sourcedId": "own"}}
    assert pair[0].call("PUT", path, key, record)[0] == 201
    for worker in pair:
        assert worker.call("GET", path, key)[2]["category"]["title"] == "kept"
    assert pair[1].call("DELETE", path, key)[0] == 204
    assert [worker.call("GET", path, key)[0] for worker in pair] == [404, 404]


def test_a_snapshot_of_one_worker_is_gone_back_to_by_the_other(running: RunningMock, pair: tuple[Worker, Worker]) -> None:
    key = bearer(running, GRADEBOOK) | {"Content-Type": "application/json"}
    path = path_of(running, "reference", "/categories/own")
    pair[0].call("PUT", path, key, {"category": {"title": "kept", "sourcedId": "own"}})
    pair[0].admin("PUT", "/vendors/reference/quirks", {"quirks": ["paging.no-link"]})
    assert "august" in pair[0].admin("POST", "/snapshot", {"name": "august"})["snapshots"]
    pair[0].admin("POST", "/reset")
    assert pair[0].call("GET", path, key)[0] == 404
    pair[1].admin("POST", "/reset", {"snapshot": "august"})
    for worker in pair:
        assert worker.call("GET", path, key)[0] == 200
        assert worker.admin("GET", "/vendors/reference/quirks") == {"quirks": ["paging.no-link"]}
    assert pair[0].admin("POST", "/reset", {"snapshot": "none"})["error"] == "no snapshot is called none"


def test_a_worker_that_is_killed_comes_back_with_the_state() -> None:
    with running_mock(students=20, vendors=["reference"], options=["--workers", "2"]) as mock:
        key = bearer(mock, GRADEBOOK) | {"Content-Type": "application/json"}
        path = path_of(mock, "reference", "/categories/own")
        killed, kept = workers_of(mock)
        assert killed.call("PUT", path, key, {"category": {"title": "kept", "sourcedId": "own"}})[0] == 201
        killed.admin("PUT", "/vendors/reference/quirks", {"quirks": ["paging.no-link"]})
        os.kill(killed.process_id, signal.SIGKILL)
        kept.close()
        for worker in workers_of(mock, but=killed.process_id):
            assert worker.call("GET", path, key)[2]["category"]["title"] == "kept"
            assert worker.admin("GET", "/vendors/reference/quirks") == {"quirks": ["paging.no-link"]}
            worker.close()


def test_the_journal_counts_what_every_worker_served(running: RunningMock, pair: tuple[Worker, Worker]) -> None:
    path, key = path_of(running, "reference", "/orgs?limit=1"), bearer(running)
    pair[0].admin("POST", "/reset")
    for turn in range(10):
        pair[turn % 2].call("GET", path, key)
    for worker in pair:
        journal = worker.admin("GET", "/journal")
        assert journal["requests"] == [{"vendor": "reference", "what": "GET orgs", "status": 200, "count": 10}]
        assert [entry["number"] for entry in journal["entries"]] == list(range(1, 11))
    pair[1].admin("POST", "/reset")
    pair[0].call("GET", path, key)
    assert [worker.admin("GET", "/journal")["total"] for worker in pair] == [1, 1]


def test_a_token_that_is_issued_again_is_the_same_from_every_worker(running: RunningMock, pair: tuple[Worker, Worker]) -> None:
    found = running.provider("reference")
    form = f"grant_type=client_credentials&client_id={found.client_id}&client_secret={found.client_secret}"
    pair[0].admin("PUT", "/vendors/reference/quirks", {"quirks": ["token.reissued"]})
    path = urlsplit(str(found.token_url)).path
    answers = [worker.form("POST", path, form) for worker in (*pair, *pair)]
    assert len({answer["access_token"] for answer in answers}) == 1
    assert [answer["expires_in"] for answer in answers] == [3600, 3599, 3598, 3597]
