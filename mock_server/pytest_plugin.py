"""Pytest fixtures for the tests of any project: a mock over HTTP, and the same mock in process.

    oneroster_mock      a server on a free port, in its first state
    oneroster_wsgi      the same as a WSGI application, without a port or a process
    oneroster_provider  how to reach the vendor that the test's mark names, on oneroster_mock

Loaded by pytest through its entry point, also in runs that never use it: hence no import of the server, of requests
or of the district maker here, and no process before a test asks for a fixture.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from mock_server.marks import MARK, Case, WrongMark, cases_of

if TYPE_CHECKING:
    from mock_server.in_process import WsgiMock
    from mock_server.mock_handle import MockHandle, MockProvider
    from mock_server.mock_process import RunningMock

DEFAULT_STUDENTS = 60
DEFAULT_SEED = 1


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the command line, each with an ini value of the same meaning."""
    group = parser.getgroup("oneroster", "mock OneRoster provider")
    group.addoption(
        "--oneroster-students", type=int, metavar="N", help="Students of the mock's district, default 60"
    )
    group.addoption("--oneroster-seed", type=int, metavar="S", help="Seed of the mock's district, default 1")
    group.addoption(
        "--oneroster-vendor", action="append", metavar="NAME", help="Vendor to serve, repeatable; default all"
    )
    parser.addini("oneroster_students", "students of the mock's district", default=str(DEFAULT_STUDENTS))
    parser.addini("oneroster_seed", "seed of the mock's district", default=str(DEFAULT_SEED))
    parser.addini("oneroster_vendors", "vendors to serve, default all", type="args", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known, so that --strict-markers lets it pass."""
    config.addinivalue_line("markers", f"{MARK}(vendor, vendors, quirks, each_quirk, withhold, faults): state of the mock for a test")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test once for each vendor and each quirk that its mark names."""
    mark = metafunc.definition.get_closest_marker(MARK)
    if mark is None:
        return
    try:
        cases = cases_of(mark, metafunc.definition.nodeid, _vendors(metafunc.config))
    except WrongMark as problem:
        pytest.fail(str(problem), pytrace=False)
    if "oneroster_case" not in metafunc.fixturenames:
        met = f"{metafunc.definition.nodeid}: the mark {MARK} on a test that uses neither oneroster_mock nor oneroster_wsgi"
        pytest.fail(met, pytrace=False)
    if len(cases) > 1 or cases[0].name:
        metafunc.parametrize("oneroster_case", cases, indirect=True, ids=[case.name for case in cases])


def _vendors(config: pytest.Config) -> tuple[str, ...]:
    return tuple(config.getoption("oneroster_vendor") or config.getini("oneroster_vendors"))


def _whole(config: pytest.Config, name: str) -> int:
    given = config.getoption(name)
    text = str(config.getini(name) if given is None else given)
    try:
        return int(text)
    except ValueError as error:
        raise pytest.UsageError(f"{name}: {text!r} is not a whole number") from error


@pytest.fixture(scope="session")
def oneroster_mock_server(pytestconfig: pytest.Config) -> Iterator[RunningMock]:
    """The server process of this session; tests use oneroster_mock, which also resets it."""
    # Here, not above: a plain pytest run that never asks for the fixture should not pay for it.
    from mock_server.mock_process import MockProblem, running_mock

    students, seed = _whole(pytestconfig, "oneroster_students"), _whole(pytestconfig, "oneroster_seed")
    try:
        with running_mock(students=students, seed=seed, vendors=_vendors(pytestconfig)) as found:
            yield found
    except MockProblem as problem:
        raise pytest.UsageError(str(problem)) from problem


@pytest.fixture(scope="session")
def oneroster_wsgi_app(pytestconfig: pytest.Config) -> Iterator[WsgiMock]:
    """The application of this session; tests use oneroster_wsgi, which also resets it."""
    from mock_server.in_process import wsgi_mock
    from mock_server.mock_handle import MockProblem

    students, seed = _whole(pytestconfig, "oneroster_students"), _whole(pytestconfig, "oneroster_seed")
    try:
        with wsgi_mock(students=students, seed=seed, vendors=_vendors(pytestconfig)) as found:
            yield found
    except MockProblem as problem:
        raise pytest.UsageError(str(problem)) from problem


@pytest.fixture
def oneroster_case(request: pytest.FixtureRequest) -> Case:
    """The state that the test's mark asks for: vendor, quirks, withheld settings."""
    if hasattr(request, "param"):
        found: Case = request.param
        return found
    mark = request.node.get_closest_marker(MARK)
    return cases_of(mark, request.node.nodeid, _vendors(request.config))[0] if mark else Case()


def _in_state(mock: MockHandle, case: Case) -> None:
    from mock_server.mock_handle import MockProblem

    mock.reset()
    refused = ""
    try:
        vendor = mock.provider(case.vendor or next(iter(mock.providers))).vendor
        if case.quirks:
            mock.add_quirks(vendor, case.quirks)
        if case.withhold:
            mock.withhold(vendor, case.withhold)
        if case.faults:
            mock.set_faults(vendor, case.faults)
    except MockProblem as problem:
        refused = str(problem)
    if refused:
        # Outside the handler: inside it pytest would show the same words twice.
        pytest.fail(f"the mark {MARK} asks for what there is not: {refused}", pytrace=False)


@pytest.fixture
def oneroster_mock(oneroster_mock_server: RunningMock, oneroster_case: Case) -> RunningMock:
    """A OneRoster server in its first state: `.providers`, `.set_quirks`, `.withhold`, `.set_faults`, `.journal`, `.reset`."""
    _in_state(oneroster_mock_server, oneroster_case)
    return oneroster_mock_server


@pytest.fixture
def oneroster_wsgi(oneroster_wsgi_app: WsgiMock, oneroster_case: Case) -> WsgiMock:
    """The same mock in process: `.app` for WSGI clients, `.client` is Flask's test client."""
    _in_state(oneroster_wsgi_app, oneroster_case)
    return oneroster_wsgi_app


@pytest.fixture
def oneroster_provider(oneroster_mock: RunningMock, oneroster_case: Case) -> MockProvider:
    """How to reach the vendor of the test's mark (the first one served without it): base_url, token_url, credentials."""
    return oneroster_mock.provider(oneroster_case.vendor or next(iter(oneroster_mock.providers)))
