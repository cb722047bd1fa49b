"""The pytest fixture `oneroster_mock`: a real mock server for the tests of any project.

Loaded by pytest through its entry point, also in runs that never use it: hence no import of the server, of requests
or of the district maker here, and no process before a test asks for the fixture.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
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

    vendors = pytestconfig.getoption("oneroster_vendor") or pytestconfig.getini("oneroster_vendors")
    students, seed = _whole(pytestconfig, "oneroster_students"), _whole(pytestconfig, "oneroster_seed")
    try:
        with running_mock(students=students, seed=seed, vendors=vendors) as found:
            yield found
    except MockProblem as problem:
        raise pytest.UsageError(str(problem)) from problem


@pytest.fixture
def oneroster_mock(oneroster_mock_server: RunningMock) -> RunningMock:
    """A OneRoster server in its first state: `.providers`, `.set_quirks`, `.withhold`, `.journal`, `.reset`."""
    oneroster_mock_server.reset()
    return oneroster_mock_server
