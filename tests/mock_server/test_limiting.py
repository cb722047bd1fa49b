"""The rate limiter of a vendor: off unless asked for, per credential, in the vendor's own words."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from mock_server.answers import Refusal
from mock_server.limiting import Limiter, Limits, read_limits
from mock_server.mock_handle import MockProblem
from mock_server.mock_process import RunningMock, running_mock
from mock_server.state import SharedState
from oneroster_harness.problems import UsageProblem
from oneroster_standard.dialects import SHIPPED, load_dialect
from tests.mock_server.test_credentials import put, with_issued
from tests.mock_server.wire import Wire

NOW = 1_790_000_000.0


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def refusal_of(limiter: Limiter, limits: Limits, client: str = "a") -> Refusal | None:
    """What a request gets."""
    try:
        limiter.check(limits, client)
    except Refusal as refusal:
        return refusal
    return None


def test_a_rate_lets_so_many_pass_in_each_window(tmp_path: Path) -> None:
    clock = Clock()
    limiter, limits = Limiter("v", SharedState(tmp_path), clock), Limits(rate="3/minute")
    assert [refusal_of(limiter, limits) is None for _ in range(5)] == [True, True, True, False, False]
    clock.now += 20
    refused = refusal_of(limiter, limits)
    assert refused and (refused.status, refused.headers["Retry-After"]) == (429, "40")
    assert refusal_of(limiter, limits, "another") is None
    clock.now += 40
    assert refusal_of(limiter, limits) is None


def test_several_rates_hold_at_once(tmp_path: Path) -> None:
    clock = Clock()
    limiter, limits = Limiter("v", SharedState(tmp_path), clock), Limits(rate="2/second; 3 per 5 minutes")
    passed = []
    for _ in range(3):
        passed += [refusal_of(limiter, limits) is None for _ in range(2)]
        clock.now += 1
    assert passed == [True, True, True, False, False, False]


def test_an_interval_lets_one_pass_and_counts_from_what_passed(tmp_path: Path) -> None:
    clock = Clock()
    limiter, limits = Limiter("v", SharedState(tmp_path), clock), Limits(interval_ms=250)
    found = []
    for step in (0, 0.1, 0.2, 0.25, 0.4, 0.5):
        clock.now = NOW + step
        found.append(refusal_of(limiter, limits) is None)
    assert found == [True, False, False, True, False, True]


def test_the_wait_is_told_as_a_date_or_not_at_all(tmp_path: Path) -> None:
    limiter = Limiter("v", SharedState(tmp_path), Clock())
    for retry in ("date", "absent"):
        limits = Limits(rate="1/hour", retry=retry, status=503)
        refusal_of(limiter, limits, retry)
        refused = refusal_of(limiter, limits, retry)
        assert refused and refused.status == 503 and "wait 3600 seconds" in refused.description
        told = refused.headers.get("Retry-After")
        assert (parsedate_to_datetime(told).timestamp() == NOW + 3600) if told else retry == "absent"


@pytest.mark.parametrize("given", [5, {"rat": "1/second"}, {"rate": "many"}, {"rate": 5}, {"interval_ms": -1}, {"interval_ms": True},
                                   {"status": 200}, {"retry": "soon"}, {"interval_ms": 0.5}, {"rate": "1/second" * 50}])  # fmt: skip
def test_wrong_limits_are_told(given: Any) -> None:
    with pytest.raises(UsageProblem):
        read_limits(given, Limits())


@pytest.mark.parametrize("vendor", SHIPPED)
def test_no_vendor_limits_anything_unless_asked(vendor: str) -> None:
    assert read_limits(load_dialect(vendor).limits, Limits()).is_off


def test_a_vendor_limits_at_run_time_until_a_reset(oneroster_mock: RunningMock, wires: dict[str, Wire]) -> None:
    wire = wires["classlink"]
    oneroster_mock.set_limits("classlink", rate="2/hour")
    answers = [wire.get("/orgs") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "Retry-After" not in answers[2].headers and "too many requests, wait" in answers[2].text
    assert wires["reference"].get("/orgs").status_code == 200
    oneroster_mock.reset()
    assert [wire.get("/orgs").status_code for _ in range(3)] == [200, 200, 200]


def test_a_minimum_interval_is_measured_between_requests(oneroster_mock: RunningMock, wires: dict[str, Wire]) -> None:
    wire = wires["powerschool"]
    wire.bearer()
    oneroster_mock.set_limits("powerschool", interval_ms=60_000)
    assert [wire.get("/orgs").status_code for _ in range(2)] == [200, 429]
    oneroster_mock.set_limits("powerschool", interval_ms=1)
    started = time.monotonic()
    while wire.get("/orgs").status_code != 200:
        assert time.monotonic() - started < 90


def test_each_credential_has_its_own_limit(oneroster_mock: RunningMock, reference: Wire) -> None:
    other = Wire(with_issued(oneroster_mock.provider(), put(oneroster_mock, "reference", "issue")))
    oneroster_mock.set_limits("reference", rate="1/hour")
    assert [wire.get("/orgs").status_code for wire in (reference, reference, other, other)] == [200, 429, 200, 429]


def test_limits_and_withheld_settings_leave_each_other_alone(oneroster_mock: RunningMock) -> None:
    oneroster_mock.withhold("powerschool", ["users"])
    oneroster_mock.set_limits("powerschool", rate="500/minute")
    oneroster_mock.set_limits("powerschool", retry="date")
    told = oneroster_mock.admin("GET", "/vendors/powerschool/settings")
    assert told["withheld"] and told["limits"] == {"rate": "500/minute", "interval_ms": 0, "status": 429, "retry": "date"}
    with pytest.raises(MockProblem, match="cannot be read"):
        oneroster_mock.set_limits("powerschool", rate="many")


def test_two_workers_count_together() -> None:
    with running_mock(students=5, vendors=["reference"], options=["--workers", "2"]) as mock:
        token = Wire(mock.provider()).bearer()
        mock.set_limits("reference", rate="10/hour")

        def status(_: int) -> int:
            return Wire(mock.provider()).call("GET", "/orgs", headers={"Authorization": f"Bearer {token}"}).status_code

        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(status, range(30)))
    assert sorted(found) == [200] * 10 + [429] * 20
