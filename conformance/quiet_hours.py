"""Hours in which a provider is left alone, such as a school's: `07:00-17:00`, several joined by commas, over midnight as well.

Called by the check command; the judge asks before every request.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time

from oneroster_harness.problems import UsageProblem

_RANGE = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Ranges of the day, in the local time of the machine (the variable TZ sets another)."""

    ranges: tuple[tuple[time, time], ...]
    clock: Clock = lambda: datetime.now().astimezone()

    @classmethod
    def read(cls, text: str) -> QuietHours:
        """Ranges of an option; raises UsageProblem for another form."""
        found = []
        for part in filter(None, (one.strip() for one in text.split(","))):
            met = _RANGE.fullmatch(part)
            if met is None or met[1] + met[2] == met[3] + met[4]:
                raise UsageProblem(f"{part!r} is no range of hours", "HH:MM-HH:MM, several joined by commas", "--quiet-hours", "07:00-17:00")
            found.append((time(int(met[1]), int(met[2])), time(int(met[3]), int(met[4]))))
        return cls(tuple(found))

    def until(self) -> time | None:
        """The end of the range that it is now in; None when it is in none."""
        now = self.clock().time()
        for start, end in self.ranges:
            inside = start <= now < end if start < end else now >= start or now < end
            if inside:
                return end
        return None
