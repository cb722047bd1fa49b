"""The keystone, quirks of signing in, pages and questions: a quirk is caught by the one check that its source names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mock_server.mock_process import RunningMock, running_mock
from oneroster_standard.dialects import load_quirks
from tests.meeting.keystone import ABOUT_PAGES, SMALL, cases, faults_of_checks, judged_with, roots


@pytest.fixture(scope="module")
def small() -> Iterator[RunningMock]:
    """A reference provider that a quirk shows on in two seconds."""
    with running_mock(students=SMALL, vendors=["reference"]) as found:
        yield found


@pytest.mark.parametrize("quirk", cases(ABOUT_PAGES))
def test_a_quirk_is_caught_by_its_check_and_by_no_other_root(small: RunningMock, quirk: str) -> None:
    report = judged_with(small, quirk)
    assert roots(report) == set(load_quirks()[quirk].trips)
    assert faults_of_checks(report) == []
