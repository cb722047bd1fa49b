"""One unattended run of one district: read, planned, applied, recorded; every end is an outcome, none an exception.

Called by the watch, in a thread of its own. A hold is never approved here; without `yes` nothing is applied.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from oneroster_harness.problems import Problem
from sync_engine.applying import StalePlan
from sync_engine.commands.planning import applied, planned, staging
from sync_engine.commands.reporting import NO_TARGET, RunClock
from sync_engine.commands.source_options import opened
from sync_engine.monitoring.credentials import Served
from sync_engine.result import Result
from sync_engine.sources.connection import Hooks
from sync_engine.targets.claims import BUSY, claimed
from sync_engine.targets.session import Target
from sync_engine.watching.districts import District
from sync_engine.watching.leash import Abandoned, Leash

ABANDONED, BUSY_STATUS = "abandoned", "busy"
FAILED = ("refused", "failed")
SIGN_IN_PROBLEMS = ("sync.refused-credential", "sync.sftp-credential")
Began = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended. status: one of a result's, or `abandoned` or `busy`, which leave no record. problem: its id;
    crashed: where in our code a fault of ours was, empty for none."""

    tenant: str
    run: str
    status: str
    result: Result
    problem: str = ""
    message: str = ""
    crashed: str = ""
    unrecorded: str = ""

    @property
    def has_failed(self) -> bool:
        """Whether the next try is to wait."""
        return self.status in (*FAILED, BUSY_STATUS)

    @property
    def is_sign_in(self) -> bool:
        """Whether the provider refused the credential."""
        return self.problem in SIGN_IN_PROBLEMS


class Performer(Protocol):
    """Makes one run. began: hears the run's id."""

    def __call__(self, district: District, leash: Leash, at: datetime, began: Began) -> Outcome:
        """Never raises."""
        ...


class EngineRun:
    """Runs of the engine into one target. yes: apply; without it, runs only plan."""

    def __init__(self, target: Target, target_text: str, *, yes: bool) -> None:
        self._target = target
        self._text = target_text
        self._yes = yes

    def __call__(self, district: District, leash: Leash, at: datetime, began: Began) -> Outcome:
        """Make one run; see Performer."""
        clock = RunClock("run", at)
        clock.source, clock.target, clock.tenant = district.source, self._target.address, district.tenant
        clock.into = self._target if self._yes else None
        began(clock.run)
        try:
            found = self._run(clock, district, leash)
            return Outcome(district.tenant, clock.run, found.status, found)
        except Abandoned as problem:
            return Outcome(district.tenant, clock.run, ABANDONED, clock.ended(ABANDONED, problem.met), problem.id, problem.met)
        except Problem as problem:
            return self._problem(clock, district, problem)
        except Exception as error:  # noqa: BLE001
            # A fault of ours ends this run and no other. Its text may hold a value of a row; where it was, does not.
            place = place_of(error)
            reason = f"a fault of oneroster itself: {type(error).__name__} in {place}"
            clock.record_failure("failed", reason)
            return Outcome(
                district.tenant, clock.run, "failed", clock.ended("failed", reason), "sync.crashed", type(error).__name__, place, clock.unrecorded
            )

    def _run(self, clock: RunClock, district: District, leash: Leash) -> Result:
        served = Served()
        hooks = Hooks(leash.before_request, leash.sleep, lambda _: leash.check(), served.hear)
        # Windows, terms and stages count from the day of the watch's clock, in the district's own zone.
        options = {**district.options, "hooks": hooks, "as_of": district.options["as_of"] or clock.at.astimezone(district.calendar.schedule.zone).date()}
        with claimed(self._target, district.tenant):
            source, _ = opened(district.source, self._text, options)
            clock.source = source.shown
            with staging(None) as folder:
                made = planned(source, self._target, folder, options)
                leash.check()
                if not self._yes:
                    return clock.result(made, "planned")
                found = applied(clock, made, self._target)
            served.keep(self._target, district.tenant, source.credentials(), clock.at)
            return found

    @staticmethod
    def _problem(clock: RunClock, district: District, problem: Problem) -> Outcome:
        if problem.id == BUSY:
            return Outcome(district.tenant, clock.run, BUSY_STATUS, clock.ended(BUSY_STATUS, problem.met), problem.id, problem.met)
        status = "refused" if isinstance(problem, StalePlan) else "failed"
        reason = "; ".join(part for part in (problem.met, problem.where, problem.try_) if part)
        if problem.id not in NO_TARGET:
            clock.record_failure(status, reason)
        return Outcome(district.tenant, clock.run, status, clock.ended(status, reason), problem.id or "sync.problem", problem.met, "", clock.unrecorded)


def place_of(error: BaseException) -> str:
    """Where in our code an error was raised; tells nothing of what it says."""
    package = Path(__file__).parents[1]
    frames = [(Path(one.filename), one.lineno) for one in traceback.extract_tb(error.__traceback__)]
    file, line = next((one for one in reversed(frames) if one[0].is_relative_to(package)), frames[-1])
    return f"{file.relative_to(package) if file.is_relative_to(package) else file.name}:{line}"
