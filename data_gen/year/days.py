"""The days themselves: which happenings come, and in which order.

Called by the writers of bundles and by whoever advances a served district. The same seed gives the same days.
"""

from __future__ import annotations

from data_gen import year
from data_gen.year.happenings import FOLLOWS, HAPPENINGS, SCHOOL_DAYS
from data_gen.year.world import World

assert year.__all__
SATURDAY = 5
_FINE = 1 << 20


def is_school_day(world: World) -> bool:
    """Whether the office works: Monday to Friday. Holidays are not known."""
    return world.date.weekday() < SATURDAY


def _times(world: World, id: str, per_thousand: int) -> int:
    """How often a kind comes today: the expected number, its fraction drawn."""
    whole, rest = divmod(world.students * per_thousand * _FINE // (1000 * SCHOOL_DAYS), _FINE)
    return whole + (world.below(f"times/{id}", _FINE) < rest)


def live(world: World) -> None:
    """Let one more day pass.

    On a school day something happens even in the smallest district: one kind, in turn, comes at least once.
    """
    world.begin(world.day + 1)
    for found in world.later.pop(world.day, []):
        FOLLOWS[found.kind](world, found.keys)
    if not is_school_day(world):
        return
    kinds = sorted(HAPPENINGS)
    chosen = kinds[world.day % len(kinds)]
    for id in kinds:
        times = max(_times(world, id, HAPPENINGS[id].per_thousand), id == chosen)
        for place in range(times):
            HAPPENINGS[id].act(world, f"{id}/{place}")


def live_until(world: World, day: int) -> None:
    """Let days pass until a day.

    Raises ValueError for a day that is past.
    """
    if day < world.day:
        raise ValueError(f"day {day} is past; the district stands at day {world.day}")
    while world.day < day:
        live(world)
