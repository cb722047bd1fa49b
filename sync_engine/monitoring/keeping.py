"""What a watch keeps an eye on after each run: measures, states, metrics, and the messages that follow from them.

Called by the watch, in the run's own thread. Never raises: what cannot be kept is told as an event.
"""

from __future__ import annotations

from datetime import datetime

from oneroster_harness.problems import CannotRun
from sync_engine.monitoring import metrics
from sync_engine.monitoring.event_log import EventLog
from sync_engine.monitoring.measures import Measures
from sync_engine.standing import measured, row_states
from sync_engine.targets.session import Target
from sync_engine.watching.districts import District
from sync_engine.watching.one_run import Outcome


class Keeping:
    """One watch's. board: the metrics that are served."""

    def __init__(self, target: Target, log: EventLog) -> None:
        self.board = metrics.TenantMetrics()
        self._target, self._log = target, log

    def look(self, district: District, now: datetime) -> Measures | None:
        """Measure a tenant and set its metrics; None when the target cannot be read."""
        try:
            if not self._target.is_there():
                return None
            with self._target.reading() as session:
                found = measured(session, district.tenant, now, district.settings.expectations)
                rows = row_states(session, district.tenant)
        except CannotRun as problem:
            self._log.tell("target-failed", district.tenant, message=problem.met)
            return None
        present = sum(states.get("present", 0) for states in rows.values())
        self.board.put(district.tenant, {**metrics.measured(found), "rows_present": present})
        return found

    def after(self, district: District, outcome: Outcome, at: datetime) -> None:
        """Look at what a run has changed."""
        self.look(district, at)
