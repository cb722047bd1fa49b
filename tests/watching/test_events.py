"""Events of a watch: one line each, from a fixed table, documented."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_engine.monitoring.event_log import EventLog, events
from tests.watching.fakes import START

DOCS = Path(__file__).parents[2] / "docs" / "operations.md"


def log(form: str) -> tuple[EventLog, io.StringIO]:
    """A log and its stream."""
    stream = io.StringIO()
    return EventLog(form, stream, lambda: START), stream


def test_json_has_one_object_a_line_with_moment_name_and_tenant() -> None:
    made, stream = log("json")
    made.tell("run-started", "north", run="r1")
    made.tell("watch-ended", runs=1, cut=0)
    assert [json.loads(line) for line in stream.getvalue().splitlines()] == [
        {"at": "2026-10-01T12:00:00.000Z", "event": "run-started", "tenant": "north", "run": "r1"},
        {"at": "2026-10-01T12:00:00.000Z", "event": "watch-ended", "runs": 1, "cut": 0},
    ]  # fmt: skip


def test_text_is_for_a_person() -> None:
    made, stream = log("text")
    made.tell("run-problem", "north", run="r1", problem="sync.no-answer", message="nothing answers", failures=2)
    assert stream.getvalue() == '2026-10-01T12:00:00.000Z  run-problem       tenant=north run=r1 problem=sync.no-answer message="nothing answers" failures=2\n'


@given(st.text(min_size=1), st.sampled_from(["text", "json"]))
def test_any_name_of_a_tenant_stays_on_one_line(tenant: str, form: str) -> None:
    made, stream = log(form)
    made.tell("run-busy", tenant)
    assert stream.getvalue().count("\n") == 1 and len(stream.getvalue().splitlines()) == 1


@pytest.mark.parametrize(("event", "fields"), [("run-began", {}), ("run-started", {"name": "x"})])
def test_nothing_else_can_be_logged(event: str, fields: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="no such event"):
        log("json")[0].tell(event, "north", **fields)


def test_every_event_is_documented_as_it_is() -> None:
    page = DOCS.read_text("utf-8")
    for name, said in events().items():
        assert f"| `{name}` | {', '.join(f'`{one}`' for one in said['fields'])} | {said['tells']} |" in page, name
