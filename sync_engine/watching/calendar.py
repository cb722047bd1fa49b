"""The next moment of one district: its schedule, moved out of closed times and spread by jitter.

Called by the agenda. The same district has the same jitter at the same moment, so that a restart moves nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from oneroster_harness.problems import UsageProblem
from sync_engine.watching.closed_times import ClosedTimes
from sync_engine.watching.schedule import Schedule

_MOST_MOVES = 1000
_NEVER = timedelta()


@dataclass(frozen=True, slots=True)
class Calendar:
    """When one tenant's runs begin. jitter: a run begins up to so much later than its schedule says."""

    tenant: str
    schedule: Schedule
    closed: ClosedTimes
    jitter: timedelta = _NEVER

    def next_after(self, moment: datetime) -> datetime:
        """The first moment after another one at which a run may begin.

        Raises UsageProblem when closed times leave none.
        """
        return self._moved(self._spread(self.schedule.next_after(moment)))

    def opened(self, moment: datetime) -> datetime:
        """A moment, or the next one after it at which a run may begin."""
        return self._moved(moment)

    def _moved(self, moment: datetime) -> datetime:
        for _ in range(_MOST_MOVES):
            if end := self.closed.blackout_until(moment):
                # A blackout swallows its runs; the first one after it is the schedule's own, at its end for a span.
                before = end - (self.schedule.every or timedelta(microseconds=1))
                moment = self._spread(self.schedule.next_after(before))
            elif end := self.closed.quiet_until(moment):
                moment = self._spread(end)
            else:
                return moment
        raise UsageProblem(
            f"quiet hours and blackouts leave no moment for {self.schedule.text!r}", "a schedule outside of them", f"tenant {self.tenant}"
        )

    def _spread(self, moment: datetime) -> datetime:
        if not self.jitter:
            return moment
        drawn = hashlib.sha256(f"{self.tenant}\x00{moment.isoformat()}".encode()).digest()[:6]
        return moment + self.jitter * (int.from_bytes(drawn) / 2**48)
