"""Random draws that are the same on every machine: SHA-256 path keys, SplitMix64 bits, our own integer mapping.

Called by everything that varies in a district. A draw depends on the seed, its path and its index only, so a new
field never shifts an old value. Never uses a library's random generator.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
_MASK = (1 << 64) - 1
_ONE_GOLDEN, _ONE_FIRST, _ONE_SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_GOLDEN, _FIRST, _SECOND = map(np.uint64, (_ONE_GOLDEN, _ONE_FIRST, _ONE_SECOND))


@cache
def _key(seed: int, path: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}/{path}".encode()).digest()[:8], "big")


@dataclass(frozen=True, slots=True)
class Draws:
    """All draws of one district."""

    seed: int

    def bits(self, path: str, indices: Sequence[int] | Integers) -> NDArray[np.uint64]:
        """64 raw bits per index, by SplitMix64 (Steele, Lea, Flood 2014) from the path's key."""
        key = np.uint64(_key(self.seed, path))
        state = np.asarray(indices).astype(np.uint64)
        with np.errstate(over="ignore"):
            state = key + (state + np.uint64(1)) * _GOLDEN
            state = (state ^ (state >> np.uint64(30))) * _FIRST
            state = (state ^ (state >> np.uint64(27))) * _SECOND
            return state ^ (state >> np.uint64(31))

    def array(self, path: str, indices: Sequence[int] | Integers, bound: int) -> Integers:
        """Integers of 0 to bound - 1, by multiplying the upper 32 bits; bound is below 2**31."""
        high = self.bits(path, indices) >> np.uint64(32)
        return ((high * np.uint64(bound)) >> np.uint64(32)).astype(np.int64)

    def within(self, path: str, indices: Sequence[int] | Integers, bounds: Integers) -> Integers:
        """The same with a bound for each index."""
        high = self.bits(path, indices) >> np.uint64(32)
        return ((high * bounds.astype(np.uint64)) >> np.uint64(32)).astype(np.int64)

    def below(self, path: str, indices: Sequence[int] | Integers, bound: int) -> list[int]:
        """The same as plain integers."""
        found: list[int] = self.array(path, indices, bound).tolist()
        return found

    def one(self, path: str, index: int, bound: int) -> int:
        """One integer of 0 to bound - 1: the same as below, without the price of an array."""
        state = (_key(self.seed, path) + (index + 1) * _ONE_GOLDEN) & _MASK
        state = ((state ^ (state >> 30)) * _ONE_FIRST) & _MASK
        state = ((state ^ (state >> 27)) * _ONE_SECOND) & _MASK
        return (((state ^ (state >> 31)) >> 32) * bound) >> 32

    def chance(self, path: str, indices: Sequence[int] | Integers, percent: int) -> list[bool]:
        """True for about percent of 100."""
        return [found < percent for found in self.below(path, indices, 100)]
