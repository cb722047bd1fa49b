"""One pytest case per check: `pytest --pyargs conformance.pytest_cases --conformance-provider URL --conformance-csv PATH`.

Collected by pytest; the verdicts are the judges', told here as pass, skip with its reason, or failure.
"""

from __future__ import annotations

import pytest

from conformance.catalogue import entries
from conformance.report import ORDER, Report
from conformance.reports.junit import finding_text


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A case for each check of the judge that a test asks."""
    judges = "api" if "oneroster_api_report" in metafunc.fixturenames else "csv"
    metafunc.parametrize("check_id", [entry["id"] for entry in entries() if entry["judges"] == judges])


def test_api(check_id: str, oneroster_api_report: Report, pytestconfig: pytest.Config) -> None:
    """One check of the provider."""
    _tell(oneroster_api_report, check_id, pytestconfig.getoption("--conformance-fail-on"))


def test_csv(check_id: str, oneroster_csv_report: Report, pytestconfig: pytest.Config) -> None:
    """One rule of the bundle."""
    _tell(oneroster_csv_report, check_id, pytestconfig.getoption("--conformance-fail-on"))


def _tell(report: Report, check_id: str, fail_on: str) -> None:
    outcome = next((found for found in report.outcomes if found.id == check_id), None)
    if outcome is None:
        pytest.skip(f"not a check of OneRoster {report.spec}")
    own = [notice for notice in report.findings if notice.check == check_id]
    grave = [notice for notice in own if ORDER[notice.severity] <= ORDER[fail_on]]
    if grave:
        pytest.fail("\n\n".join(map(finding_text, grave)), pytrace=False)
    if outcome.outcome == "skip":
        pytest.skip(outcome.reason)
    if outcome.outcome == "error":
        pytest.fail(outcome.reason, pytrace=False)
