"""The timetables of all levels as arrays by level and slot, for whoever works on many sections or students at once.

Called by the seating. A slot that a level does not have is not present.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from data_gen.columns import Numbers
from data_gen.school_year import terms
from data_gen.shape import District
from data_gen.shapes.model import Level
from data_gen.timetable import Slot, advisors, second_load, second_ranks, slots

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class LevelFacts:
    """By level: periods to first_dual_grade. By level and slot: present to percent. advisors: slots by level and place in a block."""

    width: int
    regular_terms: int
    periods: Numbers
    section_size: Numbers
    teacher_load: Numbers
    mixing_percent: Numbers
    co_taught_every: Numbers
    co_taught_at: Numbers
    second_load: Numbers
    second_rank: Numbers
    dual_percent: Numbers
    first_dual_grade: Numbers
    present: Mask
    own_teacher: Mask
    advised: Mask
    shared: Mask
    chosen: Mask
    dual: Mask
    co_taught: Mask
    chained: Mask
    summer: Mask
    all_year: Mask
    parts: Numbers
    part: Numbers
    part_terms: Numbers
    teacher_slot: Numbers
    percent: Numbers
    advisors: Numbers

    @cached_property
    def is_even(self) -> bool:
        """Whether every student has all slots."""
        return bool(self.present.all()) and not self.has_summer

    @cached_property
    def has_summer(self) -> bool:
        """Whether there are summer classes."""
        return bool(self.summer.any())

    @cached_property
    def has_dual(self) -> bool:
        """Whether some take a class at another school."""
        return bool((self.dual.any(axis=1) & (self.dual_percent > 0)).any())

    @cached_property
    def divided_slots(self) -> list[int]:
        """Slots whose classes run a part of the year, in some level."""
        return _slots_with(self.parts > 1)

    @cached_property
    def summer_slots(self) -> list[int]:
        """Slots whose classes run in summer, in some level."""
        return _slots_with(self.summer)

    @cached_property
    def chosen_slots(self) -> list[int]:
        """Slots in which each chooses, in some level."""
        return _slots_with(self.chosen)

    @cached_property
    def dual_slots(self) -> list[int]:
        """Slots that may be taken at another school, in some level."""
        return _slots_with(self.dual)


def _slots_with(mask: Mask) -> list[int]:
    found: list[int] = np.flatnonzero(mask.any(axis=0)).tolist()
    return found


def level_facts(district: District) -> LevelFacts:
    """The facts of a district's shape."""
    levels = district.levels
    timetables = [slots(level) for level in levels]
    width = max(map(len, timetables))
    regular = len(terms(district))

    def numbers(of: Callable[[Level], int]) -> Numbers:
        return np.array([of(level) for level in levels], np.int64)

    def by_slot(of: Callable[[Level, Slot], int], absent: int) -> Numbers:
        return np.array(
            [
                [of(level, found[place]) if place < len(found) else absent for place in range(width)]
                for level, found in zip(levels, timetables, strict=True)
            ],
            np.int64,
        )

    def named(names: Callable[[Level], frozenset[str]]) -> Mask:
        return by_slot(lambda level, slot: slot.subject.name in names(level), 0).astype(bool)

    lent = [advisors(level) for level in levels]
    most = max(level.teacher_load for level in levels)
    return LevelFacts(
        width=width, regular_terms=regular, periods=numbers(lambda one: one.periods), section_size=numbers(lambda one: one.section_size),
        teacher_load=numbers(lambda one: one.teacher_load), mixing_percent=numbers(lambda one: one.mixing_percent), co_taught_every=numbers(lambda one: one.co_taught_every),
        co_taught_at=numbers(lambda one: min(1, one.co_taught_every - 1) if one.co_taught_every else -1),
        second_load=numbers(second_load), second_rank=by_slot(lambda level, slot: second_ranks(level)[slot.place], 0), dual_percent=numbers(lambda one: one.dual_percent if one.dual else 0),
        first_dual_grade=numbers(lambda one: max(one.grades.start, one.grades.stop - 2)),
        present=by_slot(lambda _level, _slot: 1, 0).astype(bool), own_teacher=named(lambda one: one.own_teacher),
        advised=named(lambda one: one.advised), shared=named(lambda one: one.shared), chosen=named(lambda one: one.chosen),
        dual=named(lambda one: one.dual), co_taught=named(lambda one: one.co_taught),
        chained=by_slot(lambda _level, slot: slot.is_chained, 0).astype(bool),
        summer=by_slot(lambda _level, slot: slot.subject.is_summer, 0).astype(bool),
        all_year=by_slot(lambda _level, slot: slot.parts == 1 and not slot.subject.is_summer, 1).astype(bool),
        parts=by_slot(lambda _level, slot: slot.parts, 1), part=by_slot(lambda _level, slot: slot.part, 0),
        part_terms=by_slot(lambda _level, slot: regular // slot.parts, regular),
        teacher_slot=by_slot(lambda _level, slot: slot.teacher, 0), percent=by_slot(lambda _level, slot: slot.subject.percent, 100),
        advisors=np.array([[(*own, *[0] * most)[place] for place in range(most)] for own in lent], np.int64),
    )  # fmt: skip
