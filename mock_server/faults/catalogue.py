"""Entries of the fault catalogue for `oneroster faults`, `oneroster explain` and the reference page.

Called through the `oneroster.catalogues` entry point.
"""

from __future__ import annotations

from typing import Any

from oneroster_standard.dialects.faults import FaultFacts, Parameter, load_faults

STRIKES = {
    "api": "any request but a token request",
    "token": "token requests",
    "pages": "requests for a collection",
    "any": "any request",
}
SELECTING = {
    "on": "operations, collections, the first word of a path, or `token`; several are joined by `+`",
    "version": "1.1, 1.2 or both joined by `+`",
    "page": "a page number, counted from 1 by the limit that was asked, or a window of them",
    "offset": "an offset, or a window of them",
    "first": "the first n of the requests that fit the above",
    "after": "not before n of them were served",
    "every": "each n-th of them",
    "requests": "a window of them, counted from 1",
    "rate": "a share of them, 0 to 1; drawn from the district's seed, so the same requests are struck again",
    "seconds": "a window of time since the fault was set",
    "day": "a window of the mock's days, 0 is the start",
    "times": "at most so many strikes, 0 for no end",
}
"""Keys by which any fault chooses what it strikes."""


def values_of(parameter: Parameter) -> str:
    """What a parameter may be."""
    if parameter.choices:
        return ", ".join(parameter.choices)
    return "a word" if parameter.kind == "word" else f"{parameter.least:g} to {parameter.most:g}"


def _told(found: FaultFacts) -> str:
    keys = [f"{one.name}={one.default} ({values_of(one)}): {one.says}" for one in found.parameters.values()]
    often = "strikes once unless told otherwise" if found.times == 1 else "strikes every time unless told otherwise"
    return "; ".join([f"strikes {STRIKES[found.strikes]}", often, *keys])


def entries() -> list[dict[str, Any]]:
    """One entry per fault, with its keys and their defaults."""
    return [
        {
            "id": found.id,
            "kind": "fault",
            "title": found.title,
            "description": f"{found.description} {_told(found)}",
            "severity": "",
            "section": found.deviation,
            "source": found.source,
            "strikes": found.strikes,
            "times": found.times,
            "trips": list(found.trips),
            "parameters": [
                {
                    "name": one.name, "kind": one.kind, "default": one.default, "says": one.says, "least": one.least,
                    "most": one.most, "choices": list(one.choices),
                }
                for one in found.parameters.values()
            ],
            "selecting": dict(SELECTING),
            "remedy": "",
        }
        for found in load_faults().values()
    ]  # fmt: skip
