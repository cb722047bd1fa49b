"""A district of 60 students, and a delivery of it that runs in a thread; reset before each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paramiko
import pytest

from data_gen.bundle import from_store_to
from data_gen.districts import build, view
from mock_server.delivery.control import Address, send
from mock_server.delivery.options import Sender, Wishes
from mock_server.delivery.service import Service
from oneroster_harness.terminal import AS_OF
from tests.delivery.client import Files, connected, tree

VENDORS = ("reference", "classlink")
SEED = 1
Deliver = Callable[..., "Running"]


@dataclass
class Running:
    """A delivery at work, its orders and its sign-ins."""

    service: Service
    address: Address

    @property
    def entry(self) -> dict[str, Any]:
        """The ready file's entry."""
        found = self.service.ready_entry()
        assert found is not None
        return found

    def order(self, order: str, vendor: str = "", *, status: int = 200, **more: Any) -> dict[str, Any]:
        """Send an order; its answer must have the status."""
        answer = send(self.address, {"order": order, "vendor": vendor, **more})
        assert answer["status"] == status, answer
        body: dict[str, Any] = answer["body"]
        return body

    def sign_in(self, vendor: str) -> dict[str, Any]:
        """How a vendor's own account signs in."""
        found: dict[str, Any] = self.order("show", vendor)["sftp"]
        return found


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The district as each vendor shows it."""
    folder = tmp_path_factory.mktemp("stores")
    base = build(folder / "base.district", students=60, seed=SEED, as_of=AS_OF)
    return {"reference": base, "classlink": view(base, folder / "classlink.district", vendor="classlink")}


@pytest.fixture(scope="session")
def another_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference's district a day later, for all that a consumer knows."""
    return build(tmp_path_factory.mktemp("later") / "later.district", students=61, seed=SEED, as_of=AS_OF)


@pytest.fixture
def deliver(stores: dict[str, Path], tmp_path: Path) -> Iterator[Deliver]:
    """deliver(**wishes): start a delivery of its own, ended after the test."""
    begun: list[Service] = []

    def start(folder: Path = tmp_path / "delivery", **wishes: Any) -> Running:
        senders = [Sender(vendor, vendor, stores[vendor]) for vendor in VENDORS]
        service = Service(
            senders, Wishes(**{"sftp_port": 0, **wishes}), folder, seed=SEED, as_of=AS_OF, bundler=from_store_to
        )  # fmt: skip
        begun.append(service)
        return Running(service, service.start())

    yield start
    for service in begun:
        service.stop()


@pytest.fixture(scope="session")
def shared_delivery(stores: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One delivery for the session."""
    senders = [Sender(vendor, vendor, stores[vendor]) for vendor in VENDORS]
    service = Service(
        senders, Wishes(sftp_port=0), tmp_path_factory.mktemp("delivery"), seed=SEED, as_of=AS_OF, bundler=from_store_to
    )  # fmt: skip
    yield Running(service, service.start())
    service.stop()


@pytest.fixture
def running(shared_delivery: Running) -> Running:
    """The session's delivery in its first state."""
    shared_delivery.order("reset")
    return shared_delivery


@pytest.fixture
def client(running: Running) -> Iterator[paramiko.SFTPClient]:
    """Signed in as the reference vendor's own account."""
    with connected(running.sign_in("reference")) as found:
        yield found


@pytest.fixture
def clean(running: Running, client: paramiko.SFTPClient) -> Files:
    """The first drop: the bundle as generated."""
    return tree(client)
