"""Dates, instants and school years as OneRoster writes them.

Called by every side; a codec only. Never reads the clock and never guesses a time zone other than UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:\d{2})?)?\Z",
    re.ASCII,
)
_YEAR = re.compile(r"\d{4}\Z", re.ASCII)


def parse_date(text: str) -> date:
    """Read `YYYY-MM-DD`; ValueError for anything else, also for a day that does not exist."""
    if not _DATE.match(text):
        raise ValueError("not a date of the form YYYY-MM-DD")
    return date.fromisoformat(text)


def parse_instant(text: str) -> datetime:
    """Read an ISO 8601 instant of the W3C profile as an aware UTC datetime.

    A bare date is midnight UTC, a missing zone is UTC; 0 to 9 fraction digits (kept to microseconds).
    Raises ValueError for anything else.
    """
    match = _INSTANT.match(text)
    if not match:
        raise ValueError("not an instant of the form YYYY-MM-DDThh:mm:ss.sssZ")
    day, hour, minute, second, fraction, zone = match.groups()
    base = date.fromisoformat(day)
    moment = datetime(
        base.year,
        base.month,
        base.day,
        int(hour or 0),
        int(minute or 0),
        int(second or 0),
        int((fraction or "0").ljust(6, "0")[:6]),
        tzinfo=UTC,
    )
    if zone and zone != "Z":
        sign = -1 if zone[0] == "-" else 1
        moment -= sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
    return moment


def is_strict_instant(text: str) -> bool:
    """Whether the text is a full instant in UTC with Z (seconds given, 0 to 9 fraction digits)."""
    match = _INSTANT.match(text)
    if not match or match.group(4) is None or match.group(6) != "Z":
        return False
    try:
        parse_instant(text)
    except ValueError:
        return False
    return True


def format_instant(moment: datetime) -> str:
    """Write an aware datetime as `YYYY-MM-DDThh:mm:ss.sssZ`."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def is_year(text: str) -> bool:
    """Whether the text is a four-digit year."""
    return bool(_YEAR.match(text))
