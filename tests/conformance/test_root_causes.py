"""One fault of a provider is told once: its root alone stands for itself, whatever else breaks with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from conformance.api_judge import judge
from conformance.causes import attach_causes
from conformance.notices import Notice
from mock_server.mock_process import running_mock
from tests.conformance.faulty_proxy import Answered, Asked, Fault, Forward, Upstream, faulty
from tests.conformance.test_api_faults import SIGNATURES_UNCHECKED

FAULTS: dict[str, tuple[Fault, str]] = {}


def _notice(check: str, pointer: str = "") -> Notice:
    return Notice("met", {"request": "GET /users", "pointer": pointer}, check=check, severity="error")


def test_a_question_about_a_wrong_value_follows_from_the_value() -> None:
    value = _notice("schema.instant", "/users/*/dateLastModified")
    same, other = _notice("filter.strict-comparison", "/users/*/dateLastModified"), _notice("filter.contains", "/users/*/email")
    assert [found.cause_of for found in attach_causes([value, same, other])] == ["", "schema.instant", ""]


def test_a_value_does_not_follow_from_a_value() -> None:
    found = attach_causes([_notice("schema.required", "/users/*/role"), _notice("data.role-coverage", "/users/*/role")])
    assert [one.cause_of for one in found] == ["", ""]


def _shows(root: str) -> Any:
    def register(fault: Fault) -> Fault:
        FAULTS[fault.__name__.strip("_")] = (fault, root)
        return fault

    return register


@_shows("paging.total-by-limit")
def _a_total_of_the_page(asked: Asked, forward: Forward) -> Answered:
    answer = forward(asked)
    if "X-Total-Count" in answer.headers:
        answer.headers["X-Total-Count"] = str(len(next(iter(answer.document.values()))))
    return answer


@_shows("paging.page-content-by-limit")
def _one_limit_of_one_collection_loses_a_record(asked: Asked, forward: Forward) -> Answered:
    is_met = asked.path == "/classes" and asked.parameters.get("limit") == "11"
    return forward(asked.with_parameters(limit="10") if is_met else asked)


@_shows("filter.selects")
def _a_token_that_no_record_has_selects_all(asked: Asked, forward: Forward) -> Answered:
    return forward(asked.with_parameters(filter=None) if "tobedeleted" in asked.parameters.get("filter", "") else asked)


@_shows("auth.missing-credential-refused")
def _one_collection_is_open(asked: Asked, forward: Forward) -> Answered:
    is_met = asked.path.startswith("/demographics")
    return forward(replace(asked, headers={**asked.headers, "Authorization": "OAuth any"}) if is_met else asked)


@_shows("filter.no-match-is-empty")
def _nothing_found_is_404(asked: Asked, forward: Forward) -> Answered:
    answer = forward(asked)
    is_empty = answer.status == 200 and isinstance(answer.document, dict) and any(value == [] for value in answer.document.values())
    return Answered(404, {"Content-Type": "application/json"}, b"{}") if is_empty else answer


@_shows("schema.enumeration")
def _roles_in_another_case(asked: Asked, forward: Forward) -> Answered:
    answer = forward(asked)
    document = answer.document
    if asked.path == "/token" or not isinstance(document, dict):
        return answer
    for value in document.values():
        for record in value if isinstance(value, list) else [value]:
            if isinstance(record, dict) and "givenName" in record and "role" in record:
                record["role"] = record["role"].capitalize()
    return answer.with_document(document)


@_shows("data.unique-id")
def _a_record_that_is_stored_twice(asked: Asked, forward: Forward) -> Answered:
    answer = forward(asked)
    document = answer.document
    if asked.path == "/orgs" and isinstance(document, dict) and len(document.get("orgs", ())) >= 4:
        document["orgs"].append(document["orgs"][0])
        answer.headers["X-Total-Count"] = str(int(answer.headers["X-Total-Count"]) + 1)
        return answer.with_document(document)
    return answer


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    """A reference provider for the module, as the proxy sees it."""
    with running_mock(students=60, vendors=["reference"]) as mock:
        yield Upstream(mock.provider())


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_a_fault_has_one_root(upstream: Upstream, name: str) -> None:
    fault, root = FAULTS[name]
    with faulty(upstream, fault) as endpoint:
        report = judge(endpoint)
    assert {found.check for found in report.findings if not found.cause_of} - SIGNATURES_UNCHECKED == {root}
    assert [outcome for outcome in report.outcomes if outcome.outcome == "error"] == []
