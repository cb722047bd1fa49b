"""The thresholds from when on a change looks like an accident, as the table has them.

Called by the rules; a limit holds when both its number and its share are passed, so that small districts are not nagged.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Limit:
    """More than (or exactly, in `reached`) so many and so large a share."""

    floor: int
    percent: int
    basis: str
    source: str

    def passed(self, count: int, of: int) -> bool:
        """Whether a count out of so many is above the limit."""
        return count > self.floor and count * 100 > of * self.percent

    def reached(self, count: int, of: int) -> bool:
        """Whether a count out of so many is at the limit or above it."""
        return count >= self.floor and count * 100 >= of * self.percent

    def __str__(self) -> str:
        return f"at most {self.floor} or {self.percent} percent"


@cache
def limit(name: str) -> Limit:
    """The limit of that name."""
    found = tomllib.loads(files(__package__).joinpath("limits.toml").read_text("utf-8"))
    return Limit(**found[name])
