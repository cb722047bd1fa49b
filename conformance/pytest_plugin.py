"""The suite as pytest cases: one case per check, of a provider and of a bundle.

Loaded by pytest through its entry point; `pytest --pyargs conformance.pytest_cases --conformance-provider URL` runs it.
Imports the suite only when it is asked for, since every pytest run of a project that installs us loads this file.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conformance.report import Report


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options that name what is judged."""
    group = parser.getgroup("oneroster", "OneRoster conformance")
    group.addoption("--conformance-provider", metavar="URL|NAME", help="provider to judge: service root, or name in providers.toml")
    group.addoption("--conformance-token-url", metavar="URL", help="its OAuth 2 token endpoint")
    group.addoption("--conformance-auth", choices=("oauth2", "oauth1", "bearer"), help="how to sign in")
    group.addoption("--conformance-vendor", metavar="NAME|FILE", help="vendor whose deviations are known")
    group.addoption("--conformance-csv", metavar="PATH", help="CSV bundle to judge: folder or ZIP")
    group.addoption("--conformance-fail-on", choices=("error", "warning", "info"), default="error", help="weakest severity that fails")


@pytest.fixture(scope="session")
def oneroster_api_report(pytestconfig: pytest.Config) -> Report:
    """The report of the provider that the options name; made once."""
    from conformance.api_judge import judge  # heavy, see the module's docstring
    from oneroster_harness.problems import Problem
    from oneroster_harness.providers import resolve

    provider = pytestconfig.getoption("--conformance-provider")
    if not provider:
        pytest.skip("no --conformance-provider was given")
    try:
        endpoint = resolve(
            provider, auth=pytestconfig.getoption("--conformance-auth"), token_url=pytestconfig.getoption("--conformance-token-url"),
            vendor=pytestconfig.getoption("--conformance-vendor"), environ=os.environ,
        )  # fmt: skip
        return judge(endpoint)
    except Problem as problem:
        pytest.fail("\n".join(problem.lines()), pytrace=False)


@pytest.fixture(scope="session")
def oneroster_csv_report(pytestconfig: pytest.Config) -> Report:
    """The report of the bundle that the options name; made once."""
    from conformance.csv_judge import judge  # heavy, see the module's docstring
    from oneroster_harness.problems import Problem

    path = pytestconfig.getoption("--conformance-csv")
    if not path:
        pytest.skip("no --conformance-csv was given")
    try:
        return judge(Path(path))
    except Problem as problem:
        pytest.fail("\n".join(problem.lines()), pytrace=False)
