"""The keystone, whole providers: the reference raises nothing, a vendor what it is known for, a quirk of the view its check."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from conformance.api_judge import CHECKS, Order, judge
from mock_server.mock_process import RunningMock, running_mock
from oneroster_harness.providers import Endpoint
from oneroster_standard.dialects import load_dialect, load_quirks
from tests.meeting.endpoints import endpoint_of
from tests.meeting.keystone import (
    OF_THE_DAYS,
    OF_THE_VIEW,
    ON_THE_WIRE,
    TOO_FEW_SECTIONS,
    faults_of_checks,
    other_district_of,
    roots,
)
from tests.mock_server.old_tokens import expired_token


def with_all_credentials(endpoint: Endpoint) -> Endpoint:
    """The reference provider with what a user may give beside the credential: without it, two checks have nothing to judge."""
    return replace(endpoint, other=other_district_of(endpoint), expired_token=expired_token())


VENDORS = ("powerschool", "infinite-campus", "classlink")
BEYOND_THE_DISTRICT = 10_000
"""A page cap that no collection of 1,000 students reaches, so that nobody can see it cut a page."""


@pytest.fixture(scope="module")
def full() -> Iterator[RunningMock]:
    """The default district behind all four providers."""
    with running_mock(students=1_000) as found:
        yield found


@pytest.mark.hazards
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
    report = judge(with_all_credentials(endpoint_of(full, "reference")), Order(allow_writes=True))
    assert report.findings == []
    assert [outcome for outcome in report.outcomes if outcome.outcome != "pass"] == []
    assert {outcome.id for outcome in report.outcomes} == {check.id for check in CHECKS.values() if "1.1" in check.specs}
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


def endpoint_1p2(mock: RunningMock, vendor: str, *, known_for: str | None = None) -> Endpoint:
    """The rostering root of a provider's 1.2."""
    root = mock.provider(vendor).base_urls["1.2"]["rostering"]
    return replace(endpoint_of(mock, vendor, known_for=known_for), url=root)


def test_the_references_1p2_raises_nothing_and_leaves_no_check_out(full: RunningMock) -> None:
    full.reset()
    report = judge(with_all_credentials(endpoint_1p2(full, "reference")), Order(allow_writes=True))
    assert report.spec == "1.2"
    assert report.findings == []
    assert [outcome for outcome in report.outcomes if outcome.outcome != "pass"] == []
    assert {outcome.id for outcome in report.outcomes} == {check.id for check in CHECKS.values() if "1.2" in check.specs}


@pytest.mark.parametrize("vendor", ["powerschool", "infinite-campus"])
def test_a_vendors_1p2_shows_known_deviations_only(full: RunningMock, vendor: str) -> None:
    full.reset()
    report = judge(endpoint_1p2(full, vendor, known_for=vendor))
    assert [(notice.check, notice.message) for notice in report.findings if not notice.known] == []
    assert report.verdict == "pass"
    assert faults_of_checks(report) == []
