"""Who of the teachers is also a guardian here, told from either side without a look at the other.

Called by the users. Teachers are counted in order of their keys; of every so many one is the first guardian of a household.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from data_gen.columns import Numbers
from data_gen.seating import Seating
from data_gen.shape import District


def teacher_identifier(number: int) -> str:
    """Identifier of a teacher by the place among all."""
    return f"81{number:06d}"


@dataclass(frozen=True)
class TeacherParents:
    """The teachers who are guardians; a teacher's number is the place in order of keys."""

    district: District

    @cached_property
    def teachers(self) -> int:
        """How many teachers the district has."""
        found = [np.unique((block.home * 10 + block.kind) * 100_000 + block.number) for block in Seating(self.district).teaching()]
        return len(np.unique(np.concatenate(found)))

    @cached_property
    def _homes(self) -> int:
        return min(self.district.households, self.district.students)

    @cached_property
    def count(self) -> int:
        """How many teachers are guardians."""
        percent = self.district.shape.people.teacher_parents_percent
        return min(self.teachers * percent // 100, self._homes) if percent else 0

    def homes_of(self, teachers: Numbers) -> Numbers:
        """The households of teachers; -1 for those without children here."""
        if not self.count:
            return np.full(len(teachers), -1, np.int64)
        place = teachers * self.count // self.teachers
        takes = (teachers + 1) * self.count // self.teachers > place
        return np.where(takes, place * self._homes // self.count, -1)

    def teachers_of(self, homes: Numbers) -> Numbers:
        """The teacher who is the first guardian of each household; -1 for most."""
        if not self.count:
            return np.full(len(homes), -1, np.int64)
        place = -(-homes * self.count // self._homes)
        is_one = (place < self.count) & (place * self._homes // self.count == homes)
        return np.where(is_one, -(-(place + 1) * self.teachers // self.count) - 1, -1)
