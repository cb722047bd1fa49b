"""The year that is being prepared: its sessions, classes, schedules and who teaches, before it begins.

Made by planning.py, read by rollover.py and scheduling.py. Keys only where a record is put into the world.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

Schedule = tuple[str, ...]
"""Keys of the classes that one student takes."""
Cohort = tuple[str, str]
"""Key of a school and a grade."""


@dataclass(frozen=True, slots=True)
class Post:
    """Who teaches a class: key of the user, the enrollment's role and primary. hired_for: a new school that hires its own."""

    user: str
    role: str
    primary: str
    hired_for: str = ""


@dataclass(slots=True)
class NextYear:
    """What is planned. closing: school -> the one that takes its people; opening: new school -> the one it relieves."""

    year: str
    sessions: dict[str, str] = field(default_factory=dict)
    """Key of an old session -> key of its counterpart."""
    closing: dict[str, str] = field(default_factory=dict)
    opening: dict[str, str] = field(default_factory=dict)
    schedules: dict[Cohort, list[Schedule]] = field(default_factory=dict)
    posts: dict[str, list[Post]] = field(default_factory=dict)
    """Key of a new class -> who teaches it."""
    _counted: Counter[Cohort] = field(default_factory=Counter)
    siblings: list[tuple[str, str]] = field(default_factory=list)
    """Guardian and a new entrant whom the guardian does not name yet."""

    def school_for(self, school: str, grade: str) -> str:
        """Where the next student of a grade goes: to the new school that relieves this one, as often as sections went there."""
        new = next((key for key, relieved in self.opening.items() if relieved == school), "")
        if not new:
            return school
        moved = len(self.schedules.get((new, grade), ()))
        total = moved + len(self.schedules.get((school, grade), ())) or 1
        self._counted[school, grade] += 1
        count = self._counted[school, grade]
        return new if count * moved // total > (count - 1) * moved // total else school
