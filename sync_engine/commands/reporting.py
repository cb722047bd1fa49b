"""What a verb tells: its run's id and time, its result as text and as JSON, also when it ends with a problem.

Called by every verb that plans or applies. Never holds a row.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import click

from oneroster_harness.problems import CannotRun, Problem, UsageProblem
from oneroster_harness.providers import redact
from oneroster_harness.terminal import echo_json, echo_text
from oneroster_standard.moments import format_instant
from sync_engine.applying import StalePlan
from sync_engine.difference import Counts
from sync_engine.plan import Plan
from sync_engine.result import Result
from sync_engine.run_log import Entry, append
from sync_engine.targets.opening import shown
from sync_engine.targets.session import Target

NO_TARGET = ("sync.target-not-opened", "sync.no-driver", "sync.tenant-busy")
"""Problems of the target itself: there is nowhere to record them; and a run that did not begin because of another."""


class RunClock:
    """The run's id and its time; logs may know the hour, data never does.

    verb: what was called. at: when, default now. into: the target whose record the run belongs to, None until it may be written.
    """

    def __init__(self, verb: str = "plan", at: datetime | None = None) -> None:
        self.at = at or datetime.now(UTC)
        self.run = f"{self.at:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
        self.verb = verb
        self.source = self.target = ""
        self.tenant = "default"
        self.into: Target | None = None
        self.unrecorded = ""
        self._started = time.monotonic()

    def stamp(self, made: Plan) -> Entry:
        """The start of the run's record: who, when and from where."""
        complete = {name: found.complete for name, found in made.entities.items()}
        return Entry(
            self.run, self.verb, format_instant(self.at), made.tenant, "", made.source, made.version,
            complete=complete | dict.fromkeys(made.unread, False), reasons=made.reasons, rows=made.rows,
            requests=made.requests, elapsed_ms=self.elapsed_ms,
        )  # fmt: skip

    def record_failure(self, status: str, reason: str) -> None:
        """Leave the run in the target's record, where there is a target; nothing else of it is touched."""
        if self.into is None or not self.into.is_there():
            return
        entry = Entry(
            self.run, self.verb, format_instant(self.at), self.tenant, status, self.source,
            reasons=(reason,), elapsed_ms=self.elapsed_ms,
        )  # fmt: skip
        try:
            with self.into.writing() as session:
                append(session, entry)
        except CannotRun as problem:
            self.unrecorded = problem.met
            click.echo(f"this run is not in the target's record: {problem.met}", err=True)

    @property
    def elapsed_ms(self) -> int:
        """Milliseconds since the run began."""
        return int(1000 * (time.monotonic() - self._started))

    def result(self, made: Plan, status: str, **changed: Any) -> Result:
        """The result of a plan as it stands."""
        parts: dict[str, Any] = {
            "complete": {name: found.complete for name, found in made.entities.items()}
            | dict.fromkeys(made.unread, False),
            "changes": {name: found.counts for name, found in made.entities.items()}
            | {name: Counts() for name in made.unread}, "reasons": made.reasons, "reads": made.reads,
        }  # fmt: skip
        return Result(
            self.run, made.source, made.target, status, rows=made.rows, requests=made.requests,
            elapsed_s=time.monotonic() - self._started, **(parts | changed),
        )  # fmt: skip

    def ended(self, status: str, reason: str) -> Result:
        """The result of a run that changed nothing because of a problem."""
        return Result(
            self.run, self.source, self.target, status, {}, {}, (reason,),
            elapsed_s=time.monotonic() - self._started,
        )  # fmt: skip


@contextmanager
def reported(clock: RunClock, source: str, target: str, json_target: str | None) -> Iterator[None]:
    """Give the machine form also to a run that ends with a problem."""
    clock.source = redact(source) if "://" in source else source
    clock.target = shown(target) if target else ""
    try:
        yield
    except UsageProblem:
        raise
    except Problem as problem:
        status = "refused" if isinstance(problem, StalePlan) else "failed"
        reason = "; ".join(part for part in (problem.met, problem.where, problem.try_) if part)
        if problem.id not in NO_TARGET:
            clock.record_failure(status, reason)
        echo_json(clock.ended(status, reason).document(), json_target)
        raise


def finish(found: Result, json_target: str | None) -> None:
    """Print a result for a person and for a machine."""
    echo_text(found.text(), json_target)
    echo_json(found.document(), json_target)
