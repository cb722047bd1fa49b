"""When no run begins: quiet hours of each day, and blackouts of whole days such as a summer freeze.

Called by the calendar. A run that has begun goes on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from oneroster_harness.problems import UsageProblem

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Hours of each day, the end not included; an end before the start lies on the next day."""

    start: time
    end: time

    def until(self, local: datetime) -> datetime | None:
        """When they end, for a moment that lies in them."""
        for day in (local.date() - timedelta(days=1), local.date()):
            first = datetime.combine(day, self.start, local.tzinfo)
            last = datetime.combine(day + timedelta(days=self.end <= self.start), self.end, local.tzinfo)
            if first <= local < last:
                return last
        return None


@dataclass(frozen=True, slots=True)
class Blackout:
    """Days without runs, both included."""

    first: date
    last: date


def read_quiet_hours(text: str, where: str) -> QuietHours:
    """Read `07:00-17:00`.

    Raises UsageProblem for anything else, and for a whole day.
    """
    found = _HOURS.fullmatch(text.strip())
    if not found or (found[1], found[2]) == (found[3], found[4]):
        raise UsageProblem(f"quiet hours {text!r}", "for example 07:00-17:00, less than a day", where)
    return QuietHours(time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4])))


@dataclass(frozen=True, slots=True)
class ClosedTimes:
    """Quiet hours and blackouts in one time zone."""

    zone: ZoneInfo
    quiet: Sequence[QuietHours] = ()
    blackouts: Sequence[Blackout] = ()

    def quiet_until(self, moment: datetime) -> datetime | None:
        """When the quiet hours end that a moment lies in, in UTC."""
        local = moment.astimezone(self.zone)
        ends = [end for one in self.quiet if (end := one.until(local))]
        return max(ends).astimezone(UTC) if ends else None

    def blackout_until(self, moment: datetime) -> datetime | None:
        """When the blackout ends that a moment lies in, in UTC."""
        day = moment.astimezone(self.zone).date()
        ends = [one.last for one in self.blackouts if one.first <= day <= one.last]
        if not ends:
            return None
        return datetime.combine(max(ends) + timedelta(days=1), time(), self.zone).astimezone(UTC)
