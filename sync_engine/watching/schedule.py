"""When a district is read: `daily@02:30`, `weekly@sun 02:00`, `every 15m`, or a cron line, in a named time zone.

Called by the calendar. Moments are computed by cronsim, which keeps to Debian's cron on the days on which clocks change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from oneroster_harness.problems import UsageProblem

EXPECTED = "`daily@02:30`, `weekly@sun 02:00`, `every 15m` (s, m, h, d), or a cron line such as `30 2 * * 1-5`"
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SPAN = re.compile(r"([1-9]\d{0,5})([smhd])", re.ASCII)
_AT = re.compile(r"(?:daily|weekly[@ ]([a-z]{3}(?:,[a-z]{3})*))[@ ]([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_CRON_FIELDS = 5


def span(text: str, where: str) -> timedelta:
    """A span of time such as 90s, 15m, 6h or 7d.

    Raises UsageProblem for anything else.
    """
    found = _SPAN.fullmatch(text.strip().lower())
    if not found:
        raise UsageProblem(f"{text!r} is no span of time", "for example 90s, 15m, 6h or 7d", where)
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def zone_of(name: str, where: str) -> ZoneInfo:
    """The time zone of an IANA name.

    Raises UsageProblem when it is not known here.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageProblem(
            f"the time zone {name!r} is not known", "an IANA name such as America/Chicago or UTC", where,
            "compare its spelling; a small container may lack the package tzdata",
        ) from error  # fmt: skip


@dataclass(frozen=True, slots=True)
class Schedule:
    """Moments of a schedule. every: a span; cron: five fields; one of both."""

    text: str
    zone: ZoneInfo
    every: timedelta | None = None
    cron: str = ""

    def next_after(self, moment: datetime) -> datetime:
        """The first moment after another one, in UTC."""
        if self.every is not None:
            return moment + self.every
        found: datetime = next(CronSim(self.cron, moment.astimezone(self.zone)))
        return found.astimezone(UTC)


def read_schedule(text: str, zone: ZoneInfo, where: str = "SCHEDULE") -> Schedule:
    """Read a schedule.

    Raises UsageProblem with the forms that are known, also for a cron line that never comes.
    """
    said = " ".join(text.strip().lower().split())
    if said.startswith("every"):
        return Schedule(text, zone, every=span(said.removeprefix("every").lstrip("@ "), where))
    if found := _AT.fullmatch(said):
        days = found[1].split(",") if found[1] else []
        if set(days) <= set(DAYS):
            listed = ",".join(str(DAYS.index(day)) for day in days) or "*"
            return Schedule(text, zone, cron=f"{int(found[3])} {int(found[2])} * * {listed}")
    if len(said.split()) == _CRON_FIELDS:
        try:
            next(CronSim(said.upper(), datetime(2026, 1, 1, tzinfo=UTC)))
        except CronSimError as error:
            raise UsageProblem(f"the cron line {text!r} cannot be read: {error}", EXPECTED, where) from error
        except StopIteration:
            raise UsageProblem(f"the cron line {text!r} never comes", EXPECTED, where) from None
        return Schedule(text, zone, cron=said.upper())
    raise UsageProblem(f"unknown schedule {text!r}", EXPECTED, where)
