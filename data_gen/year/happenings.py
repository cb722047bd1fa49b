"""Kinds of happenings: those that come at a rate, those that follow others, and those of the calendar.

Called by days.py. Each kind is a function that changes the world; how often it comes stands in rates.toml.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from data_gen.year.world import Later, World

Act = Callable[[World, str], bool]
"""Changes the world once; path: keeps the draws of one day apart. False when there was nobody to do it to."""
Follow = Callable[[World, tuple[str, ...]], None]


@dataclass(frozen=True, slots=True)
class Happening:
    """One kind that comes at a rate."""

    id: str
    act: Act
    title: str


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What follows on a later day."""

    id: str
    act: Follow
    title: str


HAPPENINGS: dict[str, Happening] = {}
FOLLOWS: dict[str, FollowUp] = {}


def _title(act: Callable[..., object]) -> str:
    return (act.__doc__ or "").partition("\n")[0]


def happening(id: str) -> Callable[[Act], Act]:
    """Register a kind; the first line of the function's docstring is its title."""

    def register(act: Act) -> Act:
        HAPPENINGS[id] = Happening(id, act, _title(act))
        return act

    return register


def follow(id: str) -> Callable[[Follow], Follow]:
    """Register what happens on a later day; the first line of the function's docstring is its title."""

    def register(act: Follow) -> Follow:
        FOLLOWS[id] = FollowUp(id, act, _title(act))
        return act

    return register


def plan(world: World, days: int, kind: str, *keys: str) -> None:
    """Let something follow after some days."""
    world.later[world.day + days].append(Later(kind, keys))
