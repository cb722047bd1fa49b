"""The mock's calendar: a clock that moves when it is told to, and schedules on it.

Called by the courier's service. The clock starts at midnight of the district's as-of day and never follows the wall
clock unless it is given a speed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Protocol, cast

from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]
from apscheduler.triggers.interval import IntervalTrigger  # type: ignore[import-untyped]

from oneroster_harness.problems import UsageProblem
from oneroster_standard.dialects.delivery import UNSCHEDULED

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
EXPECTED = "`off`, `every 6h` (s, m, h, d), `daily 02:00`, or `weekly mon,thu 02:00`"
_EVERY = re.compile(r"every ([1-9]\d{0,5})([smhd])")
_AT = re.compile(r"(?:daily|weekly ([a-z]{3}(?:,[a-z]{3})*)) ([01]\d|2[0-3]):([0-5]\d)")


class Trigger(Protocol):
    """What the scheduling library offers: the next moment after one that has been handled."""

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        """The next moment, None when there is none."""


def trigger_of(text: str, start: datetime) -> Trigger | None:
    """Read a schedule; None for `off`.

    start: from when an interval counts. Raises UsageProblem with the forms that are known.
    """
    if text == UNSCHEDULED:
        return None
    if found := _EVERY.fullmatch(text):
        amount = {UNITS[found[2]]: int(found[1])}
        begin = start + timedelta(**amount)
        return cast(Trigger, IntervalTrigger(**amount, start_date=begin, timezone=UTC))
    if found := _AT.fullmatch(text):
        days = found[1] or ",".join(DAYS)
        if set(days.split(",")) <= set(DAYS):
            return cast(
                Trigger, CronTrigger(day_of_week=days, hour=int(found[2]), minute=int(found[3]), timezone=UTC)
            )
    raise UsageProblem(f"schedule {text!r}", EXPECTED)


class Clock:
    """The moment of the mock's calendar.

    speed: seconds of the calendar per second of a real clock, 0 when only `advance` moves it. real: a monotonic
    clock in seconds.
    """

    def __init__(self, as_of: date, real: Callable[[], float]) -> None:
        self._base = datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC)
        self._real = real
        self._since = real()
        self.speed = 0.0

    def now(self) -> datetime:
        """The calendar's moment."""
        return self._base + timedelta(seconds=(self._real() - self._since) * self.speed)

    def advance(self, by: timedelta) -> datetime:
        """Move on; returns the new moment."""
        self._base, self._since = self.now() + by, self._real()
        return self._base

    def set_speed(self, speed: float) -> None:
        """Go on at another speed from here."""
        self.advance(timedelta())
        self.speed = speed


def due_between(trigger: Trigger, after: datetime, until: datetime, most: int) -> list[datetime]:
    """Moments of a schedule after one moment and up to another; of more than `most` the last ones."""
    found: list[datetime] = []
    moment = trigger.get_next_fire_time(None, after + timedelta(microseconds=1))
    while moment is not None and moment <= until:
        found = [*found[-most + 1 :], moment] if most > 1 else [moment]
        moment = trigger.get_next_fire_time(None, moment + timedelta(microseconds=1))
    return found


def next_after(trigger: Trigger, after: datetime) -> datetime | None:
    """The next moment of a schedule."""
    return trigger.get_next_fire_time(None, after + timedelta(microseconds=1))
