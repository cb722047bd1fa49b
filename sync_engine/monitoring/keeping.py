"""What a watch keeps an eye on after each run: measures, states, metrics, and the messages that follow from them.

Called by the watch, in the run's own thread. Never raises: what cannot be kept is told as an event.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime

from oneroster_harness.problems import CannotRun
from sync_engine.monitoring import metrics
from sync_engine.monitoring.event_log import EventLog
from sync_engine.monitoring.measures import BAD, STATES, Measures
from sync_engine.monitoring.messages import Messenger, Told
from sync_engine.monitoring.sinks import Sink, Sleep, read_sink
from sync_engine.standing import measured, row_states
from sync_engine.targets.session import Target
from sync_engine.watching.districts import District
from sync_engine.watching.one_run import Outcome


class Keeping:
    """One watch's. board: the metrics that are served. sleep: waits between tries of a message.

    Raises UsageProblem for a wrong row of [[notify]], CannotRun for a webhook without its secret.
    """

    def __init__(self, target: Target, log: EventLog, districts: Sequence[District], sleep: Sleep, environ: Mapping[str, str] = os.environ) -> None:
        self.board = metrics.TenantMetrics()
        self._target, self._log = target, log
        self._sinks: dict[str, list[Sink]] = {
            one.tenant: [read_sink(row, environ, f"notify, row {number}") for number, row in enumerate(one.settings.notify, 1)] for one in districts
        }
        self._messenger = Messenger(Told(target, log), log, sleep)

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
        """Look at what a run has changed, and tell whom it concerns."""
        found = self.look(district, at)
        states = dict(found.states) if found else {}
        unknown = [] if found else [state for state in STATES if state != "failed"]
        if outcome.status in BAD:
            # Where the target could not keep the run, its record does not say so.
            states.setdefault("failed", at)
        elif found is None and not outcome.has_failed:
            states.pop("failed", None)
        problem = (outcome.problem, outcome.message)
        # From several threads, but never of one tenant at a time.
        self._messenger.tell(district.tenant, states, unknown, self._sinks[district.tenant], at, outcome.result, problem)
