"""The suite's model of the gradebook: silent on a clean provider, leaves nothing behind whatever happens, touches nothing of others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from conformance.api_judge import Order, judge
from conformance.gradebook import play
from conformance.gradebook.bench import OWN, Bench
from conformance.gradebook.world import CLAIMS, Step, World
from mock_server.mock_process import RunningMock, running_mock
from oneroster_harness.providers import Endpoint
from tests.meeting.endpoints import endpoint_of
from tests.meeting.keystone import roots

MODEL = tuple(kind.claim for kind in CLAIMS)
VERSIONS = ("1.1", "1.2")
HELD = ("categories", "lineItems", "results")


@pytest.fixture(scope="module")
def mock() -> Iterator[RunningMock]:
    with running_mock(students=40, vendors=["reference"]) as found:
        yield found


@pytest.fixture(autouse=True)
def _first_state(mock: RunningMock) -> None:
    mock.reset()


def endpoint(mock: RunningMock, spec: str) -> Endpoint:
    found = endpoint_of(mock, "reference")
    return found if spec == "1.1" else replace(found, url=mock.provider("reference").base_urls["1.2"]["rostering"])


def held(mock: RunningMock) -> dict[str, list[dict[str, Any]]]:
    """What a perfect consumer of the gradebook would hold now."""
    return {name: mock.truth("reference", name) for name in HELD}


@pytest.mark.parametrize("spec", VERSIONS)
def test_a_clean_gradebook_obeys_the_model_and_is_left_as_it_was(mock: RunningMock, spec: str) -> None:
    before = held(mock)
    report = judge(endpoint(mock, spec), Order(only=["gradebook."], allow_writes=True))
    assert report.findings == []
    assert {one.outcome for one in report.outcomes} == {"pass"}
    kinds = {"put categories", "put lineItems", "put results", "delete results"} | ({"post session", "put scoreScales", "put assessmentResults"} if spec == "1.2" else set())
    assert kinds <= set(report.covered["gradebook"])
    assert held(mock) == before


def test_without_leave_to_write_nothing_is_written(mock: RunningMock) -> None:
    report = judge(endpoint(mock, "1.1"), Order(only=["gradebook."]))
    assert {one.outcome for one in report.outcomes} == {"skip"}
    assert not [one for one in mock.journal.entries() if one.method in ("PUT", "DELETE")]


@pytest.mark.parametrize("quirk", ["gradebook.put-merges", "gradebook.neighbour-changed"])
def test_the_smallest_sequence_is_told_without_anybodys_id_and_comes_again_with_its_seed(mock: RunningMock, quirk: str) -> None:
    mock.set_quirks("reference", [quirk])
    told = []
    for _ in range(2):
        report = judge(endpoint(mock, "1.1"), Order(only=MODEL, allow_writes=True, seed=5))
        (finding,) = report.findings
        told.append(finding.steps)
    assert told[0] == told[1]
    assert 2 <= len(told[0]) <= 8
    assert finding.curl.endswith(f"--allow-writes --only {finding.check} --seed 5")
    assert {one.outcome for one in report.outcomes} == {"fail", "skip"}
    students = {one["sourcedId"] for one in mock.truth("reference", "users")}
    assert not [one for one in students if one in " ".join(told[0])]


@pytest.mark.parametrize("quirk", ["gradebook.put-lost", "gradebook.score-lost", "gradebook.delete-ignored", "gradebook.post-loses-last"])
def test_a_fault_of_the_newer_versions_writes_is_caught(mock: RunningMock, quirk: str) -> None:
    declared = {"gradebook.post-loses-last": "gradebook.model-posts", "gradebook.delete-ignored": "gradebook.model-removal"}
    mock.set_quirks("reference", [quirk])
    report = judge(endpoint(mock, "1.2"), Order(only=["gradebook."], allow_writes=True))
    assert roots(report) == {declared.get(quirk, "gradebook.model-content")}


@pytest.mark.parametrize("trouble", ["interrupted", "budget"])
def test_a_run_that_is_cut_takes_its_own_away(mock: RunningMock, monkeypatch: pytest.MonkeyPatch, trouble: str) -> None:
    before = held(mock)
    target = endpoint(mock, "1.2")
    reads = judge(target, Order(only=MODEL)).requests
    if trouble == "budget":
        report = judge(target, Order(only=MODEL, allow_writes=True, budget=reads + 25))
    else:
        own, done = World.do, iter(range(100))

        def interrupted(self: World, step: Step) -> None:
            own(self, step)
            if next(done) == 8:
                raise KeyboardInterrupt

        monkeypatch.setattr(World, "do", interrupted)
        report = judge(target, Order(only=MODEL, allow_writes=True))
    assert report.verdict == "incomplete"
    assert {one.outcome for one in report.outcomes} == {"skip"}
    assert [one for one in mock.journal.entries() if one.method == "PUT"]
    assert held(mock) == before


def test_what_cannot_be_taken_away_is_told(mock: RunningMock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(play, "PLAYS", 1)
    monkeypatch.setattr("conformance.gradebook.bench.GONE", ())
    report = judge(endpoint(mock, "1.1"), Order(only=["gradebook.model-removal"], allow_writes=True))
    (finding,) = [one for one in report.findings if "could not be removed" in one.message]
    assert OWN in str(finding.where["request"])
    assert "by hand" in finding.remedy


def test_the_bench_writes_no_object_of_others(mock: RunningMock) -> None:
    class Refusing(Bench):
        def __init__(self) -> None:
            self._made = {}

    for act in (lambda: Refusing().put("categories", "cat-00", {}), lambda: Refusing().delete("categories", "cat-00")):
        with pytest.raises(ValueError, match="of our own"):
            act()


def test_what_a_post_made_without_naming_it_is_taken_away_too(mock: RunningMock, monkeypatch: pytest.MonkeyPatch) -> None:
    before = held(mock)
    monkeypatch.setattr("conformance.gradebook.world._allocated", lambda document, supplied: {})
    report = judge(endpoint(mock, "1.2"), Order(only=MODEL, allow_writes=True))
    assert roots(report) == {"gradebook.model-posts"}
    assert held(mock) == before
