"""Rates of what happens in a school year, and the settings of its calendar: the built-in ones and a user's own.

Called by the world, the happenings and the page of documentation. A shape's numbers lie over the built-in ones, a user's
over both: `[year.happenings]` and `[year.calendar]` of a shape or of a TOML file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from oneroster_harness.problems import UsageProblem, unknown

SCHOOL_DAYS, OFFICE_DAYS = 180, 245
"""Days of a year by which the rates of school days and of working days are divided."""
MOST_PER_THOUSAND = 1_000_000
ENDED = ("retire", "keep")
_RANGE = re.compile(r"(\d\d)-(\d\d)\.\.(\d\d)-(\d\d)")


@dataclass(frozen=True, slots=True)
class Rate:
    """One rate as the table has it. of: what is counted; when: school, office or rollover."""

    id: str
    per_thousand: int
    of: str
    when: str
    basis: str
    source: str


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of the calendar as the table has it."""

    id: str
    value: Any
    means: str
    basis: str
    source: str


@dataclass(frozen=True, slots=True)
class Rates:
    """The numbers that a district lives by."""

    happenings: Mapping[str, int]
    calendar: Mapping[str, Any]

    def days(self, setting: str) -> int:
        """A setting of the calendar that counts days."""
        return int(self.calendar[setting])

    @property
    def is_kept(self) -> bool:
        """Whether what is over stays with its past dates."""
        return bool(self.calendar["ended-classes"] == "keep")

    def is_holiday(self, day: date) -> bool:
        """Whether a day lies in a range of holidays; a range may cross the turn of the year."""
        own = f"{day.month:02d}-{day.day:02d}"
        for first, last in (found.split("..") for found in self.calendar["holidays"]):
            if (first <= own <= last) if first <= last else (own >= first or own <= last):
                return True
        return False


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files("data_gen.year").joinpath("rates.toml").read_text("utf-8"))


@cache
def known_rates() -> dict[str, Rate]:
    """Rates by id, in the order of the table."""
    return {found["id"]: Rate(**found) for found in _table()["rate"]}


@cache
def known_settings() -> dict[str, Setting]:
    """Settings of the calendar by id, in the order of the table."""
    return {found["id"]: Setting(**found) for found in _table()["calendar"]}


def rates_of(changed: Mapping[str, Any] | None = None) -> Rates:
    """The built-in numbers with a user's over them.

    changed: `happenings` and `calendar`, each id -> value. Raises UsageProblem for an unknown id and for a value that is none.
    """
    found = changed or {}
    for table in found:
        if table not in ("happenings", "calendar"):
            raise unknown("table of [year]", table, ("happenings", "calendar"))
    happenings = {id: rate.per_thousand for id, rate in known_rates().items()}
    calendar = {id: setting.value for id, setting in known_settings().items()}
    for id, value in _pairs(found, "happenings"):
        if id not in happenings:
            raise unknown("happening", id, sorted(happenings))
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_PER_THOUSAND:
            raise UsageProblem(f"[year.happenings] {id} is {_shown(value)}", f"a whole number per 1,000 and year, 0 to {MOST_PER_THOUSAND:,}")
        happenings[id] = value
    for id, value in _pairs(found, "calendar"):
        if id not in calendar:
            raise unknown("setting of the calendar", id, sorted(calendar))
        calendar[id] = _setting(id, value)
    if not calendar["planned-before"] >= calendar["rollover-before"] >= calendar["scheduled-before"]:
        raise UsageProblem(
            "the days of [year.calendar] are out of order", "planned-before >= rollover-before >= scheduled-before",
            try_="all three count days before the new year's first day",
        )  # fmt: skip
    return Rates(happenings, calendar)


def joined(*tables: Mapping[str, Any] | None) -> dict[str, Any]:
    """Several `[year]` tables as one, the later ones over the earlier."""
    found: dict[str, Any] = {}
    for table in tables:
        for name, own in (table or {}).items():
            found[name] = {**found[name], **own} if isinstance(found.get(name), dict) and isinstance(own, dict) else own
    return found


def read_rates(path: Path) -> dict[str, Any]:
    """The `[year]` table of a user's file, checked.

    Raises UsageProblem for a file that cannot be read or says something unknown.
    """
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageProblem("the file of rates cannot be read", "TOML in UTF-8", str(path), "see docs/school-year.md") from error
    year = found.get("year")
    if not isinstance(year, dict):
        raise UsageProblem("the file of rates has no table [year]", "[year.happenings] or [year.calendar]", str(path), "see docs/school-year.md")
    rates_of(year)
    return dict(year)


def _pairs(found: Mapping[str, Any], table: str) -> list[tuple[str, Any]]:
    own = found.get(table, {})
    if not isinstance(own, Mapping):
        raise UsageProblem(f"[year] {table} is {_shown(own)}", f"a table: [year.{table}]")
    return list(own.items())


def _setting(id: str, value: Any) -> Any:
    if id == "ended-classes":
        if value not in ENDED:
            raise unknown("value of ended-classes", _shown(value), ENDED)
        return value
    if id == "holidays":
        if not isinstance(value, list) or not all(isinstance(one, str) and _is_range(one) for one in value):
            raise UsageProblem("[year.calendar] holidays is no list of ranges", 'ranges like "12-23..01-01"')
        return list(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 200:
        raise UsageProblem(f"[year.calendar] {id} is {_shown(value)}", "a number of days, 0 to 200")
    return value


def _is_range(text: str) -> bool:
    found = _RANGE.fullmatch(text)
    months, days = (found.group(1, 3), found.group(2, 4)) if found else ((), ())
    return bool(found) and all(1 <= int(one) <= 12 for one in months) and all(1 <= int(one) <= 31 for one in days)


def _shown(value: Any) -> str:
    return f"{value!r:.40}"
