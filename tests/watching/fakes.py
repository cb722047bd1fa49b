"""A clock and an executor of the test's own, and districts to watch. Test support."""

from __future__ import annotations

import io
import json
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sync_engine.monitoring.event_log import EventLog
from sync_engine.result import Result
from sync_engine.watching.calendar import Calendar
from sync_engine.watching.closed_times import Blackout, ClosedTimes, read_quiet_hours
from sync_engine.watching.districts import District
from sync_engine.watching.leash import Leash
from sync_engine.watching.one_run import Began, Outcome
from sync_engine.watching.schedule import read_schedule
from sync_engine.watching.settings import Settings

START = datetime(2026, 10, 1, 12, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")


class FakeClock:
    """Jumps to the moment that is waited for; at its end, or at moments that a test names, something happens."""

    def __init__(self, start: datetime = START, end: datetime | None = None) -> None:
        self.moment = start
        self.finish = end
        self.at_end: Callable[[], None] = lambda: None
        self.pauses: list[float] = []
        self.jumps: dict[datetime, datetime] = {}

    def now(self) -> datetime:
        """The moment of the test."""
        return self.moment

    def wait(self, until: datetime | None, wake: threading.Event) -> None:
        """Jump; a jump that passes the end stops there."""
        if wake.is_set():
            return
        assert until is not None, "waits for nothing"
        # A machine that sleeps wakes up later than it meant to.
        until = next((late for early, late in self.jumps.items() if self.moment < early <= until), until)
        if self.finish is not None and until > self.finish:
            self.moment = self.finish
            self.at_end()
            return
        self.moment = max(self.moment, until)

    def pause(self, seconds: float, stop: threading.Event) -> None:
        """Note how long was to be waited."""
        self.pauses.append(seconds)


class InThisThread(Executor):
    """Runs what is submitted at once."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run it."""
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


def calendar(text: str, *, zone: str = "UTC", quiet: tuple[str, ...] = (), blackouts: tuple[Blackout, ...] = (), jitter_m: int = 0, tenant: str = "a") -> Calendar:
    """A district's calendar."""
    where = ZoneInfo(zone)
    closed = ClosedTimes(where, tuple(read_quiet_hours(one, "test") for one in quiet), blackouts)
    return Calendar(tenant, read_schedule(text, where), closed, timedelta(minutes=jitter_m))


def district(tenant: str, schedule: str = "daily@02:30", host: str = "", **closed: Any) -> District:
    """A district that reads nothing."""
    return District(tenant, tenant, {"tenant": tenant, "as_of": None}, calendar(schedule, tenant=tenant, **closed), host, Settings())


def outcome(tenant: str, status: str = "applied", problem: str = "") -> Outcome:
    """How a run ended that changed nothing."""
    return Outcome(tenant, f"run-of-{tenant}", status, Result(f"run-of-{tenant}", tenant, "test", status, {}, {}, ()), problem, "met" if problem else "")


class Performed:
    """Notes the runs that were asked for; statuses: tenant -> how its runs end, one after another, then applied."""

    def __init__(self, clock: FakeClock, statuses: dict[str, list[str]] | None = None, problem: str = "sync.failing-page") -> None:
        self.runs: list[tuple[str, datetime]] = []
        self._clock = clock
        self._statuses = {tenant: list(found) for tenant, found in (statuses or {}).items()}
        self._problem = problem

    def __call__(self, district: District, leash: Leash, at: datetime, began: Began) -> Outcome:
        """Note a run."""
        began("run")
        self.runs.append((district.tenant, at))
        rest = self._statuses.get(district.tenant, [])
        status = rest.pop(0) if rest else "applied"
        return outcome(district.tenant, status, self._problem if status == "failed" else "")

    def of(self, tenant: str) -> list[str]:
        """When a tenant's runs began."""
        return [f"{at:%m-%d %H:%M}" for name, at in self.runs if name == tenant]


def log_of(clock: FakeClock) -> tuple[EventLog, Callable[[], list[dict[str, Any]]]]:
    """A log in JSON, and what it has told."""
    stream = io.StringIO()
    return EventLog("json", stream, clock.now), lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


class Days(FakeClock):
    """Days of which each may have something happen at its noon; the last ends the process as an operator would."""

    def __init__(self, days: int, noons: dict[int, Callable[[], object]] | None = None) -> None:
        super().__init__(START, START + timedelta(days=days))
        self._noons = noons or {}
        self.at_end = lambda: signal.raise_signal(signal.SIGTERM)

    def wait(self, until: datetime | None, wake: threading.Event) -> None:
        """Wait for a run that goes on, really, else jump."""
        if until is None or wake.wait(0.01):
            assert wake.wait(60)
            return
        before = self.moment
        super().wait(until, wake)
        for day, happens in sorted(self._noons.items()):
            if before <= START + timedelta(days=day) < self.moment:
                happens()
