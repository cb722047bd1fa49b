"""The suite against the faults of the mock: what the catalogue says finds a fault does find it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance.api_judge import judge
from mock_server.mock_process import RunningMock, running_mock
from oneroster_standard.dialects.faults import load_faults
from tests.meeting.endpoints import endpoint_of

FOUND = [found.id for found in load_faults().values() if found.trips]


@pytest.fixture(scope="module")
def mock() -> Iterator[RunningMock]:
    """The reference provider over a small district."""
    with running_mock(students=150, vendors=["reference"]) as found:
        yield found


@pytest.mark.parametrize("fault", FOUND)
def test_a_fault_is_found_by_the_checks_that_the_catalogue_names(mock: RunningMock, fault: str) -> None:
    mock.reset()
    mock.set_faults("reference", [fault])
    report = judge(endpoint_of(mock, "reference"))
    found = {notice.check for notice in report.findings}
    assert set(load_faults()[fault].trips) <= found, sorted(notice.check for notice in report.findings if not notice.cause_of)
    assert [outcome.id for outcome in report.outcomes if outcome.outcome == "error"] == []
