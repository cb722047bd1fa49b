"""Messages: one when a state begins and one when it ends, signed, retried, without anybody's value, and as the schema says."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from oneroster_harness.problems import CannotRun, Problem, UsageProblem
from sync_engine.difference import Counts
from sync_engine.monitoring.measures import STATES
from sync_engine.monitoring.messages import Messenger, Told, message
from sync_engine.monitoring.sinks import Command, Sleep, Undelivered, Webhook, read_sink, signed
from sync_engine.result import Result
from sync_engine.targets.opening import open_target
from tests.watching.fakes import START, FakeClock, log_of

SCHEMA = Draft202012Validator(json.loads(files("sync_engine.monitoring").joinpath("message.schema.json").read_text("utf-8")))
HELD = Result("run-1", "source", "target", "held", {}, {"users": Counts(0, 0, 0, 20, 20, 0), "orgs": Counts()}, ())
NO_PROBLEM = ("", "")


@dataclass
class Kept:
    """A sink of the test. fails: how many messages it does not take."""

    on: tuple[str, ...] = STATES
    fails: int = 0
    key: str = "kept"
    messages: list[Mapping[str, Any]] = field(default_factory=list)

    def send(self, message: Mapping[str, Any], at: datetime, sleep: Sleep) -> None:
        """Keep it."""
        if self.fails:
            self.fails -= 1
            raise Undelivered("no answer")
        self.messages.append(message)

    def told(self) -> list[tuple[str, str]]:
        """What came."""
        return [(one["event"], one["state"]) for one in self.messages]


def messenger(path: Path) -> tuple[Messenger, Any]:
    """A messenger of a target that another process might have used before."""
    log, told = log_of(FakeClock())
    target = open_target(f"duckdb:///{path / 'roster.duckdb'}")
    with target.writing() as session:
        session.query("CREATE TABLE IF NOT EXISTS anything (one INTEGER)")
    return Messenger(Told(target, log), log, lambda _: None), told


def tell(made: Messenger, sink: Kept, day: int, *states: str, unknown: tuple[str, ...] = ()) -> None:
    """What a run of that day showed."""
    at = START + timedelta(days=day)
    made.tell("north", dict.fromkeys(states, START), unknown, [sink], at, HELD, NO_PROBLEM)


def test_one_message_as_long_as_a_state_lasts_and_one_when_it_ends(tmp_path: Path) -> None:
    made, told = messenger(tmp_path)
    sink = Kept()
    for day, states in enumerate([(), ("held",), ("held",), ("held", "failed"), ("held",), (), ()]):
        tell(made, sink, day, *states)
    assert sink.told() == [("began", "held"), ("began", "failed"), ("ended", "failed"), ("ended", "held")]
    assert [one["event"] for one in told()].count("state-began") == 2
    assert [one["event"] for one in told()].count("message-sent") == 4


def test_a_restart_repeats_nothing_and_still_tells_the_end(tmp_path: Path) -> None:
    sink = Kept()
    for day, states in enumerate([("silent",), ("silent",), ()]):
        tell(messenger(tmp_path)[0], sink, day, *states)
    assert sink.told() == [("began", "silent"), ("ended", "silent")]


def test_a_message_that_was_not_delivered_is_sent_after_the_next_run(tmp_path: Path) -> None:
    made, told = messenger(tmp_path)
    sink = Kept(fails=2)
    for day in range(4):
        tell(made, sink, day, "failed")
    assert sink.told() == [("began", "failed")]
    assert [one["reason"] for one in told() if one["event"] == "message-failed"] == ["no answer"] * 2
    # A state that ended before anybody could be told of it is not told.
    late = Kept(fails=1, key="late")
    for day, states in enumerate([("held",), ()]):
        tell(made, late, day, *states)
    assert late.told() == []


def test_what_nothing_is_known_of_neither_begins_nor_ends(tmp_path: Path) -> None:
    made, _ = messenger(tmp_path)
    sink = Kept()
    tell(made, sink, 0, "held")
    tell(made, sink, 1, "failed", unknown=("held", "silent", "rotate"))
    assert sink.told() == [("began", "held"), ("began", "failed")]


def test_a_sink_hears_of_what_it_asked_for(tmp_path: Path) -> None:
    made, _ = messenger(tmp_path)
    sink = Kept(on=("failed",))
    tell(made, sink, 0, "held", "silent")
    tell(made, sink, 1, "failed")
    tell(made, sink, 2)
    assert sink.told() == [("began", "failed"), ("ended", "failed")]


@given(st.lists(st.sets(st.sampled_from(STATES)), max_size=12))
def test_any_sequence_of_states_is_told_by_its_changes(sequence: list[set[str]]) -> None:
    log, _ = log_of(FakeClock())
    made, sink = Messenger(Told(open_target("duckdb:///nowhere/none.duckdb"), log), log, lambda _: None), Kept()
    for day, states in enumerate(sequence):
        tell(made, sink, day, *states)
    believed: set[str] = set()
    for event, state in sink.told():
        assert (state in believed) == (event == "ended")
        believed.symmetric_difference_update({state})
    assert believed == (sequence[-1] if sequence else set())
    assert all(SCHEMA.is_valid(one) for one in sink.messages)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("event", ["began", "ended"])
def test_every_message_is_as_the_schema_says(state: str, event: str) -> None:
    problem = ("sync.no-answer", "nothing answers at the provider's address") if state == "failed" else NO_PROBLEM
    body = message("north", state, event, START, START, HELD, problem)
    SCHEMA.validate(body)
    assert body == message("north", state, event, START, START, HELD, problem)
    assert body["held"] == {"users": 20}
    SCHEMA.validate(message("north", state, event, START, START, None, NO_PROBLEM))


def test_the_signature_is_that_of_standard_webhooks() -> None:
    # Example of the specification, with its own key, id, moment and body.
    key = base64.b64decode("plJ3nmyCDGBKInavdOK15jsl")
    found = signed(key, "msg_loFOjxBNrRLzqYUf", datetime.fromtimestamp(1731705121).astimezone(), b'{"event_type":"ping","data":{"success":true}}')
    assert found["webhook-signature"] == "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="


@contextmanager
def receiver(*statuses: int) -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """A webhook's other side on loopback: answers these one after another, then 204; and what it got."""
    got: list[tuple[dict[str, str], bytes]] = []
    answers = list(statuses)

    class Handling(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(answers.pop(0) if answers else 204)
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Tests read what it got."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handling)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/hook", got
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


BODY = message("north", "held", "began", START, START, HELD, NO_PROBLEM)


@pytest.mark.parametrize(("statuses", "requests", "fine"), [
    ((), 1, True), ((503, 429), 3, True), ((503,) * 9, 4, False), ((400,), 1, False), ((302,), 1, False),
])  # fmt: skip
def test_a_webhook_is_signed_and_retried_where_that_may_help(statuses: tuple[int, ...], requests: int, fine: bool) -> None:
    waits: list[float] = []
    with receiver(*statuses) as (url, got):
        hook = Webhook(url, b"word")
        if fine:
            hook.send(BODY, START, waits.append)
        else:
            with pytest.raises(Undelivered, match=str(statuses[0])):
                hook.send(BODY, START, waits.append)
    assert (len(got), len(waits)) == (requests, requests - 1)
    headers, body = got[-1]
    said = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    assert headers["webhook-signature"] == "v1," + base64.b64encode(hmac.new(b"word", said, hashlib.sha256).digest()).decode()
    assert json.loads(body) == BODY
    assert {one["webhook-id"] for one, _ in got} == {BODY["id"]}


def test_a_webhook_that_nobody_answers_is_undelivered() -> None:
    with receiver() as (url, _):
        pass
    with pytest.raises(Undelivered, match="no answer"):
        Webhook(url, b"word").send(BODY, START, lambda _: None)


def test_a_command_reads_the_message_on_its_stdin(tmp_path: Path) -> None:
    program = "import sys; open(sys.argv[1], 'w').write(sys.stdin.read())"
    Command((sys.executable, "-c", program, str(tmp_path / "told.json; rm x"))).send(BODY, START, lambda _: None)
    assert json.loads((tmp_path / "told.json; rm x").read_text()) == BODY
    with pytest.raises(Undelivered, match="ended with 3"):
        Command((sys.executable, "-c", "raise SystemExit(3)")).send(BODY, START, lambda _: None)
    with pytest.raises(Undelivered, match="cannot be run"):
        Command(("/none/such",)).send(BODY, START, lambda _: None)


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"url": "http://hooks.example.org/x", "secret_env": "HOOK"}, UsageProblem), ({"url": "ftp://127.0.0.1/x", "secret_env": "HOOK"}, UsageProblem),
        ({"url": "https://hooks.example.org/x"}, CannotRun), ({"url": "https://hooks.example.org/x", "secret_env": "NONE"}, CannotRun),
        ({"url": "https://hooks.example.org/x", "secret": "word"}, UsageProblem), ({"command": "mail ops"}, UsageProblem), ({}, UsageProblem),
        ({"command": ["true"], "on": ["heldd"]}, UsageProblem), ({"command": ["true"], "url": "https://a.example.org"}, UsageProblem),
        ({"command": ["true"], "on": []}, UsageProblem),
    ],
)  # fmt: skip
def test_a_row_that_cannot_serve_is_refused(row: dict[str, Any], kind: type[Problem]) -> None:
    with pytest.raises(kind):
        read_sink(row, {"HOOK": "word"}, "notify, row 1")


def test_a_row_that_can_serve_is_read_and_shows_no_secret() -> None:
    found = read_sink({"url": "https://hooks.example.org/x", "secret_env": "HOOK", "on": ["held"]}, {"HOOK": "whsec_d29yZC1vZi1vdXJz"}, "notify")
    assert isinstance(found, Webhook) and found.secret == b"word-of-ours" and found.on == ("held",)
    assert "word-of-ours" not in repr(found)
    assert isinstance(read_sink({"url": "http://[::1]:8080/x", "secret_env": "HOOK"}, {"HOOK": "word"}, "notify"), Webhook)
    assert read_sink({"command": ["true"]}, {}, "notify").on == STATES
