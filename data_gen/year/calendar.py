"""The district's calendar: its school year as its own academic sessions tell it, and what falls due on a day.

Called by days.py. Whatever a district's sessions are, the events follow from their dates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from data_gen.year.world import Record, World

SATURDAY = 5
Event = Callable[[World], None]


@dataclass(frozen=True, slots=True)
class Sessions:
    """The active academic sessions of one school year. start: its first day; end: the day after its last."""

    year: str
    records: tuple[Record, ...]
    start: date
    end: date

    def by_id(self) -> dict[str, Record]:
        """Sessions by key."""
        return {found["sourcedId"]: found for found in self.records}


@dataclass(frozen=True, slots=True)
class Occasion:
    """One event of the calendar. due: the first day on which it happens, for the current year's sessions."""

    id: str
    due: Callable[[World, Sessions], date]
    act: Event
    title: str


OCCASIONS: dict[str, Occasion] = {}
"""Events by id; each comes once a school year, a term's end once a term."""


def occasion(id: str, due: Callable[[World, Sessions], date]) -> Callable[[Event], Event]:
    """Register an event; the first line of the function's docstring is its title."""

    def register(act: Event) -> Event:
        OCCASIONS[id] = Occasion(id, due, act, (act.__doc__ or "").partition("\n")[0])
        return act

    return register


def sessions_of(world: World) -> Sessions:
    """The sessions of the world's current school year."""
    found = tuple(record for record in world.every("academicSessions") if record["schoolYear"] == world.year)
    years = [record for record in found if record["type"] == "schoolYear"] or list(found)
    return Sessions(
        world.year, found, min(day_of(one["startDate"]) for one in years),
        max(day_of(one["endDate"]) for one in years),
    )  # fmt: skip


def day_of(text: str) -> date:
    """The day of a date; a planted defect may have given it a time."""
    return date.fromisoformat(text[:10])


def a_year_later(day: date) -> date:
    """The same day of the next year; the last of February where that has no such day."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


def before_next(setting: str) -> Callable[[World, Sessions], date]:
    """Due so many days before the next year's first day."""
    return lambda world, found: a_year_later(found.start) - timedelta(days=world.rates.days(setting))


def after_rollover(setting: str) -> Callable[[World, Sessions], date]:
    """The same, but not before the old year's end."""
    return lambda world, found: max(before_next(setting)(world, found), found.end)


def after_end(setting: str) -> Callable[[World, Sessions], date]:
    """Due so many days after the old year's end, when the next one is planned, and before it begins."""

    def due(world: World, found: Sessions) -> date:
        planned, begun = before_next("planned-before")(world, found), after_rollover("rollover-before")(world, found)
        return min(max(found.end + timedelta(days=world.rates.days(setting)), planned), begun)

    return due


def is_working_day(world: World) -> bool:
    """Whether the office works: Monday to Friday without holidays."""
    return world.date.weekday() < SATURDAY and not world.rates.is_holiday(world.date)


def is_school_day(world: World, found: Sessions) -> bool:
    """Whether there is school: a working day of the school year."""
    return is_working_day(world) and found.start <= world.date < found.end
