"""What stands in the place of a personal value: made-up names, reserved addresses, fictitious numbers, other ids.

Called for every cell of a bundle. Stateless: the key and the old value decide, so that equal values stay equal within a
kind and different ones different; telephone numbers alone may fall together, of which there are too few.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from data_gen.anonymise.idents import Idents
from data_gen.anonymise.permutation import Permutations
from data_gen.pools import Pools, load
from oneroster_standard.moments import parse_date
from oneroster_standard.standard import VERSIONS
from oneroster_standard.standard import load as load_standard

Replace = Callable[[str], str]
REMEMBERED = 1 << 17
LONGEST = 255
"""Longer text is cut by consumers, and found by the suite: what is longer stays longer, what is not stays so."""
SHORT_NAME = 2
RESERVED_DOMAIN = "example.org"
_CONSONANTS, _VOWELS = "bdfghjklmnprstvwyz", "aeiou"
_SYLLABLES = 5
_ACCENTED = str.maketrans("aeiou", "áéíóú")
_BREAKS = re.compile(r"([\r\n\0]+)")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+")
_ADDRESS_SIGNS = re.compile(r"([\s,;<>\"':{}()\[\]]+)")
_PHONE = re.compile(r"(\+?1[ .-]?)?(\(\d{3}\) ?|\d{3}[ .-]?)?(\d{3})([ .-]?)(\d{4})", re.ASCII)
_PHONE_INSIDE = re.compile(r"(?<![\w-])(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\w-])", re.ASCII)
_BARE_PHONE = re.compile(r"\+?1?\d{10}", re.ASCII)
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_AMERICAN_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)
_PLAIN_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_USER_ID = re.compile(r"\{([^{}:]*):([^{}]*)\}")
_YEARS = re.compile(r"(?:19|20)\d\d")
_CODE = re.compile(r"[A-Za-z]{0,2}(?:[0-9.+\-]{1,6}[A-Za-z]{0,2})?", re.ASCII)
_TOKEN = re.compile(r"[\w.\-]+")
SCHOOL_YEAR_BEGINS = 9


@cache
def _vocabulary() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("vocabulary.toml").read_text("utf-8"))


@cache
def _closed_tokens() -> frozenset[str]:
    """Tokens of every vocabulary of the standard, in any version."""
    standards = [load_standard(version) for version in VERSIONS]
    return frozenset(token for standard in standards for tokens in standard.enumerations.values() for token in tokens)


class Replacements:
    """Everything that one key makes of values, by kind; each method takes a cell and gives the new one."""

    def __init__(self, secret: bytes) -> None:
        self._numbers = Permutations(secret)
        self._idents = Idents(self._numbers)
        self._pools: Pools = load()
        vocabulary = _vocabulary()
        self._words = frozenset(vocabulary["words"].split())
        self._kept = frozenset(vocabulary["tokens"])
        self._user_id_types = frozenset(vocabulary["user_id_types"])
        self._places: dict[str, list[str]] = {"state": vocabulary["states"].split(), "country": vocabulary["countries"].split()}
        first = sorted({*self._pools.first_female, *self._pools.first_male})
        self._names = {"given": first, "family": list(self._pools.last), "city": list(self._pools.city)}
        self.ident = lru_cache(REMEMBERED)(self._ident)
        self._coined = lru_cache(REMEMBERED)(self._coin)

    def kind(self, name: str) -> Replace:
        """The replacement of a kind by its name in columns.toml."""
        found: Replace = getattr(self, name)
        return found

    def keep(self, text: str) -> str:
        """What says nothing about anybody stays."""
        return text

    def empty(self, text: str) -> str:
        """Nothing: passwords are dropped."""
        return ""

    def _ident(self, text: str) -> str:
        return self.email(text) if "@" in text else self._idents.replace(text)

    def scrambled(self, text: str) -> str:
        """Letters and digits by others, in the same places."""
        return "".join(part if place % 2 else self._idents.replace(part) for place, part in enumerate(_BREAKS.split(text)))

    def given(self, text: str) -> str:
        """A given or middle name."""
        return self._name("given", text)

    def family(self, text: str) -> str:
        """A family name."""
        return self._name("family", text)

    def city(self, text: str) -> str:
        """The name of a town."""
        return self._name("city", text)

    def _name(self, kind: str, text: str) -> str:
        if len(text) > LONGEST:
            return self.scrambled(text)
        return "".join(
            part if place % 2 else self._padded(part, lambda core: self._coined(kind, core))
            for place, part in enumerate(_BREAKS.split(text))
        )

    @staticmethod
    def _padded(text: str, replace: Replace) -> str:
        core = text.strip(" \t\u00a0\u200b\ufeff")
        if not core:
            return text
        start = text.index(core)
        return text[:start] + replace(core) + text[start + len(core) :]

    def _coin(self, kind: str, core: str) -> str:
        """A name of the pool and a made-up one; other scripts and initials are replaced sign by sign."""
        letters = core.rstrip(".")
        if len(letters) <= SHORT_NAME or any("\u0250" <= sign < "\ud800" or sign > "\udfff" for sign in core):
            return self._idents.replace(core)
        pool = self._names[kind]
        number = self._numbers.number(f"{kind}/{core}".encode("utf-8", "surrogatepass"), 1 << 62)
        number, place = divmod(number, len(pool))
        made = ""
        for _ in range(_SYLLABLES):
            number, consonant = divmod(number, len(_CONSONANTS))
            number, vowel = divmod(number, len(_VOWELS))
            made += _CONSONANTS[consonant] + _VOWELS[vowel]
        made = made.capitalize()
        if any("\udc80" <= sign <= "\udcff" for sign in core):
            # A byte that is no UTF-8 stays one: the fault is to be found again.
            made = made[0] + "\udce9" + made[2:]
        elif not core.isascii():
            made = made[0] + made[1].translate(_ACCENTED) + made[2:]
        # Two names of one pool, one value of which ends where the other goes on, cannot meet: pools hold no such hyphen.
        name = f"{pool[place]}-{made}"
        return name.upper() if core.isupper() else name.lower() if core.islower() else name

    def email(self, text: str) -> str:
        """Addresses of a reserved domain; the old domain becomes a label below it, so that domains stay apart."""
        if "@" not in text:
            return self._padded(text, lambda core: f"{self._idents.replace(core)}.{RESERVED_DOMAIN}")
        parts = _ADDRESS_SIGNS.split(text)
        return "".join(part if place % 2 else self._address(part) for place, part in enumerate(parts))

    def _address(self, part: str) -> str:
        local, *domains = part.split("@")
        out = self._idents.replace(local)
        for domain in domains:
            out += f"@{self._idents.replace(domain)}.{RESERVED_DOMAIN}"
        return out

    def phone(self, text: str) -> str:
        """A number of 555-0100 to 555-0199; what is written in no known form is written in a plain one."""
        return self._padded(text, self._number)

    def _number(self, core: str) -> str:
        met = _PHONE.fullmatch(core)
        if not met:
            area, last = divmod(self._numbers.number(f"phone/{core}".encode("utf-8", "surrogatepass"), 80_000), 100)
            return f"({200 + area}) 555-01{last:02d}"
        country, area_text, exchange, gap, line = met.groups()
        digits = re.sub(r"\D", "", f"{area_text or ''}{exchange}{line}")
        area, last = divmod(self._numbers.number(f"phone/{digits}".encode(), 100_000), 100)
        if exchange == "555" and line.startswith("01"):
            # A number that is fictitious already has few neighbours: there a permutation keeps them apart.
            code = int(digits[:3]) if area_text else 0
            area = self._numbers.permute(code, 1_000, b"phone/area")
            last = self._numbers.permute(int(line[2:]), 100, b"phone/line/%d" % code)
        area_text = re.sub(r"\d{3}", f"{area:03d}", area_text) if area_text else ""
        return f"{country or ''}{area_text}555{gap}01{last:02d}"

    def user_ids(self, text: str) -> str:
        """User ids: known kinds stay, identifiers are those of the column identifier."""
        out, end = "", 0
        for met in _USER_ID.finditer(text):
            kind = met[1] if met[1].strip().lower() in self._user_id_types else self.ident(met[1])
            out += f"{self._kinds_kept(text[end : met.start()])}{{{kind}:{self.ident(met[2])}}}"
            end = met.end()
        return out + self._kinds_kept(text[end:])

    def _kinds_kept(self, rest: str) -> str:
        """User ids without their braces."""
        items = re.split(r"([{}:,;|]+)", rest)
        return "".join(
            item if place % 2 or item.strip().lower() in self._user_id_types else self.ident(item)
            for place, item in enumerate(items)
        )

    def birth(self, text: str) -> str:
        """Another day of the same school year's cohort, in the form of the old one."""
        return self._padded(text, self._born)

    def _born(self, core: str) -> str:
        for form, order, shape in (
            (_DAY, (1, 2, 3), "{y:04d}-{m:02d}-{d:02d}"),
            (_AMERICAN_DAY, (3, 1, 2), "{m}/{d}/{y:04d}"),
            (_PLAIN_DAY, (1, 2, 3), "{y:04d}{m:02d}{d:02d}"),
        ):
            met = form.match(core)
            if not met:
                continue
            try:
                day = self._other_day(date(*(int(met[place]) for place in order)))
            except (ValueError, OverflowError):
                continue
            new = shape.format(y=day.year, m=day.month, d=day.day)
            if form is _AMERICAN_DAY and len(met[0]) == 10:
                new = f"{day.month:02d}/{day.day:02d}/{day.year:04d}"
            return new + self._idents.replace(core[met.end() :])
        # What is no day must not become one by chance.
        return self._idents.until(core, lambda found: not _is_day(found))

    def _other_day(self, day: date) -> date:
        began = day.year if day.month >= SCHOOL_YEAR_BEGINS else day.year - 1
        first, after = date(began, SCHOOL_YEAR_BEGINS, 1), date(began + 1, SCHOOL_YEAR_BEGINS, 1)
        place = self._numbers.permute((day - first).days, (after - first).days, b"birth/%d" % began)
        return first + timedelta(days=place)

    def state(self, text: str) -> str:
        """Another state."""
        return self._padded(text, lambda core: self._of_list("state", core))

    def country(self, text: str) -> str:
        """Another country's code."""
        return self._padded(text, lambda core: self._of_list("country", core))

    def _of_list(self, kind: str, core: str) -> str:
        known: list[str] = self._places[kind]
        if core not in known:
            return self.title(core)
        return known[self._numbers.permute(known.index(core), len(known), kind.encode())]

    def title(self, text: str) -> str:
        """A title whose school words, years and small numbers stay; every other word becomes a made-up name."""
        if "@" in text or _PHONE_INSIDE.search(text):
            return self.other(text)
        new = _WORD.sub(lambda met: self._title_word(met[0]), text)
        return self.scrambled(text) if len(text) > LONGEST or len(new) > LONGEST else new

    def _title_word(self, word: str) -> str:
        if word[0].isdigit():
            return word if len(word) <= 2 or _YEARS.fullmatch(word) else self._idents.replace(word)
        if word.lower() in self._words:
            return word
        return self._coined("family", word)

    def text(self, text: str) -> str:
        """Free text: every word by letters, the length stays."""
        if "@" in text or _PHONE_INSIDE.search(text):
            return self.other(text)
        return self.scrambled(text)

    def code(self, text: str) -> str:
        """Short codes of subjects, periods and grades stay, anything longer does not."""
        return "".join(
            item if place % 2 or _CODE.fullmatch(item.strip()) else self.title(item)
            for place, item in enumerate(re.split(r"([,;|{}:]+)", text))
        )

    def closed(self, text: str, is_valid: Callable[[str], bool]) -> str:
        """What is valid stays; anything else is replaced by what is not valid either."""
        core = text.strip(" \t\u00a0\u200b\ufeff")
        if not core or is_valid(core):
            return text
        return self._padded(text, lambda found: self._invalid(found, is_valid))

    def _invalid(self, core: str, is_valid: Callable[[str], bool]) -> str:
        if "@" in core or _PHONE_INSIDE.search(core):
            return self.other(core)
        if core.startswith("ext:"):
            return "ext:" + self._idents.replace(core[4:])
        return self._idents.until(core, lambda found: not is_valid(found))

    def other(self, text: str) -> str:
        """A value of which nothing is known: tokens of vocabularies stay, anything else goes by what it looks like."""
        return "".join(part if place % 2 else self._padded(part, self._guess) for place, part in enumerate(_BREAKS.split(text)))

    def _guess(self, core: str) -> str:
        if core.lower() in self._kept or core in _closed_tokens() or len(core) == 1 and core.isdigit():
            return core
        if _BARE_PHONE.fullmatch(core) or _PHONE_INSIDE.fullmatch(core):
            return self._number(core)
        if _PHONE_INSIDE.search(core):
            return self._around_phones(core)
        if "@" in core:
            return self.email(core)
        if _DAY.match(core) or _AMERICAN_DAY.match(core):
            return self._born(core)
        if _TOKEN.fullmatch(core) or "," in core:
            return self.ident(core)
        if len(core) > LONGEST:
            return self.scrambled(core)
        new = _WORD.sub(lambda met: self.ident(met[0]) if met[0][0].isdigit() else self._coined("family", met[0]), core)
        return self.scrambled(core) if len(new) > LONGEST else new

    def _around_phones(self, core: str) -> str:
        out, end = "", 0
        for met in _PHONE_INSIDE.finditer(core):
            out += self._beside_phone(core[end : met.start()]) + self._number(met[0])
            end = met.end()
        return out + self._beside_phone(core[end:])

    def _beside_phone(self, text: str) -> str:
        return self.email(text) if "@" in text else self.scrambled(text)


def _is_day(text: str) -> bool:
    try:
        parse_date(text)
    except ValueError:
        return False
    return True
