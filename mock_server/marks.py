"""The mark `@pytest.mark.oneroster(...)`: which vendor, quirks and settings a test runs under, once or many times.

Called by the pytest plugin. Reads the catalogue of quirks only when a mark names every quirk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

MARK = "oneroster"
EVERY = "all"
ARGUMENTS = ("vendor", "vendors", "quirks", "each_quirk", "withhold", "faults")


class WrongMark(Exception):
    """The mark holds something that it does not take; the text says what it takes."""


@dataclass(frozen=True, slots=True)
class Case:
    """One run of a test. vendor: empty means the first one served. name: tells it from the other runs of the test."""

    vendor: str = ""
    quirks: tuple[str, ...] = ()
    withhold: tuple[str, ...] = ()
    name: str = ""
    faults: tuple[str, ...] = ()


def cases_of(mark: pytest.Mark, where: str, served: Sequence[str]) -> list[Case]:
    """The runs that a mark asks for.

    vendor="classlink", quirks=[...], withhold=[...], faults=[...]: the state of one run. vendors=[...] or "all": one run for each.
    each_quirk=[...] or "all": one run for each, with that quirk beside `quirks`. served: none means all that are shipped.
    Raises WrongMark with the valid words.
    """
    strange = sorted(set(mark.kwargs) - set(ARGUMENTS))
    if strange or mark.args:
        met = f"the argument {strange[0]!r}" if strange else "an argument without a name"
        raise WrongMark(f"{where}: the mark {MARK} has {met}; it takes {', '.join(ARGUMENTS)}")
    if "vendor" in mark.kwargs and "vendors" in mark.kwargs:
        raise WrongMark(f"{where}: the mark {MARK} takes vendor or vendors, not both")
    given = mark.kwargs
    vendors = _vendors(given, where, served)
    quirks, withhold, faults = (_names(given, key, where) for key in ("quirks", "withhold", "faults"))
    found = []
    for vendor in vendors:
        for quirk in _quirks(given, where):
            name = "-".join(part for part in (vendor if "vendors" in given else "", quirk) if part)
            found.append(Case(vendor, (*quirks, quirk) if quirk else quirks, withhold, name, faults))
    return found


def _vendors(given: Mapping[str, Any], where: str, served: Sequence[str]) -> tuple[str, ...]:
    from oneroster_standard.dialects import SHIPPED

    if given.get("vendors") == EVERY:
        return tuple(served or SHIPPED)
    if "vendors" in given:
        return _names(given, "vendors", where)
    return (str(given.get("vendor", "")),)


def _quirks(given: Mapping[str, Any], where: str) -> tuple[str, ...]:
    if "each_quirk" not in given:
        return ("",)
    if given["each_quirk"] == EVERY:
        from oneroster_standard.dialects import load_quirks

        # Those of the lens decide which records are served: they are chosen when a server starts.
        return tuple(sorted(found.id for found in load_quirks().values() if found.hook == "mock"))
    return _names(given, "each_quirk", where)


def _names(given: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    value = given.get(key, ())
    if isinstance(value, str) or not all(isinstance(name, str) for name in value):
        raise WrongMark(f"{where}: {key} of the mark {MARK} is a list of names, such as [\"paging.no-link\"]")
    if key in ("vendors", "each_quirk") and not value:
        raise WrongMark(f"{where}: {key} of the mark {MARK} names nothing")
    return tuple(value)
