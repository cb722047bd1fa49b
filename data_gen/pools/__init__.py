"""Name pools: some locales frozen as data, any other one sampled from Faker at run time.

Called by the district's people and schools. Never holds a name of a known person.
"""

from __future__ import annotations

import json
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Literal

from oneroster_harness.problems import UsageProblem

DEFAULT_LOCALE = "en_US"
FROZEN = ("de_DE", "en_US", "es_MX", "ja_JP")
"""Locales whose names lie beside this module."""


@dataclass(frozen=True, slots=True)
class Pools:
    """Names to choose from, and the version of Faker that they came from."""

    locale: str
    faker: str
    first_female: tuple[str, ...]
    first_male: tuple[str, ...]
    last: tuple[str, ...]
    city: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """Names of one culture or form."""

    name: str
    says: str
    female: tuple[str, ...]
    male: tuple[str, ...]
    family: tuple[str, ...]


@cache
def kinds() -> dict[str, Kind]:
    """Kinds of names that a shape may have beside those of its locale, in the order of the table."""
    table = tomllib.loads(files(__package__).joinpath("world.toml").read_text("utf-8"))["kinds"]
    return {name: _kind(name, told) for name, told in table.items()}


def _kind(name: str, told: Mapping[str, Any]) -> Kind:
    forms: tuple[Literal["NFC", "NFD"], ...] = ("NFC", "NFD") if told.get("both_forms") else ("NFC",)
    female, male, family = (
        tuple(dict.fromkeys(unicodedata.normalize(form, text) for text in told[part] for form in forms)) for part in ("female", "male", "family")
    )
    return Kind(name, told["says"], female, male, family)


@lru_cache(maxsize=1 << 16)
def plain(text: str) -> str:
    """Letters of a name in lower-case ASCII, for user names and addresses; `u` when none is left."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in decomposed.lower() if letter.isascii() and letter.isalnum()) or "u"


@cache
def load(locale: str = DEFAULT_LOCALE) -> Pools:
    """Return the pools of a locale: those of a frozen one are the same with every version of Faker.

    Raises UsageProblem when Faker does not know the locale.
    """
    if locale in FROZEN:
        raw = json.loads(files(__package__).joinpath(f"{locale}.json").read_text("utf-8"))
    else:
        from data_gen.pools.rebuild import sample

        try:
            raw = sample(locale)
        except AttributeError as error:
            raise UsageProblem(
                f"Faker has no locale {locale!r}", "a locale such as en_US, de_DE, ja_JP"
            ) from error
    names = {name: tuple(raw[name]) for name in ("first_female", "first_male", "last", "city")}
    return Pools(locale=raw["locale"], faker=raw["faker"], **names)
