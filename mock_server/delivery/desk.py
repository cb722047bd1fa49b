"""The delivery as a whole: the clock, every vendor's courier, the schedule that moves them.

Lives on the service's event loop; knows nothing of sockets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from mock_server.delivery.calendar import Clock, due_between, next_after
from mock_server.delivery.courier import Busy, Courier, Drop

MOST_AT_ONCE = 31
"""Of drops that fell due in one leap of the calendar the last ones are made, where old ones stay; else only the last."""
PILES_UP = "delivery.old-files-pile-up"


@dataclass
class Desk:
    """Clock, couriers, and how each is reached. sign_in and share: for the admin API, None where there is none."""

    clock: Clock
    couriers: Mapping[str, Courier]
    sign_in: Callable[[str], Mapping[str, Any] | None]
    share: Callable[[str], str | None]

    def __post_init__(self) -> None:
        self._handled = self.clock.now()
        self._woken = asyncio.Event()
        self._start = self._handled
        self._due = asyncio.Lock()

    async def first_drops(self) -> None:
        """What lies in every folder when the server says that it is ready."""
        for courier in self.couriers.values():
            await courier.first(self.clock.now())

    def wake(self) -> None:
        """Look at the schedules again: one of them, or the clock, has changed."""
        self._woken.set()

    def opened(self, root: Path, path: Path) -> None:
        """Count that a client opened a file of a vendor's folder."""
        for courier in self.couriers.values():
            if path.is_relative_to(courier.root.resolve()):
                courier.opened[str(path.relative_to(courier.root.resolve()))] += 1

    async def advance(self, span: timedelta) -> dict[str, list[Drop]]:
        """Move the clock on and make what falls due; returns the drops by vendor."""
        self.clock.advance(span)
        return await self.make_due()

    async def make_due(self) -> dict[str, list[Drop]]:
        """Make the drops that have fallen due since the last time."""
        async with self._due:
            after, until = self._handled, self.clock.now()
            self._handled = until
            return {
                vendor: await self._due_of(courier, after, until) for vendor, courier in self.couriers.items()
            }

    async def _due_of(self, courier: Courier, after: datetime, until: datetime) -> list[Drop]:
        if courier.way.trigger is None:
            return []
        most = MOST_AT_ONCE if PILES_UP in courier.way.habits else 1
        made: list[Drop] = []
        for moment in due_between(courier.way.trigger, after, until, most):
            try:
                found = courier.drop(moment)
            except Busy:
                # As in the field: a job whose last run is still uploading is not started again.
                continue
            await courier.settled(found, None)
            made.append(found)
            if len(made) < most and found.status == "uploading":
                await courier.finished()
        return made

    async def follow(self) -> None:
        """Make drops as the clock reaches them, for as long as this is awaited."""
        while True:
            self._woken.clear()
            now, speed = self.clock.now(), self.clock.speed
            moments = [
                next_after(one.way.trigger, self._handled)
                for one in self.couriers.values()
                if one.way.trigger
            ]
            due = min((moment for moment in moments if moment), default=None)
            wait_s = None if due is None or not speed else max((due - now).total_seconds() / speed, 0)
            try:
                async with asyncio.timeout(wait_s):
                    await self._woken.wait()
            except TimeoutError:
                await self.make_due()

    async def reset(self) -> None:
        """Back to the first moment, ways of delivery and drops."""
        self.clock.set_speed(0)
        self.clock.advance(self._start - self.clock.now())
        self._handled = self._start
        for courier in self.couriers.values():
            await courier.reset(self._start)
        self.wake()
