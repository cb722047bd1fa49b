"""The delivery as a running thing: a thread with an event loop of its own, beside the HTTP workers.

Started by the `serve` command in its own process; the workers reach it through its control address, so that any
number of them sees the same drops.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from datetime import date
from pathlib import Path
from typing import Any

from mock_server.delivery import control, orders, sftp_server
from mock_server.delivery.accounts import accounts_of, host_key, public_line
from mock_server.delivery.calendar import Clock
from mock_server.delivery.courier import Bundler, Courier, Stopped
from mock_server.delivery.desk import Desk
from mock_server.delivery.options import Sender, Wishes
from oneroster_harness.problems import CannotRun, UsageProblem
from oneroster_standard.dialects.delivery import load_delivery

STOPPED_WITHIN_S = 1.5


class Service:
    """The delivery of a served district.

    folder: for what is temporary; the caller removes it after `stop`.
    """

    def __init__(
        self,
        senders: Sequence[Sender],
        wishes: Wishes,
        folder: Path,
        *,
        seed: int,
        as_of: date,
        bundler: Bundler,
    ) -> None:
        self._senders, self._wishes, self._folder = senders, wishes, folder
        self._as_of, self._bundler = as_of, bundler
        self.root = wishes.share or folder / "drop"
        self._accounts = accounts_of(seed, [sender.vendor for sender in senders])
        self._key = host_key(seed)
        self._token = secrets.token_hex(16)
        self._ready: Future[tuple[int, int | None]] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="delivery", daemon=True)
        self._sftp_port: int | None = None
        self._couriers: dict[str, Courier] = {}

    def start(self) -> control.Address:
        """Start, and wait until the first drops lie there and sign-ins are accepted.

        Returns where orders go. Raises CannotRun when the port is taken and UsageProblem for what cannot be read.
        """
        self._thread.start()
        port, self._sftp_port = self._ready.result()
        return control.Address(port, self._token)

    def ready_entry(self) -> dict[str, Any] | None:
        """The `sftp` of the ready file: the account that sees all vendors, the path of the first one's folder."""
        if self._sftp_port is None:
            return None
        overall = next(found for found in self._accounts.values() if not found.vendor)
        return self._entry(overall.username, overall.password, f"/{self._senders[0].vendor}")

    def _entry(self, username: str, password: str, path: str) -> dict[str, Any]:
        return {
            "host": sftp_server.HOST, "port": self._sftp_port, "username": username, "password": password, "path": path,
            "host_key": public_line(self._key),
        }  # fmt: skip

    def _sign_in(self, vendor: str) -> Mapping[str, Any] | None:
        if self._sftp_port is None:
            return None
        found = self._accounts[vendor]
        return self._entry(found.username, found.password, "/")

    def deliver(self, vendor: str, store: Path) -> None:
        """Deliver another store of a vendor from the next drop on; `delivery.stale` still sends the one before."""
        self._couriers[vendor].set_store(store)

    def stop(self) -> None:
        """End the thread: sessions are closed, unfinished drops are given up. Safe to call twice, or unstarted."""
        self._stopping.set()
        loop, end = self._loop, self._end
        if loop is not None and end is not None and self._thread.is_alive():
            loop.call_soon_threadsafe(end.set)
        if self._thread.ident is not None:
            self._thread.join(STOPPED_WITHIN_S)

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:
            if self._ready.done():
                raise
            self._ready.set_exception(error)

    def _hire(self, clock: Clock) -> None:
        for sender in self._senders:
            courier = Courier(
                sender.vendor, sender.store, self.root / sender.vendor, self._folder / "bundles" / sender.vendor,
                load_delivery(sender.dialect), sender.habits, self._bundler, clock.now(),
            )  # fmt: skip
            courier.stopping = self._stopping
            self._couriers[sender.vendor] = courier

    async def _main(self) -> None:
        # Names of accounts at most, and only what is wrong: its own lines tell every sign-in.
        logging.getLogger("asyncssh").setLevel(logging.ERROR)
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        clock = Clock(self._as_of, self._loop.time)
        self._hire(clock)
        desk = Desk(clock, self._couriers, self._sign_in, self._share)
        sftp = await self._listen(desk)
        if sftp is not None:
            # The admin API tells it from the first request on.
            self._sftp_port = sftp.port
        orders_in = await control.listen(self._token, lambda order: orders.carry_out(desk, order))
        follower = asyncio.create_task(desk.follow(), name="schedule")
        try:
            await desk.first_drops()
            self._ready.set_result((orders_in.sockets[0].getsockname()[1], self._sftp_port))
            await self._end.wait()
        except Stopped:
            # Only the first drops are made here: the command that waits for them is about to end.
            self._ready.set_exception(CannotRun("the server was ended while it started"))
        finally:
            self._stopping.set()
            follower.cancel()
            orders_in.close()
            if sftp is not None:
                sftp.close()

    def _share(self, vendor: str) -> str | None:
        return str(self.root / vendor) if self._wishes.share else None

    async def _listen(self, desk: Desk) -> sftp_server.DropServer | None:
        if self._wishes.sftp_port is None:
            return None
        try:
            return await sftp_server.listen(
                self._wishes.sftp_port, self.root, self._accounts, self._key, opened=lambda _, path: desk.opened(self.root, path),
                client_keys=self._wishes.client_keys, is_writable=self._wishes.is_writable,
            )  # fmt: skip
        except OSError as error:
            raise CannotRun(
                f"port {self._wishes.sftp_port} cannot be used for SFTP: {error.strerror}", "a free port", sftp_server.HOST,
                "give another --sftp-port, or 0",
            ) from error  # fmt: skip
        except ValueError as error:
            raise UsageProblem(
                "the public keys cannot be read",
                "lines of an authorized_keys file: ssh-ed25519 AAAA...",
                "--sftp-keys",
            ) from error
