"""Which defects plant what hurts in the field: the rows of pains.toml.

Called by the documentation and by the test that keeps the list whole.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Pain:
    """One failure of the field; why_not says why no defect plants it."""

    row: str
    subject: str
    defects: tuple[str, ...]
    why_not: str


@cache
def pains() -> tuple[Pain, ...]:
    """All of them, in the order of their table."""
    raw = tomllib.loads(files("data_gen.defects").joinpath("pains.toml").read_text("utf-8"))
    return tuple(Pain(row["row"], row["subject"], tuple(row.get("defects", ())), row.get("why_not", "")) for row in raw["pain"])
