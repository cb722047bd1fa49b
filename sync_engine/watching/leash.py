"""What holds a run that is under way: it is given up when the watch ends or when it takes too long, and paced per host.

Called by the reading of an API before each request, and between the steps of a run. Never stops a transaction half way.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from oneroster_harness.problems import CannotRun


class Abandoned(CannotRun):
    """The run was given up before it changed anything."""


class Pacer:
    """Requests of all districts to one host, spaced evenly. per_s: None for no limit."""

    def __init__(self, per_s: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._gap = 1 / per_s if per_s else 0.0
        self._clock = clock
        self._next = 0.0
        self._lock = threading.Lock()

    def wait_s(self) -> float:
        """Take the next place; returns how long to wait for it."""
        if not self._gap:
            return 0.0
        with self._lock:
            now = self._clock()
            place = max(now, self._next)
            self._next = place + self._gap
            return place - now


class Leash:
    """One run's. stop: the watch ends. longest_s: seconds after which the run is given up."""

    def __init__(self, stop: threading.Event, longest_s: float, pacer: Pacer | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._stop = stop
        self._clock = clock
        self._longest_s = longest_s
        self._began = clock()
        self._pacer = pacer

    def check(self) -> None:
        """Raise Abandoned when the run is to end."""
        if self._stop.is_set():
            raise Abandoned("the watch ends; the run was given up and changed nothing", id="sync.abandoned")
        if self._clock() - self._began > self._longest_s:
            raise CannotRun(
                f"the run took longer than {self._longest_s / 3600:g} h and was given up; nothing was changed", "an end within longest_run",
                try_="set longest_run under [watch], or ask the provider why it is slow", id="sync.run-too-long",
            )  # fmt: skip

    def sleep(self, seconds: float) -> None:
        """Wait, not longer than the watch lasts."""
        self._stop.wait(seconds)
        self.check()

    def before_request(self) -> None:
        """Called before each request: takes its place among those to the same host."""
        self.check()
        wait = self._pacer.wait_s() if self._pacer else 0.0
        if wait:
            self.sleep(wait)
