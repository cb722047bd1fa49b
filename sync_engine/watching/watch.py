"""The watch: begins runs when they are due, several at a time, and goes on whatever becomes of one of them.

Called by `sync run --watch` and `sync watch`. One thread decides and tells; runs have threads of their own. It ends when it is
asked to: a run that reads is given up, a transaction may finish, and nothing is left half applied.
"""

from __future__ import annotations

import queue
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from oneroster_standard.moments import format_instant
from sync_engine.monitoring.event_log import EventLog
from sync_engine.reading import SECOND_SERVED
from sync_engine.watching.agenda import Agenda, Budget
from sync_engine.watching.clock import Clock
from sync_engine.watching.districts import District
from sync_engine.watching.leash import Leash, Pacer
from sync_engine.watching.one_run import ABANDONED, BUSY_STATUS, Outcome, Performer, place_of

END_WITHIN_S = 8.0
"""So long runs may take to end once the watch was asked to."""
LATE = timedelta(minutes=1)
_KINDS = ("create", "update", "delete", "unchanged", "held", "quarantined")


@dataclass(slots=True)
class Tally:
    """What became of one tenant's runs in this watch. statuses: status -> runs."""

    statuses: Counter[str] = field(default_factory=Counter)
    failures: int = 0
    last: Outcome | None = None


class Watch:
    """The districts of one target. after: hears each outcome with the moment of its end, in the run's own thread; must not
    raise. once: every district runs
    once, now, and the watch ends."""

    def __init__(
        self,
        districts: Sequence[District],
        budget: Budget,
        perform: Performer,
        log: EventLog,
        clock: Clock,
        *,
        last: Mapping[str, datetime] | None = None,
        after: Callable[[District, Outcome, datetime], None] = lambda district, outcome, at: None,
        executor: Executor | None = None,
        once: bool = False,
        stop: threading.Event | None = None,
    ) -> None:
        self.tallies = {one.tenant: Tally() for one in districts}
        self.stop = stop or threading.Event()
        self._wake = threading.Event()
        self._districts = {one.tenant: one for one in districts}
        self._perform, self._log, self._clock, self._after = perform, log, clock, after
        self._ended: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._executor = executor or ThreadPoolExecutor(budget.runs, thread_name_prefix="run")
        self._pacers = _pacers(districts)
        self._running: set[str] = set()
        self._budget = budget
        self._once = set(self._districts) if once else None
        now = clock.now()
        places = {one.tenant: (one.calendar, one.host) for one in districts}
        self._agenda = Agenda(places, budget, now, last or {}, at_once=once)

    def end(self) -> None:
        """Ask the watch to end; may be called from a signal's handler."""
        self.stop.set()
        self._wake.set()

    def run(self) -> int:
        """Watch until asked to end; returns how many runs had not ended by then."""
        self._log.tell("watch-started", districts=len(self._districts), runs_at_a_time=self._budget.runs)
        for tenant in self._districts:
            if self._once is None:
                self._log.tell("run-due", tenant, next=format_instant(self._agenda.due(tenant)))
        while not self.stop.is_set() and self._once != set():
            self._wake.clear()
            self._settle()
            self._begin()
            if self.stop.is_set() or not self._ended.empty() or self._once == set():
                continue
            until = self._agenda.next_moment()
            # What is due and may not begin waits for a run to end.
            self._clock.wait(until if until is not None and until > self._clock.now() else None, self._wake)
        return self._close()

    def _begin(self) -> None:
        now = self._clock.now()
        for tenant, due in self._agenda.begin(now, only=self._once):
            if self._once is None and now - due > LATE:
                self._log.tell("run-late", tenant, due=format_instant(due))
            self._running.add(tenant)
            self._executor.submit(self._work, self._districts[tenant], now)

    def _work(self, district: District, now: datetime) -> None:
        leash = Leash(self.stop, district.settings.longest_run.total_seconds(), self._pacers[district.host or district.tenant])
        outcome = self._perform(district, leash, now, lambda run: self._log.tell("run-started", district.tenant, run=run))
        try:
            if outcome.status == ABANDONED:
                self._log.tell("run-abandoned", outcome.tenant, run=outcome.run)
            else:
                self._count(outcome)
                self._after(district, outcome, self._clock.now())
        except Exception as error:  # noqa: BLE001
            # What comes after a run must not end the watch, which would wait for this run for ever.
            self._log.tell("run-crashed", outcome.tenant, run=outcome.run, error=type(error).__name__, place=place_of(error))
        finally:
            self._ended.put(outcome)
            self._wake.set()

    def _count(self, outcome: Outcome) -> None:
        # One run of a tenant at a time: nobody else writes to this tally.
        tally = self.tallies[outcome.tenant]
        tally.statuses[outcome.status] += 1
        tally.failures = tally.failures + 1 if outcome.has_failed else 0
        tally.last = outcome
        self._tell(outcome, tally.failures)

    def _settle(self) -> None:
        while not self._ended.empty():
            outcome = self._ended.get()
            self._running.discard(outcome.tenant)
            due = self._agenda.end(outcome.tenant, self._clock.now(), failed=outcome.has_failed, sign_in=outcome.is_sign_in)
            if self._once is not None:
                self._once.discard(outcome.tenant)
            elif not self.stop.is_set():
                self._log.tell("run-due", outcome.tenant, next=format_instant(due))

    def _tell(self, outcome: Outcome, failures: int) -> None:
        if outcome.status == BUSY_STATUS:
            self._log.tell("run-busy", outcome.tenant)
            return
        found = outcome.result
        counts = {kind: sum(getattr(one, kind) for one in found.changes.values()) for kind in _KINDS}
        self._log.tell(
            "run-ended", outcome.tenant, run=outcome.run, status=outcome.status, **counts, rows=found.rows,
            requests=found.requests, elapsed_s=round(found.elapsed_s, 1),
        )  # fmt: skip
        if SECOND_SERVED in found.reasons:
            self._log.tell("second-credential", outcome.tenant)
        if outcome.crashed:
            self._log.tell("run-crashed", outcome.tenant, run=outcome.run, error=outcome.message, place=outcome.crashed)
        elif outcome.problem:
            self._log.tell(
                "run-problem", outcome.tenant, run=outcome.run, problem=outcome.problem, message=outcome.message, failures=failures
            )
        if outcome.unrecorded:
            self._log.tell("target-failed", outcome.tenant, message=outcome.unrecorded)

    def _close(self) -> int:
        if self._running:
            self._log.tell("watch-ending", running=len(self._running))
        self._executor.shutdown(wait=False, cancel_futures=True)
        until = self._clock.now() + timedelta(seconds=END_WITHIN_S)
        while self._running and self._clock.now() < until:
            self._wake.clear()
            self._settle()
            if self._running and self._ended.empty():
                self._clock.wait(until, self._wake)
        self._settle()
        self._log.tell("watch-ended", runs=sum(sum(one.statuses.values()) for one in self.tallies.values()), cut=len(self._running))
        return len(self._running)


def _pacers(districts: Sequence[District]) -> dict[str, Pacer]:
    """One pacer per host; where districts of a host ask for different paces, the slowest."""
    paces: dict[str, list[float]] = {}
    for one in districts:
        paces.setdefault(one.host or one.tenant, []).extend([] if one.requests_per_s is None else [one.requests_per_s])
    return {host: Pacer(min(found, default=None)) for host, found in paces.items()}
