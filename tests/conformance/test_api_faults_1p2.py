"""Every check that only 1.2 has is seen failing on a planted fault; through a proxy that plants none, 1.2 is clean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conformance.api_judge import CHECKS, Order, judge
from mock_server.mock_process import running_mock
from tests.conformance.faults import clean
from tests.conformance.faulty_proxy import Answered, Asked, Fault, Forward, Upstream, faulty
from tests.conformance.test_api_faults import NEED_ANOTHER_CREDENTIAL

ONLY_1P2 = sorted(check.id for check in CHECKS.values() if check.specs == ("1.2",))
Record = dict[str, Any]


def _of_users(change: Callable[[Record], object]) -> Fault:
    def fault(asked: Asked, forward: Forward) -> Answered:
        answer = forward(asked)
        document = answer.document
        if not isinstance(document, dict) or not isinstance(document.get("users"), list):
            return answer
        for record in document["users"]:
            change(record)
        return answer.with_document(document)

    return fault


def _success_with_status(asked: Asked, forward: Forward) -> Answered:
    answer = forward(asked)
    document = answer.document
    is_page = answer.status == 200 and isinstance(document, dict) and asked.path == "/orgs"
    return answer.with_document({**document, "imsx_codeMajor": "success", "imsx_severity": "status"}) if is_page else answer


def _all_scopes(asked: Asked, forward: Forward) -> Answered:
    answer = forward(asked)
    return Answered(200, answer.headers, b'{"demographics": []}') if answer.status == 403 else answer


def _undescribed(asked: Asked, forward: Forward) -> Answered:
    return Answered(404, {}, b"{}") if asked.path.startswith("/discovery/") and asked.service == "gradebook" else forward(asked)


def _idless(asked: Asked, forward: Forward) -> Answered:
    answer = forward(asked)
    return Answered(answer.status, answer.headers, b"{}") if asked.method == "POST" and asked.path.endswith("/lineItems") else answer


FAULTS: dict[str, Fault] = {
    "data.primary-role": _of_users(lambda record: [role.update(roleType="secondary") for role in record["roles"]]),
    "data.role-profile": _of_users(lambda record: [role.update(userProfile="https://nowhere.example/p") for role in record["roles"]]),
    "data.primary-org": _of_users(lambda record: record.get("primaryOrg", {}).update(sourcedId="another")),
    "envelope.no-status-on-success": _success_with_status,
    "auth.demographics-scope": _all_scopes,
    "endpoint.discovery": _undescribed,
    "gradebook.model-posts": _idless,
    "gradebook.post-allocates": _idless,
}


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    """A reference provider for the module, as the proxy sees it."""
    with running_mock(students=60, vendors=["reference"]) as mock:
        yield Upstream(mock.provider())


def test_every_check_of_1p2_has_a_fault_that_it_must_see() -> None:
    assert sorted(FAULTS) == ONLY_1P2


def test_a_proxy_without_fault_raises_nothing(upstream: Upstream) -> None:
    with faulty(upstream, clean, spec="1.2") as endpoint:
        report = judge(endpoint, Order(allow_writes=True))
    assert report.spec == "1.2"
    assert report.findings == []
    assert {outcome.id for outcome in report.outcomes if outcome.outcome != "pass"} == NEED_ANOTHER_CREDENTIAL


@pytest.mark.parametrize("check", ONLY_1P2)
def test_the_check_sees_its_fault(upstream: Upstream, check: str) -> None:
    with faulty(upstream, FAULTS[check], spec="1.2") as endpoint:
        report = judge(endpoint, Order(allow_writes=True, only=[check]))
    found = [notice for notice in report.findings if notice.check == check]
    assert found, f"{check}: {report.outcomes}"
    assert all(notice.message and notice.section and notice.remedy for notice in found)
