"""Ids in their own format: digits stay digits, letters letters of their case and script, separators stay.

Called by the replacements. A UUID becomes a UUID. Two ids are different after as before; case twins stay twins, blanks around an id stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from data_gen.anonymise.permutation import Permutations

BLANKS = " \t\u00a0\u200b\ufeff"
_SPREADSHEET = re.compile(r"([0-9](?:[.,][0-9]+)?)(E\+[0-9]{2})")
_LATIN = "".join(chr(code) for code in range(0xDF, 0x100) if chr(code).isalpha())
_LATIN_UPPER = "".join(chr(code) for code in range(0xC0, 0xDF) if chr(code).isalpha())
_DIGITS = "0123456789"
_ASCII = "abcdefghijklmnopqrstuvwxyz"
_BETWEEN = re.compile(r"([,;|\r\n\0]+)")
_FIRST_PUNCTUATION, _LAST_PUNCTUATION = 0x2000, 0x2FFF
_LEADING_ZERO = "\1"
_RUN = re.compile(r"[0-9]+")
_UUID = re.compile(r"((?:urn:uuid:)?)([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12})")
_VERSION, _VARIANT = 14, 19
"""Places of a UUID that say of which kind it is."""
_LETTERS = str.maketrans(_ASCII + _ASCII.upper(), "a" * 26 + "A" * 26)
_SURROGATES = range(0xD8, 0xE0)


def _signs_for(letter: str) -> tuple[str | range, bool]:
    """The signs that may stand where the sign stands, and whether they are to be capitals; none for one that stays."""
    if letter.isascii():
        if letter.isdigit():
            return _DIGITS, False
        return (_ASCII, letter.isupper()) if letter.isalpha() else ("", False)
    code = ord(letter)
    if code < 0x100:
        return _LATIN if letter in _LATIN else _LATIN_UPPER if letter in _LATIN_UPPER else "", False
    if _FIRST_PUNCTUATION <= code <= _LAST_PUNCTUATION or code >> 8 in _SURROGATES or not letter.isalnum():
        return "", False
    # Of other scripts a sign becomes one of the same page of 256, which is mostly the same script.
    return range(code & ~0xFF, (code & ~0xFF) + 0x100), False


@dataclass(frozen=True, slots=True)
class _Plan:
    """What ids of one form have in common: the places that change, which signs may stand there, how many ids there are.

    choices: place, how many signs, rank of each sign, sign of each rank.
    """

    choices: tuple[tuple[int, int, dict[str, int], list[str]], ...]
    size: int
    tweak: bytes


@lru_cache(4096)
def _ranks(first: int, last: int, is_upper: bool) -> tuple[dict[str, int], list[str]]:
    signs = [chr(code).upper() if is_upper else chr(code) for code in range(first, last)]
    return {sign: rank for rank, sign in enumerate(signs)}, signs


@lru_cache(4096)
def _plan(form: str) -> _Plan:
    """The plan of a form: an id in which a leading zero is `\\1`, another leading digit `1`, any other digit `0`, and an
    ASCII letter `a` or `A`."""
    choices: list[tuple[int, int, dict[str, int], list[str]]] = []
    pattern: list[str] = []
    size = 1
    for place, sign in enumerate(form):
        alphabet, is_upper = (_DIGITS[1:], False) if sign == "1" else _signs_for(sign)
        if not alphabet:
            pattern.append("z" if sign == _LEADING_ZERO else sign)
            continue
        if isinstance(alphabet, range):
            pattern.append(f"U{alphabet.start:x};")
            ranks, signs = _ranks(alphabet.start, alphabet.stop, False)
        elif alphabet in (_DIGITS, _DIGITS[1:], _ASCII):
            pattern.append(alphabet[0])
            ranks, signs = _ranks(ord(alphabet[0]), ord(alphabet[-1]) + 1, is_upper)
        else:
            pattern.append(alphabet[0])
            ranks, signs = {letter: rank for rank, letter in enumerate(alphabet)}, list(alphabet)
        choices.append((place, len(signs), ranks, signs))
        size *= len(signs)
    return _Plan(tuple(choices), size, b"id/" + "\x02".join(pattern).encode("utf-8", "surrogatepass"))


def _form_of_run(met: re.Match[str]) -> str:
    run = met[0]
    if len(run) == 1:
        return "0"
    return (_LEADING_ZERO if run[0] == "0" else "1") + "0" * (len(run) - 1)


class Idents:
    """Replaces ids; the same id always becomes the same one, wherever it stands."""

    def __init__(self, permutations: Permutations) -> None:
        self._permutations = permutations

    def replace(self, text: str) -> str:
        """The new id. A list's items are replaced one by one, as each would be alone."""
        return "".join(
            part if place % 2 else self._padded(part) for place, part in enumerate(_BETWEEN.split(text))
        )

    def until(self, text: str, suits: Callable[[str], bool]) -> str:
        """The first of repeated replacements that suits; the text itself must suit, so that there is one."""
        found = self._core(text)
        while not suits(found):
            found = self._core(found)
        return found

    def _padded(self, text: str) -> str:
        core = text.strip(BLANKS)
        if not core:
            return text
        start = text.index(core)
        return text[:start] + self._one(core) + text[start + len(core) :]

    def _one(self, core: str) -> str:
        if met := _UUID.fullmatch(core):
            return met[1] + self._uuid(met[2])
        # An id that a spreadsheet turned into a power of ten stays recognisable as one.
        met = _SPREADSHEET.fullmatch(core)
        return self._core(met[1]) + met[2] if met else self._core(core)

    def _uuid(self, text: str) -> str:
        """Another UUID of the same kind and case."""
        kept = {8, 13, 18, 23, _VERSION, _VARIANT}
        digits = "".join(sign for place, sign in enumerate(text) if place not in kept)
        size = 16 ** len(digits)
        moved = iter(f"{self._permutations.permute(int(digits, 16), size, b'uuid/' + text[_VERSION].encode()):0{len(digits)}x}")
        out = "".join(sign if place in kept else next(moved) for place, sign in enumerate(text))
        return out if text == text.lower() else out.upper()

    def _core(self, core: str) -> str:
        plan = _plan(_RUN.sub(_form_of_run, core).translate(_LETTERS))
        number = 0
        for place, span, ranks, _ in plan.choices:
            number = number * span + ranks[core[place]]
        number = self._permutations.permute(number, plan.size, plan.tweak)
        out = list(core)
        for place, span, _, signs in reversed(plan.choices):
            number, rank = divmod(number, span)
            out[place] = signs[rank]
        return "".join(out)
