"""A run that was cut goes on: by its budget, by quiet hours, by Ctrl-C; its parts make the report of a whole run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from conformance.api_judge import INTERRUPTED, Order, judge
from conformance.quiet_hours import QuietHours
from conformance.registry import CHECKS
from conformance.report import Report
from mock_server.mock_process import RunningMock, running_mock
from oneroster_harness.problems import UsageProblem
from oneroster_harness.providers import Endpoint
from tests.meeting.endpoints import endpoint_of
from tests.meeting.test_check_api import address, environment_of
from tests.meeting.test_check_api import run as run_command

QUIRKS = ["paging.no-total-count", "value.null-instead-of-absent"]


@pytest.fixture(scope="module")
def mock() -> Iterator[RunningMock]:
    with running_mock(students=60, vendors=["reference"]) as found:
        found.set_quirks("reference", QUIRKS)
        yield found


@pytest.fixture
def endpoint(mock: RunningMock) -> Endpoint:
    return endpoint_of(mock, "reference")


def _told(report: Report) -> dict[str, Any]:
    document = report.document()
    return {
        "verdict": document["verdict"], "checks": {one["id"]: one["outcome"] for one in document["checks"]},
        "findings": {one["id"]: (one["severity"], one["count"], one["cause_of"]) for one in document["findings"]},
    }  # fmt: skip


def test_parts_of_a_small_budget_make_the_whole(endpoint: Endpoint, tmp_path: Path) -> None:
    path = tmp_path / "a.run"
    whole = judge(endpoint, Order())
    order, sizes = Order(budget=170, resume=path), []
    for _ in range(20):
        part = judge(endpoint, order)
        sizes.append(part.requests)
        if not part.incomplete:
            break
        assert part.verdict == "incomplete"
        assert "--resume" in part.incomplete[-1]
        assert path.exists()
    assert len(sizes) > 1
    assert max(sizes) <= 170
    assert _told(part) == _told(whole)
    assert not path.exists()


def test_ctrl_c_ends_with_a_report_and_the_rest_comes_later(endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order = Order(resume=tmp_path / "a.run")
    check = CHECKS["paging.page-size"]

    def interrupt(run: object) -> list[Any]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setitem(CHECKS, check.id, replace(check, judge=interrupt))
        cut = judge(endpoint, order)
    assert cut.verdict == "incomplete"
    assert {one.reason for one in cut.outcomes if one.id == check.id} == {INTERRUPTED}
    assert any(one.outcome == "pass" for one in cut.outcomes)
    assert _told(judge(endpoint, order)) == _told(judge(endpoint, Order()))


def test_quiet_hours_that_begin_cut_a_run(endpoint: Endpoint, tmp_path: Path) -> None:
    times = iter([datetime(2026, 10, 1, 6, 59)] * 90 + [datetime(2026, 10, 1, 7, 0)] * 100_000)
    order = Order(resume=tmp_path / "a.run", quiet=replace(QuietHours.read("07:00-17:00"), clock=lambda: next(times)))
    cut = judge(endpoint, order)
    assert cut.incomplete == [f"quiet hours until 17:00 began; go on with --resume {tmp_path / 'a.run'}"]
    assert cut.requests == 90


def test_other_data_and_another_run_are_not_mixed(mock: RunningMock, endpoint: Endpoint, tmp_path: Path) -> None:
    path = tmp_path / "a.run"
    judge(endpoint, Order(budget=170, resume=path))
    with pytest.raises(UsageProblem, match="its seed differ"):
        judge(endpoint, Order(seed=2, resume=path))
    kept = json.loads(path.read_text("utf-8"))
    assert kept["done"]
    kept["totals"]["users"] -= 1
    path.write_text(json.dumps(kept), encoding="utf-8")
    told: list[str] = []
    judge(endpoint, Order(budget=170, resume=path), progress=told.append)
    assert "started over: users changed since the run was cut" in told
    path.write_text("nothing", encoding="utf-8")
    with pytest.raises(UsageProblem, match="no run to go on with"):
        judge(endpoint, Order(resume=path))


def test_the_file_holds_no_secret_and_nobody(mock: RunningMock, endpoint: Endpoint, tmp_path: Path) -> None:
    path = tmp_path / "a.run"
    judge(endpoint, Order(budget=300, resume=path))
    text = path.read_text("utf-8")
    assert str(endpoint.client_secret) not in text
    for user in mock.truth("reference", "users"):
        for name in ("email", "familyName", "username"):
            assert f'"{user[name]}"' not in text or not user[name]
        assert not user["email"] or user["email"] not in text


def test_the_command_goes_on_and_keeps_quiet(mock: RunningMock, tmp_path: Path) -> None:
    command = ["check", "api", *address(mock, "reference"), "--resume", "a.run", "--json", "-"]
    first = run_command([*command, "--budget", "170"], environment_of(mock, "reference"), tmp_path)
    assert (first.returncode, json.loads(first.stdout)["verdict"]) == (1, "incomplete")
    second = run_command(command, environment_of(mock, "reference"), tmp_path)
    assert json.loads(second.stdout)["incomplete"] == []
    quiet = run_command([*command, "--quiet-hours", "00:00-23:59,23:59-00:00"], environment_of(mock, "reference"), tmp_path)
    assert quiet.returncode == 3
    assert "quiet hours" in quiet.stderr
    assert run_command([*command, "--quiet-hours", "seven"], environment_of(mock, "reference"), tmp_path).returncode == 2
