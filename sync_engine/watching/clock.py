"""The time as a watch sees it, so that tests may bring their own.

Called by the watch. Waits in short spans, because a machine that sleeps stops the clock that a wait is measured by.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Protocol

LONGEST_WAIT_S = 30.0


class Clock(Protocol):
    """Tells the time and waits."""

    def now(self) -> datetime:
        """The moment, in UTC."""
        ...

    def wait(self, until: datetime | None, wake: threading.Event) -> None:
        """Return when the moment has come, when `wake` is set, or earlier; None waits for `wake` alone."""
        ...

    def pause(self, seconds: float, stop: threading.Event) -> None:
        """Wait so long, or until `stop` is set; from any thread."""
        ...


class WallClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """The moment, in UTC."""
        return datetime.now(UTC)

    def wait(self, until: datetime | None, wake: threading.Event) -> None:
        """Wait, at most half a minute at a time."""
        left = LONGEST_WAIT_S if until is None else (until - self.now()).total_seconds()
        wake.wait(max(0.0, min(left, LONGEST_WAIT_S)))

    def pause(self, seconds: float, stop: threading.Event) -> None:
        """Wait so long, or until `stop` is set."""
        stop.wait(seconds)
