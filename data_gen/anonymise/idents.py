"""Ids in their own format: digits stay digits, letters letters of their case and script, separators stay.

Called by the replacements. Two ids are different after as before; case twins stay twins, blanks around an id stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from data_gen.anonymise.permutation import Permutations

BLANKS = " \t\u00a0\u200b\ufeff"
_SPREADSHEET = re.compile(r"([0-9](?:[.,][0-9]+)?)(E\+[0-9]{2})")
_LATIN = "".join(chr(code) for code in range(0xDF, 0x100) if chr(code).isalpha())
_LATIN_UPPER = "".join(chr(code) for code in range(0xC0, 0xDF) if chr(code).isalpha())
_DIGITS = "0123456789"
_ASCII = "abcdefghijklmnopqrstuvwxyz"
_BETWEEN = re.compile(r"([,;|\r\n\0]+)")
_FIRST_PUNCTUATION, _LAST_PUNCTUATION = 0x2000, 0x2FFF
_SURROGATES = range(0xD8, 0xE0)


def _alphabet(letter: str) -> str | range:
    """The signs that may stand where the sign stands; empty for one that stays."""
    if letter.isascii():
        if letter.isdigit():
            return _DIGITS
        return _ASCII if letter.isalpha() else ""
    code = ord(letter)
    if code < 0x100:
        return _LATIN if letter in _LATIN else _LATIN_UPPER if letter in _LATIN_UPPER else ""
    if _FIRST_PUNCTUATION <= code <= _LAST_PUNCTUATION or code >> 8 in _SURROGATES or not letter.isalnum():
        return ""
    # Of other scripts a sign becomes one of the same page of 256, which is mostly the same script.
    return range(code & ~0xFF, (code & ~0xFF) + 0x100)


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
        # An id that a spreadsheet turned into a power of ten stays recognisable as one.
        met = _SPREADSHEET.fullmatch(core)
        return self._core(met[1]) + met[2] if met else self._core(core)

    def _core(self, core: str) -> str:
        signs = [letter.lower() if letter.isascii() else letter for letter in core]
        choices: list[tuple[int, str | range, bool]] = []
        pattern: list[str] = []
        size, number = 1, 0
        for place, sign in enumerate(signs):
            alphabet = _alphabet(sign)
            if not alphabet:
                pattern.append(sign)
                continue
            if isinstance(alphabet, range):
                start, span, rank = f"U{alphabet.start:x};", len(alphabet), ord(sign) - alphabet.start
            else:
                leads = alphabet is _DIGITS and self._leads(signs, place)
                if leads and sign == "0":
                    pattern.append("z")
                    continue
                if leads:
                    alphabet = _DIGITS[1:]
                start, span, rank = alphabet[0], len(alphabet), alphabet.index(sign)
            pattern.append(start)
            choices.append((place, alphabet, core[place] != sign))
            size, number = size * span, number * span + rank
        number = self._permutations.permute(number, size, b"id/" + "\x01".join(pattern).encode("utf-8", "surrogatepass"))
        out = list(core)
        for place, alphabet, is_upper in reversed(choices):
            number, rank = divmod(number, len(alphabet))
            sign = chr(alphabet[rank]) if isinstance(alphabet, range) else alphabet[rank]
            out[place] = sign.upper() if is_upper else sign
        return "".join(out)

    @staticmethod
    def _leads(signs: list[str], place: int) -> bool:
        """Whether a digit begins a run of several: zeros there stay, and nothing else becomes one."""
        before = place > 0 and signs[place - 1] in _DIGITS
        return not before and place + 1 < len(signs) and signs[place + 1] in _DIGITS
