"""Which names people have: a household has names of the locale or of another kind, and shares its family name.

Called by the users of both forms. A name is a place in one of two tables, so many are drawn at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from data_gen.columns import Numbers
from data_gen.draws import Draws
from data_gen.pools import Pools, kinds
from data_gen.shapes.model import Shape

FEMALE, MALE = 0, 1
IN_ALL = 1_000


@dataclass(frozen=True)
class Naming:
    """The names of a district's people."""

    draws: Draws
    pools: Pools
    shape: Shape

    @cached_property
    def _kinds(self) -> list[str]:
        """Kinds that somebody has, the locale's first as ''."""
        return ["", *(name for name in kinds() if self.shape.names.get(name))]

    @cached_property
    def _bounds(self) -> Numbers:
        """Upper bounds of the draws that give each kind but the locale's."""
        return np.array(list(accumulate(self.shape.names[name] for name in self._kinds[1:])), np.int64)

    def _lists(self) -> list[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]]:
        own = [(self.pools.first_female, self.pools.first_male, self.pools.last)]
        return own + [(kinds()[name].female, kinds()[name].male, kinds()[name].family) for name in self._kinds[1:]]

    @cached_property
    def given(self) -> tuple[str, ...]:
        """All given names: of each kind those of women, then those of men."""
        return tuple(name for female, male, _ in self._lists() for name in (*female, *male))

    @cached_property
    def family(self) -> tuple[str, ...]:
        """All family names by kind."""
        return tuple(name for _, _, family in self._lists() for name in family)

    @cached_property
    def _given_spans(self) -> tuple[Numbers, Numbers]:
        """Start and size of the given names by kind and sex."""
        sizes = np.array([[len(female), len(male)] for female, male, _ in self._lists()], np.int64)
        starts = np.concatenate(([0], np.cumsum(sizes.reshape(-1))[:-1])).reshape(sizes.shape)
        return starts, sizes

    @cached_property
    def _family_spans(self) -> tuple[Numbers, Numbers]:
        sizes = np.array([len(family) for _, _, family in self._lists()], np.int64)
        return np.concatenate(([0], np.cumsum(sizes)[:-1])), sizes

    def kinds_of(self, path: str, indices: Numbers) -> Numbers:
        """Kinds of names as places; 0 is the locale's."""
        if not len(self._bounds):
            return np.zeros(len(indices), np.int64)
        place = np.searchsorted(self._bounds, self.draws.array(path, indices, IN_ALL), side="right") + 1
        return np.where(place > len(self._bounds), 0, place)

    def given_places(self, path: str, indices: Numbers, kind: Numbers, is_male: NDArray[np.bool_] | Numbers) -> Numbers:
        """Places of given names."""
        starts, sizes = self._given_spans
        sex = np.asarray(is_male).astype(np.int64)
        return starts[kind, sex] + self.draws.within(path, indices, sizes[kind, sex])

    def family_places(self, path: str, indices: Numbers, kind: Numbers) -> Numbers:
        """Places of family names."""
        starts, sizes = self._family_spans
        return starts[kind] + self.draws.within(path, indices, sizes[kind])

    def household_kinds(self, homes: Numbers) -> Numbers:
        """Kinds of the names of households."""
        return self.kinds_of("household/kind", homes)

    def household_families(self, homes: Numbers) -> Numbers:
        """Places of the family names of households."""
        return self.family_places("household/name", homes, self.household_kinds(homes))

    def guardian_given(self, homes: Numbers, second: Numbers) -> Numbers:
        """Places of the given names of guardians; second: 1 for the second one of a home."""
        return self.given_places("guardians/given", homes * 2 + second, self.household_kinds(homes), second)
