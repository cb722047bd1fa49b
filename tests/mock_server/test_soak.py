"""A short soak: thousands of requests at full rate with faults on leave nothing behind in memory."""

from __future__ import annotations

import pytest

from benchmarks.soak import FLAT, soak


@pytest.mark.deep
def test_memory_is_flat_and_every_answer_is_a_page_or_a_fault() -> None:
    found = soak(20_000)
    assert found.strange == {}
    assert found.growth <= FLAT
    assert {"200", "cut", "not json", "401", "429", "500"} == set(found.outcomes)


def test_every_outcome_of_a_soak_is_met_in_a_few_thousand_requests() -> None:
    found = soak(2_000, students=60, workers=2)
    assert found.strange == {}
    assert {"200", "not json", "429", "500"} <= set(found.outcomes)
    assert sum(found.outcomes.values()) == 2_000
