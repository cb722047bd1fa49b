"""Every check of the API is seen failing on a planted fault, and silent through a proxy that plants none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance.api_judge import CHECKS, Order, judge
from mock_server.mock_process import RunningMock, running_mock
from oneroster_standard.dialects import load_quirks
from tests.conformance.faults import FAULTS, clean
from tests.conformance.faulty_proxy import Upstream, faulty

TRIPPED_BY_QUIRKS = {check for quirk in load_quirks().values() for check in quirk.trips}
SIGNATURES_UNCHECKED = {
    "auth.bad-signature-refused", "auth.timestamp-window", "auth.nonce-replay-refused", "auth.added-parameter-refused",
}  # fmt: skip
NEED_ANOTHER_CREDENTIAL = {"auth.expired-token-refused", "auth.other-district-refused"}
"""Put when such a credential is given: tests/meeting/test_tokens_that_end.py."""


@pytest.fixture(scope="module")
def mock() -> Iterator[RunningMock]:
    """One reference provider for the module."""
    with running_mock(students=60, vendors=["reference"]) as found:
        yield found


@pytest.fixture(scope="module")
def upstream(mock: RunningMock) -> Upstream:
    """The mock as the proxy sees it."""
    return Upstream(mock.provider())


def test_every_check_has_a_fault_that_it_must_see() -> None:
    # Those of 1.2 only have theirs in test_api_faults_1p2.py.
    of_both = {check.id for check in CHECKS.values() if "1.1" in check.specs}
    assert of_both - TRIPPED_BY_QUIRKS - set(FAULTS) == set()
    assert set(FAULTS) <= set(CHECKS)


def test_a_proxy_without_fault_raises_nothing_but_its_unchecked_signatures(upstream: Upstream) -> None:
    with faulty(upstream, clean) as endpoint:
        report = judge(endpoint, Order(allow_writes=True))
    assert {notice.check for notice in report.findings} == SIGNATURES_UNCHECKED
    assert {outcome.id for outcome in report.outcomes if outcome.outcome in ("skip", "error")} == NEED_ANOTHER_CREDENTIAL


@pytest.mark.parametrize("check", sorted(FAULTS))
def test_the_check_sees_its_fault(upstream: Upstream, check: str) -> None:
    with faulty(upstream, FAULTS[check]) as endpoint:
        report = judge(endpoint, Order(allow_writes=True, only=[check]))
    found = [notice for notice in report.findings if notice.check == check]
    assert found, f"{check}: {report.outcomes}"
    assert all(notice.message and notice.section and notice.remedy for notice in found)
    assert all(notice.curl.startswith(("curl ", "oneroster ")) for notice in found)
