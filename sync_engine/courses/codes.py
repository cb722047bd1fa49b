"""Codes and titles of courses in the one form in which they are compared.

Called wherever two of them meet. A code keeps letters and digits only; a title keeps words, written out.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Any

_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")
_WORD = re.compile(r"[^\W_]+")
_LETTER_DIGIT = re.compile(r"(?<=[a-z])(?=\d)")
_GROUP_END = re.compile(r"[-_./: ]+[^-_./: ]+\Z")
_SECTION_GROUP = re.compile(r"[-_./: ]+\d{1,3}[A-Za-z]?\Z")
_SECTION_WORDS = re.compile(
    r"[\s,;:(\[–-]*\b(?:(?:section|sect|sec|period|per|block|hour|group)\b[.\s#]*\w{0,3}|(?<=- )s\d{2,})[\])]?\s*\Z",
    re.IGNORECASE,
)


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("words.toml").read_text("utf-8"))


def code_key(code: str | None) -> str:
    """A code without case, blanks, separators and leading zeros; empty for none.

    >>> code_key(" alg-0101 ") == code_key("ALG 101") == "ALG101"
    True
    """
    key, before = code or "", None
    # What is left may show a zero in front, or a letter that has an upper case of its own, once more.
    while key != before:
        before = key
        upper = unicodedata.normalize("NFKC", key).upper()
        key = "".join(_WORD.findall(_ZEROS.sub("", upper)))
    return key


@cache
def title_key(title: str | None) -> str:
    """A title as lower-case words: accents gone, abbreviations written out, Roman numbers as digits.

    >>> title_key("Alg. II (Hon)")
    'algebra 2 honors'
    """
    plain = unicodedata.normalize("NFKD", (title or "").casefold())
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    short, roman = _words()["short"], _words()["roman"]
    found: list[str] = []
    for word in _WORD.findall(_LETTER_DIGIT.sub(" ", plain)):
        word = _ZEROS.sub("", word)
        # "I" at the head of a title is a word, behind one it is a number.
        word = roman.get(word, word) if found else word
        found.append(short.get(word, word))
    return " ".join(found)


@cache
def level_of(key: str) -> frozenset[str]:
    """Numbers and level words of a title's key: two titles that differ in them are two courses."""
    levels = set(_words()["level"]["words"])
    return frozenset(word for word in key.split() if word.isdigit() or word in levels)


def code_heads(code: str | None) -> list[str]:
    """A class's code and what is left of it group by group from its end, the longest first.

    >>> code_heads("22991KG-01-001")
    ['22991KG-01-001', '22991KG-01', '22991KG']
    """
    head = (code or "").strip()
    found: list[str] = []
    while head:
        found.append(head)
        shorter = _GROUP_END.sub("", head)
        if shorter == head:
            break
        head = shorter
    return found


def course_part(class_code: str | None) -> str:
    """A class's code without the short numbers at its end, which tell sections."""
    head = (class_code or "").strip()
    while (shorter := _SECTION_GROUP.sub("", head)) != head:
        head = shorter
    return head


def course_title(class_title: str | None) -> str:
    """A class's title without what tells its section.

    >>> course_title("Algebra I - S01 Section 3")
    'Algebra I'
    """
    head = (class_title or "").strip()
    while (shorter := _SECTION_WORDS.sub("", head)) != head and shorter.strip():
        head = shorter
    return head.strip().rstrip("-–,;:").strip()


def slug(text: str) -> str:
    """Words joined by hyphens, for the id of a course of our own."""
    return "-".join(_WORD.findall(text.casefold()))
