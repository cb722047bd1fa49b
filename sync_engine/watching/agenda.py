"""What is due: which districts may begin a run now, and when each is next.

Called by the watch, from one thread. Decides from moments alone; runs nothing and reads no clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sync_engine.watching.calendar import Calendar

FIRST_RETRY = timedelta(minutes=5)
LONGEST_RETRY = timedelta(hours=6)
FIRST_RETRY_OF_SIGN_IN = timedelta(hours=1)
"""A credential that was refused is not offered again soon: providers lock accounts over it."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How many runs go on at a time: in total, and against one host."""

    runs: int = 4
    per_host: int = 1


@dataclass(slots=True)
class _Turn:
    calendar: Calendar
    host: str
    due: datetime
    failures: int = 0
    is_running: bool = False


class Agenda:
    """The districts by tenant. last: when each tenant's last run began, as the target remembers it. at_once: all are due now,
    also in closed times: somebody asked for it."""

    def __init__(
        self, places: Mapping[str, tuple[Calendar, str]], budget: Budget, now: datetime, last: Mapping[str, datetime], *, at_once: bool = False
    ) -> None:  # fmt: skip
        self._budget = budget
        self._at_once = at_once
        self._turns = {
            tenant: _Turn(calendar, host, now if at_once else _first(calendar, now, last.get(tenant)))
            for tenant, (calendar, host) in places.items()
        }

    def begin(self, now: datetime, only: Collection[str] | None = None) -> list[tuple[str, datetime]]:
        """Tenants whose run begins now, longest due first, each with the moment that it was due; they count as running.

        only: tenants that may begin at all.
        """
        found: list[tuple[str, datetime]] = []
        busy = Counter(turn.host for turn in self._turns.values() if turn.is_running and turn.host)
        free = self._budget.runs - sum(turn.is_running for turn in self._turns.values())
        for tenant, turn in sorted(self._turns.items(), key=lambda pair: (pair[1].due, pair[0])):
            if free <= 0 or turn.due > now:
                break
            if turn.is_running or (only is not None and tenant not in only) or (turn.host and busy[turn.host] >= self._budget.per_host):
                continue
            opened = now if self._at_once else turn.calendar.opened(now)
            if opened > now:
                turn.due = opened
                continue
            turn.is_running = True
            busy[turn.host] += 1
            free -= 1
            found.append((tenant, turn.due))
        return found

    def end(self, tenant: str, now: datetime, *, failed: bool, sign_in: bool = False) -> datetime:
        """Note that a run has ended; returns when the next one is due.

        What was missed meanwhile is not made up for. failed: the next try waits, longer each time, whatever the schedule
        says. sign_in: the credential was refused.
        """
        turn = self._turns[tenant]
        turn.is_running = False
        turn.failures = turn.failures + 1 if failed else 0
        if not failed:
            turn.due = turn.calendar.next_after(now)
            return turn.due
        turn.due = turn.calendar.opened(now + self.wait(turn.failures, sign_in=sign_in))
        return turn.due

    @staticmethod
    def wait(failures: int, *, sign_in: bool = False) -> timedelta:
        """How long the next try waits after so many failures in a row."""
        first = FIRST_RETRY_OF_SIGN_IN if sign_in else FIRST_RETRY
        doubled: timedelta = first * 2 ** min(failures - 1, 16)
        return min(doubled, LONGEST_RETRY)

    def next_moment(self) -> datetime | None:
        """When a tenant that is not running is next due; None when all run."""
        return min((turn.due for turn in self._turns.values() if not turn.is_running), default=None)

    def due(self, tenant: str) -> datetime:
        """When a tenant is next due."""
        return self._turns[tenant].due


def _first(calendar: Calendar, now: datetime, last: datetime | None) -> datetime:
    """A run that was due while nobody watched is due now, once; a tenant without any run begins by its schedule, at
    once for a span."""
    if last is None:
        return calendar.opened(now) if calendar.schedule.every is not None else calendar.next_after(now)
    missed = calendar.next_after(last)
    return missed if missed > now else calendar.opened(now)
