"""The suite as pytest cases: one case per check, of a provider and of a bundle.

Loaded by pytest through its entry point; `pytest --pyargs conformance.pytest_cases --conformance-provider URL` runs it.
Imports the suite only when it is asked for, since every pytest run of a project that installs us loads this file.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conformance.own_checks import Source
    from conformance.report import Report
    from oneroster_harness.providers import Endpoint


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options that name what is judged."""
    group = parser.getgroup("oneroster", "OneRoster conformance")
    group.addoption("--conformance-provider", "--oneroster-url", metavar="URL|NAME", help="provider to judge: service root, or name in providers.toml")
    group.addoption("--conformance-token-url", "--oneroster-token-url", metavar="URL", help="its OAuth 2 token endpoint")
    group.addoption("--conformance-auth", "--oneroster-auth", choices=("oauth2", "oauth1", "bearer"), help="how to sign in")
    group.addoption("--conformance-vendor", metavar="NAME|FILE", help="vendor whose deviations are known")
    group.addoption("--conformance-csv", "--oneroster-bundle", metavar="PATH", help="CSV bundle to judge: folder or ZIP")
    group.addoption("--conformance-profile", "--oneroster-profile", action="append", default=[], metavar="NAME|FILE", help="consumer to ask for, repeatable")
    group.addoption("--conformance-fail-on", choices=("error", "warning", "info"), default="error", help="weakest severity that fails")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker of a team's own checks known."""
    config.addinivalue_line("markers", "oneroster_check(needs=[...]): a roster check of one's own; skipped when what it needs was not read")


def _endpoint(config: pytest.Config) -> Endpoint:
    from oneroster_harness.providers import resolve

    return resolve(
        config.getoption("--conformance-provider"), auth=config.getoption("--conformance-auth"), vendor=config.getoption("--conformance-vendor"),
        token_url=config.getoption("--conformance-token-url"), environ=os.environ,
    )  # fmt: skip


@pytest.fixture(scope="session")
def _oneroster_source(pytestconfig: pytest.Config) -> Source | None:
    """What the options name, None when they name nothing; read entity by entity."""
    from conformance.own_checks import ApiSource, BundleSource
    from oneroster_harness.problems import Problem

    try:
        if pytestconfig.getoption("--conformance-csv"):
            return BundleSource(Path(pytestconfig.getoption("--conformance-csv")))
        if pytestconfig.getoption("--conformance-provider"):
            return ApiSource(_endpoint(pytestconfig))
    except Problem as problem:
        pytest.fail("\n".join(problem.lines()), pytrace=False)
    return None


@pytest.fixture
def oneroster_records(_oneroster_source: Source | None, request: pytest.FixtureRequest) -> Callable[[str], list[dict[str, Any]]]:
    """A function that gives the records of an entity, such as users: of the bundle or the provider that the options name.

    Columns of a bundle come as texts, records of an API as they were sent. Skips the test when there is nothing to read, or
    when an entity that its marker needs was not read.
    """
    if _oneroster_source is None:
        pytest.skip("neither --oneroster-bundle nor --oneroster-url was given")
    source = _oneroster_source
    marker = request.node.get_closest_marker("oneroster_check")
    for entity in (marker.kwargs.get("needs", ()) if marker else ()):
        trouble = source.trouble(entity)
        if trouble:
            pytest.skip(trouble)
    return source.records


@pytest.fixture(scope="session")
def oneroster_api_report(pytestconfig: pytest.Config) -> Report:
    """The report of the provider that the options name; made once."""
    from conformance.api_judge import Order, judge  # heavy, see the module's docstring
    from conformance.profiles.loading import load_profiles
    from oneroster_harness.problems import Problem

    provider = pytestconfig.getoption("--conformance-provider")
    if not provider:
        pytest.skip("no --conformance-provider was given")
    try:
        endpoint = _endpoint(pytestconfig)
        return judge(endpoint, Order(profiles=load_profiles(pytestconfig.getoption("--conformance-profile"))))
    except Problem as problem:
        pytest.fail("\n".join(problem.lines()), pytrace=False)


@pytest.fixture(scope="session")
def oneroster_csv_report(pytestconfig: pytest.Config) -> Report:
    """The report of the bundle that the options name; made once."""
    from conformance.csv_judge import judge  # heavy, see the module's docstring
    from conformance.profiles.loading import load_profiles
    from oneroster_harness.problems import Problem

    path = pytestconfig.getoption("--conformance-csv")
    if not path:
        pytest.skip("no --conformance-csv was given")
    try:
        return judge(Path(path), profiles=load_profiles(pytestconfig.getoption("--conformance-profile")))
    except Problem as problem:
        pytest.fail("\n".join(problem.lines()), pytrace=False)
