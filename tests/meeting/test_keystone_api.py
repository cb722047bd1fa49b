"""The keystone: every quirk is caught by the one check that its source names, and the reference raises nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from conformance.api_judge import CHECKS, Order, judge
from conformance.report import Report
from mock_server.auth.credentials import credentials_of
from mock_server.mock_process import RunningMock, running_mock
from oneroster_harness.providers import Endpoint
from oneroster_harness.terminal import DEFAULT_SEED
from oneroster_standard.dialects import load_dialect, load_quirks
from tests.meeting.endpoints import endpoint_of

VENDORS = ("powerschool", "infinite-campus", "classlink")
SMALL = 150
BEYOND_THE_DISTRICT = 10_000
"""A page cap that no collection of 1,000 students reaches, so that nobody can see it cut a page."""
TOO_FEW_SECTIONS = {"class.same-titles"}
"""Needs several sections of one course in one school, which a district of 1,000 students has."""
AS_THE_CLIENT_CALLS: dict[str, Callable[[Endpoint], Endpoint]] = {
    "token.app-name-required": lambda found: replace(found, token_url=f"{found.token_url}?appName=harness"),
    "address.tail-not-ims": lambda found: replace(found, url=found.url.replace("/ims/", "/")),
    "auth.static-bearer": lambda found: replace(found, auth="bearer", token=credentials_of(DEFAULT_SEED, "reference").bearer),
}
"""What a client of such a provider is configured with, where it differs from the ready file."""
OF_THE_VIEW = [found.id for found in load_quirks().values() if found.hook == "lens"]
OF_THE_DAYS = [found.id for found in load_quirks().values() if found.hook == "day"]
"""Seen once days have passed: tests/meeting/test_days.py."""
ON_THE_WIRE = [found.id for found in load_quirks().values() if found.hook == "mock" and found.id not in TOO_FEW_SECTIONS]


@pytest.fixture(scope="module")
def small() -> Iterator[RunningMock]:
    """A reference provider that a quirk shows on in two seconds."""
    with running_mock(students=SMALL, vendors=["reference"]) as found:
        yield found


@pytest.fixture(scope="module")
def full() -> Iterator[RunningMock]:
    """The default district behind all four providers."""
    with running_mock(students=1_000) as found:
        yield found


def roots(report: Report) -> set[str]:
    """Checks whose findings follow from no other finding."""
    return {notice.check for notice in report.findings if not notice.cause_of}


def faults_of_checks(report: Report) -> list[str]:
    """Checks that failed themselves."""
    return [outcome.id for outcome in report.outcomes if outcome.outcome == "error"]


@pytest.mark.parametrize("quirk", ON_THE_WIRE)
def test_a_quirk_is_caught_by_its_check_and_by_no_other_root(small: RunningMock, quirk: str) -> None:
    small.reset()
    small.set_quirks("reference", [quirk])
    endpoint = endpoint_of(small, "reference")
    endpoint = AS_THE_CLIENT_CALLS.get(quirk, lambda found: found)(endpoint)
    report = judge(endpoint, Order(allow_writes=True))
    assert roots(report) == set(load_quirks()[quirk].trips)
    assert faults_of_checks(report) == []


@pytest.mark.parametrize("quirk", OF_THE_VIEW)
def test_a_quirk_of_the_view_is_caught_by_its_check(quirk: str) -> None:
    # Teachers at two schools, whom one of them needs, come with a district of this size.
    with running_mock(students=1_000, vendors=["reference"], options=["--quirk", quirk]) as mock:
        report = judge(endpoint_of(mock, "reference"))
    assert roots(report) == set(load_quirks()[quirk].trips)


def test_every_quirk_is_put_to_the_suite() -> None:
    assert set(ON_THE_WIRE) | set(OF_THE_VIEW) | set(OF_THE_DAYS) | TOO_FEW_SECTIONS == set(load_quirks())
    assert all(any(name in load_dialect(vendor).default_quirks for vendor in VENDORS) for name in TOO_FEW_SECTIONS)


def test_the_reference_raises_nothing_and_leaves_no_check_out(full: RunningMock) -> None:
    full.reset()
    report = judge(endpoint_of(full, "reference"), Order(allow_writes=True))
    assert report.findings == []
    assert [outcome for outcome in report.outcomes if outcome.outcome != "pass"] == []
    assert {outcome.id for outcome in report.outcomes} == set(CHECKS)
    assert report.verdict == "pass"


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_vendors_deviations_are_found_and_marked_known(full: RunningMock, vendor: str) -> None:
    full.reset()
    report = judge(endpoint_of(full, vendor, known_for=vendor))
    assert [notice.message for notice in report.findings if not notice.known] == []
    assert report.verdict == "pass"
    shown = set(load_dialect(vendor).default_quirks)
    if load_dialect(vendor).page_max >= BEYOND_THE_DISTRICT:
        shown -= {"paging.limit-clamped"}
    expected = {check for quirk in shown for check in load_quirks()[quirk].trips}
    assert expected <= {notice.check for notice in report.findings}
    assert faults_of_checks(report) == []


@pytest.mark.parametrize("vendor", VENDORS)
def test_without_the_vendors_name_the_standard_alone_decides(full: RunningMock, vendor: str) -> None:
    full.reset()
    report = judge(endpoint_of(full, vendor))
    assert report.verdict == "fail"
    assert not any(notice.known for notice in report.findings)
