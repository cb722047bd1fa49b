"""Kinds of happenings and how often they come; each kind is a function that changes the world once.

Called by days.py. A rate is per 1,000 students and school year; all rates are assumed, and lively on purpose.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from data_gen.year.world import Later, World

SCHOOL_DAYS = 180
"""School days of a year, by which a yearly rate is divided."""
Act = Callable[[World, str], bool]
"""Changes the world once; path: keeps the draws of one day apart. False when there was nobody to do it to."""
Follow = Callable[[World, tuple[str, ...]], None]


@dataclass(frozen=True, slots=True)
class Happening:
    """One kind. per_thousand: times a year and 1,000 students."""

    id: str
    per_thousand: int
    act: Act
    title: str


HAPPENINGS: dict[str, Happening] = {}
FOLLOWS: dict[str, Follow] = {}


def happening(id: str, *, per_thousand: int) -> Callable[[Act], Act]:
    """Register a kind; the first line of the function's docstring is its title."""

    def register(act: Act) -> Act:
        HAPPENINGS[id] = Happening(id, per_thousand, act, (act.__doc__ or "").partition("\n")[0])
        return act

    return register


def follow(id: str) -> Callable[[Follow], Follow]:
    """Register what happens on a later day."""

    def register(act: Follow) -> Follow:
        FOLLOWS[id] = act
        return act

    return register


def plan(world: World, days: int, kind: str, *keys: str) -> None:
    """Let something follow after some days."""
    world.later[world.day + days].append(Later(kind, keys))
