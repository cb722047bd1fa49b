"""Faults met while a file is read: exact counts by kind, the first few places of each.

Filled by the readers, turned into notices by the rules. Never holds a cell's value.
"""

from __future__ import annotations

from dataclasses import dataclass, field

SAMPLES = 5


@dataclass(frozen=True, slots=True)
class Place:
    """One physical line (from 1) of a file, the column when it is known, and a remark without values."""

    line: int
    column: str = ""
    remark: str = ""


@dataclass(slots=True)
class Tally:
    """How often something was met, and where first."""

    count: int = 0
    places: list[Place] = field(default_factory=list)

    def add(self, place: Place, count: int = 1) -> None:
        """Count it, and keep the place while there is room."""
        self.count += count
        if len(self.places) < SAMPLES:
            self.places.append(place)


class Faults:
    """Tallies by kind of fault."""

    def __init__(self) -> None:
        self.tallies: dict[str, Tally] = {}

    def add(self, kind: str, line: int, *, column: str = "", remark: str = "") -> None:
        """Count one fault of that kind at that physical line."""
        self.tallies.setdefault(kind, Tally()).add(Place(line, column, remark))

    def get(self, kind: str) -> Tally | None:
        """The tally of that kind, or None when it was never met."""
        return self.tallies.get(kind)

    def __contains__(self, kind: str) -> bool:
        return kind in self.tallies
