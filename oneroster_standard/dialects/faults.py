"""The catalogue of faults: what can go wrong on a bad day, as facts.

Called by the server, which makes a fault happen, and by whoever lists them. Never does anything.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

KINDS = ("integer", "number", "word")


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a fault can be told. kind: integer, number or word; choices: the words, none means any word."""

    name: str
    kind: str
    default: int | float | str
    says: str
    least: float = 0
    most: float = 1e9
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FaultFacts:
    """One fault of the catalogue.

    strikes: the requests it can strike unless it is told otherwise: api (all but the token endpoint), token, or pages
    (collections only). times: how often it strikes unless it is told, 0 for every time. trips: the checks that must find
    it, by hand; none where no check exists.
    """

    id: str
    title: str
    description: str
    source: str
    strikes: str
    trips: tuple[str, ...]
    parameters: Mapping[str, Parameter]
    times: int = 0
    deviation: str = ""


def _parameter(row: Mapping[str, Any]) -> Parameter:
    found = Parameter(**{**row, "choices": tuple(row.get("choices", ()))})
    if found.kind not in KINDS:
        raise ValueError(f"kind {found.kind!r} of the parameter {found.name}; expected one of {', '.join(KINDS)}")
    return found


@cache
def load_faults() -> dict[str, FaultFacts]:
    """All faults by id, in the order of the catalogue file."""
    raw = tomllib.loads(files(__package__).joinpath("faults.toml").read_text("utf-8"))
    return {
        row["id"]: FaultFacts(
            id=row["id"], title=row["title"], description=row["description"], source=row["source"], strikes=row["strikes"],
            trips=tuple(row.get("trips", ())), times=int(row.get("times", 0)), deviation=row.get("deviation", ""),
            parameters={one["name"]: _parameter(one) for one in row.get("parameter", ())},
        )
        for row in raw["fault"]
    }  # fmt: skip
