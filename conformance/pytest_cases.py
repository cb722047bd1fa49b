"""One pytest case per check and profile: `pytest --pyargs conformance --oneroster-url URL --oneroster-bundle PATH`.

Collected by pytest; the verdicts are the judges', told here as pass, skip with its reason, or failure.
"""

from __future__ import annotations

import pytest

from conformance.catalogue import entries
from conformance.profiles.loading import load_profile
from conformance.report import ORDER, Report
from conformance.reports.junit import finding_text
from conformance.reports.text import profile_lines


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A case for each check of the judge that a test asks."""
    if "profile_name" in metafunc.fixturenames:
        metafunc.parametrize("profile_name", metafunc.config.getoption("--conformance-profile") or [pytest.param("", id="none")])
        return
    judges = "api" if "oneroster_api_report" in metafunc.fixturenames else "csv"
    metafunc.parametrize("check_id", [entry["id"] for entry in entries() if entry["judges"] == judges])


def test_api(check_id: str, oneroster_api_report: Report, pytestconfig: pytest.Config) -> None:
    """One check of the provider."""
    _tell(oneroster_api_report, check_id, pytestconfig.getoption("--conformance-fail-on"))


def test_csv(check_id: str, oneroster_csv_report: Report, pytestconfig: pytest.Config) -> None:
    """One rule of the bundle."""
    _tell(oneroster_csv_report, check_id, pytestconfig.getoption("--conformance-fail-on"))


def test_profile(profile_name: str, request: pytest.FixtureRequest) -> None:
    """Whether one consumer would take the bundle, or else the provider."""
    if not profile_name:
        pytest.skip("no --oneroster-profile was given")
    kind = "csv" if request.config.getoption("--conformance-csv") else "api"
    report: Report = request.getfixturevalue(f"oneroster_{kind}_report")
    found = report.profiles[load_profile(profile_name).name]
    if found["verdict"] != "pass":
        pytest.fail("\n".join(profile_lines(report)), pytrace=False)


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
