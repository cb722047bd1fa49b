"""A district watched for three weeks: it changes day by day, fails on one, loses its users on another, and falls silent for a week."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mock_server.mock_process import RunningMock, running_mock
from sync_engine.commands import watching
from tests.meeting.endpoints import environment_of
from tests.sync_engine.conftest import call, duckdb_database, sync
from tests.watching.fakes import Days

pytestmark = pytest.mark.hazards
FAILS, WELL_AGAIN, LOSES, FOUND_AGAIN, SILENT_FROM, TALKS_AGAIN, END = 3, 4, 6, 7, 9, 17, 19
KEEPS = "import pathlib, sys; pathlib.Path(sys.argv[1]).open('a').write(sys.stdin.read() + chr(10))"


@pytest.fixture(scope="module")
def mock() -> Iterator[RunningMock]:
    """The reference provider over a small district in which something changes every day."""
    with running_mock(students=120, vendors=["reference"]) as found:
        yield found


def noon(mock: RunningMock, day: int) -> None:
    """What happens in the district at that day's noon."""
    faults = {FAILS: ["fault.body-login-page@on=users"], LOSES: ["fault.paging-no-records@on=users"], WELL_AGAIN: [], FOUND_AGAIN: []}
    if day in faults:
        mock.set_faults("reference", faults[day])
    if not SILENT_FROM <= day < TALKS_AGAIN:
        mock.advance(1)


def test_three_weeks_of_a_district(mock: RunningMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    duck = duckdb_database(tmp_path / "roster.duckdb")
    for name, value in environment_of(mock, "reference").items():
        monkeypatch.setenv(name, value)
    policy = tmp_path / "policy.toml"
    policy.write_text(
        f"[watch]\nsilent_after = '5d'\n[[notify]]\ncommand = [{json.dumps(sys.executable)}, '-c', {json.dumps(KEEPS)}, '{tmp_path / 'messages'}']\n",
        encoding="utf-8",
    )
    clock = Days(END, {day: lambda day=day: noon(mock, day) for day in range(END)})
    monkeypatch.setattr(watching, "clock_of_watches", lambda: clock)
    own = mock.provider()
    ran = sync(
        "run", own.base_url, duck.url, "--token-url", own.token_url, "--yes", "--watch", "daily@02:30", "--policy", policy, "--log", "json",
        "--retry-wait", "0.01",
    )  # fmt: skip
    assert ran.code == 0, ran.err

    runs = sync("history", duck.url).document["runs"]
    days = {status: sorted({one["at"][8:10] for one in runs if one["status"] == status}) for status in ("applied", "held", "failed")}
    assert days["failed"] == ["05"] and days["held"] == ["08"]
    assert [status for status, _ in groupby(one["status"] for one in runs)] == ["applied", "failed", "applied", "held", "applied"]

    # One message as long as a state lasts, one when it ends; silence is told once the fifth day without news is over.
    messages: list[dict[str, Any]] = [json.loads(line) for line in (tmp_path / "messages").read_text("utf-8").splitlines()]
    assert [(one["event"], one["state"], one["at"][:10]) for one in messages] == [
        ("began", "failed", "2026-10-05"), ("ended", "failed", "2026-10-05"), ("began", "held", "2026-10-08"), ("ended", "held", "2026-10-09"),
        ("began", "silent", messages[4]["at"][:10]), ("ended", "silent", messages[5]["at"][:10]),
    ]  # fmt: skip
    # The district's own Sundays bring nothing either.
    assert "2026-10-15" <= messages[4]["at"][:10] <= "2026-10-17" and messages[5]["at"][:10] in ("2026-10-19", "2026-10-20")

    # After all of it the landed rows are the district's.
    for entity in ("users", "enrollments", "classes"):
        truth = {row["sourcedId"]: row["status"] for row in mock.truth("reference", entity)}
        landed = {key: status for key, status, _ in duck.rows(entity)}
        assert {key for key, status in landed.items() if status == "active"} == {key for key, status in truth.items() if status == "active"}, entity

    (tenant,) = sync("status", duck.url, "--policy", policy).document["tenants"]
    assert tenant["measures"]["states"] == {} and tenant["measures"]["failures_in_a_row"] == 0
    assert tenant["measures"]["credential"]["place"] == "first"
    metrics = {one.name: one.samples[0].value for one in text_string_to_metric_families(call("sync", "status", duck.url, "--metrics").out)}
    assert metrics["oneroster_sync_runs"] == len(runs) and metrics["oneroster_sync_runs_held"] == len([one for one in runs if one["status"] == "held"])
    assert sync("audit", duck.url).code == 0
