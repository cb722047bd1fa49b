"""A published consumer is judged as it is: what it does well passes, what it does not do is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.consumer.adapter import parse_adapter
from conformance.consumer.judge import Play, judge
from tests.services.test_outside_clients import HERE, connector_python

__all__ = ["connector_python"]
pytestmark = pytest.mark.services


def test_the_connector_of_2020_reads_all_pages_and_takes_tombstones_for_people(connector_python: Path, tmp_path: Path) -> None:
    adapter = parse_adapter(
        {
            "name": "PyPI oneroster 0.0.17", "landed": "csv:{folder}/landed", "take": {"entities": ["users", "classes", "courses"]},
            "command": {"api": [str(connector_python), str(HERE / "connector_consumer.py"), "{folder}/landed"]},
            "ignore": {"*": ["dateLastModified", "status", "enabledUser", "orgSourcedIds", "courseSourcedId", "schoolSourcedId", "termSourcedIds"]},
        },
        "here",
    )  # fmt: skip
    report = judge(adapter, Play(vendors=("reference",), channels=("api",), days=5), tmp_path)
    outcomes = {outcome.id: outcome.outcome for outcome in report.outcomes}
    assert outcomes["consumer.all-pages"] == outcomes["consumer.steps-by-received"] == outcomes["consumer.values"] == "pass"
    assert {"consumer.tobedeleted-honoured", "consumer.passing-fault"} <= {notice.check for notice in report.findings}
