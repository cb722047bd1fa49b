"""Keyed permutations of whole numbers: what is different stays different, and nobody without the key can go back.

Called by the replacements. Stateless: a number's new place depends on the key, the range and the tweak only.
"""

from __future__ import annotations

import hmac
from math import isqrt

ROUNDS = 8
ROUNDS_OF_LARGE = 4
"""Enough where a range is so large that nobody sees a fair share of it (Luby and Rackoff)."""
LARGE = 1 << 32
ALWAYS_MOVED = 1 << 28
"""Ranges below this are small enough that a number might keep its place by chance; there it is moved on purpose."""


class Permutations:
    """Permutations of 0 to n - 1 and pseudo-random numbers, all of one secret.

    A Feistel network with HMAC-SHA-256 as its round function; what falls out of the range goes through it again.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = hmac.digest(secret, b"oneroster anonymise 1", "sha256")

    def number(self, text: bytes, below: int) -> int:
        """A number from 0 to below - 1 that depends on the text."""
        wanted = (below.bit_length() + 64 + 255) // 256
        if wanted == 1:
            found = hmac.digest(self._secret, text, "sha256")
        else:
            found = b"".join(
                hmac.digest(self._secret, b"%d/%b" % (part, text), "sha256") for part in range(wanted)
            )
        return int.from_bytes(found, "big") % below

    def permute(self, place: int, size: int, tweak: bytes) -> int:
        """The new place of a place in a range; every two differ, and in small ranges nothing stays where it is."""
        if size < 2:
            return place
        rounds = range(ROUNDS if size < LARGE else ROUNDS_OF_LARGE)
        moved = self._walk(place, size, tweak, rounds, 1)
        if size >= ALWAYS_MOVED:
            return moved
        return self._walk((moved + 1) % size, size, tweak, rounds[::-1], -1)

    def _walk(self, place: int, size: int, tweak: bytes, rounds: range, sign: int) -> int:
        half = isqrt(size - 1) + 1
        while True:
            place = self._feistel(place, half, tweak, rounds, sign)
            if place < size:
                return place

    def _feistel(self, place: int, half: int, tweak: bytes, rounds: range, sign: int) -> int:
        left, right = divmod(place, half)
        for step in rounds:
            if step % 2:
                left = (left + sign * self.number(b"%b/%d/%x" % (tweak, step, right), half)) % half
            else:
                right = (right + sign * self.number(b"%b/%d/%x" % (tweak, step, left), half)) % half
        return left * half + right
