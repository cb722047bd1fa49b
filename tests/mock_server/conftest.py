"""One server per session, reset before each test; whole collections are read once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from mock_server.mock_process import RunningMock, running_mock
from oneroster_standard.standard import VERSIONS
from tests.mock_server.versions import Client
from tests.mock_server.wire import Records, Wire

Whole = Callable[[str, str], Records]


@pytest.fixture(scope="session")
def wires(oneroster_mock_server: RunningMock) -> dict[str, Wire]:
    """A client per vendor; its tokens last for the session."""
    return {vendor: Wire(provider) for vendor, provider in oneroster_mock_server.providers.items()}


@pytest.fixture(autouse=True)
def first_state(oneroster_mock_server: RunningMock) -> None:
    """Reset the server, also before tests whose examples Hypothesis draws."""
    oneroster_mock_server.reset()


@pytest.fixture
def reference(oneroster_mock: RunningMock, wires: dict[str, Wire]) -> Wire:
    """The reference provider in its first state."""
    return wires["reference"]


@pytest.fixture(scope="session")
def clients(oneroster_mock_server: RunningMock) -> dict[str, Client]:
    """A client of the reference provider per version of the standard."""
    return {spec: Client(oneroster_mock_server, spec) for spec in VERSIONS}


@pytest.fixture(scope="session")
def whole(wires: dict[str, Wire]) -> Whole:
    """whole(vendor, collection): every record of a collection, read once; ask before the state is changed."""
    kept: dict[tuple[str, str], Records] = {}

    def read(vendor: str, collection: str) -> Records:
        if (vendor, collection) not in kept:
            kept[vendor, collection] = wires[vendor].records(f"/{collection}")
        return kept[vendor, collection]

    return read


@pytest.fixture(scope="session")
def large_district() -> Iterator[dict[str, Wire]]:
    """A district with teachers at two schools, which a small one lacks, as two providers show it."""
    with running_mock(students=1000, vendors=["reference", "powerschool"]) as mock:
        yield {vendor: Wire(provider) for vendor, provider in mock.providers.items()}
