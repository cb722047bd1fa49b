"""The days themselves: which happenings come, and in which order.

Called by the writers of bundles and by whoever advances a served district. The same seed gives the same days.
"""

from __future__ import annotations

from data_gen import year
from data_gen.year.calendar import OCCASIONS, is_school_day, is_working_day, sessions_of
from data_gen.year.happenings import FOLLOWS, HAPPENINGS
from data_gen.year.rates import OFFICE_DAYS, SCHOOL_DAYS, known_rates
from data_gen.year.world import World

assert year.__all__
_FINE = 1 << 20
ORDER = ("term-change", "next-year-planned", "graduation", "rollover", "scheduled")
"""Events of the calendar in the order in which they happen when they fall on one day."""


def _times(world: World, id: str, days: int) -> int:
    """How often a kind comes today: the expected number, its fraction drawn."""
    whole, rest = divmod(world.enrolled * world.rates.happenings[id] * _FINE // (1000 * days), _FINE)
    return whole + (world.below(f"times/{id}", _FINE) < rest)


def _happen(world: World, *, is_school: bool) -> None:
    """Let kinds come at their rates; one kind, in turn, comes at least once, so that even the smallest district lives."""
    known = known_rates()
    kinds = [id for id in sorted(HAPPENINGS) if is_school or known[id].when == "office"]
    wanted = [id for id in kinds if world.rates.happenings[id]]
    chosen = wanted[world.day % len(wanted)] if wanted else ""
    for id in kinds:
        times = _times(world, id, SCHOOL_DAYS if known[id].when == "school" else OFFICE_DAYS)
        for place in range(max(times, id == chosen)):
            HAPPENINGS[id].act(world, f"{id}/{place}")


def live(world: World) -> None:
    """Let one more day pass: what follows from earlier days, what the calendar says, what comes at a rate."""
    world.begin(world.day + 1)
    for found in world.later.pop(world.day, []):
        FOLLOWS[found.kind].act(world, found.keys)
    for occasion in map(OCCASIONS.__getitem__, ORDER):
        due = occasion.due(world, sessions_of(world))
        if due <= world.date and (occasion.id, due.isoformat()) not in world.done:
            world.done.add((occasion.id, due.isoformat()))
            occasion.act(world)
    if is_working_day(world):
        _happen(world, is_school=is_school_day(world, sessions_of(world)))


def live_until(world: World, day: int) -> None:
    """Let days pass until a day.

    Raises ValueError for a day that is past.
    """
    if day < world.day:
        raise ValueError(f"day {day} is past; the district stands at day {world.day}")
    while world.day < day:
        live(world)
