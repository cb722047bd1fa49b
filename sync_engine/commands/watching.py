"""What `sync run --watch` and `sync watch` share: their options, the signals that end them, the summary.

Called by these verbs. Never asks anybody anything.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from oneroster_harness.problems import CannotRun
from oneroster_harness.terminal import echo_json, echo_text
from oneroster_standard.moments import parse_instant
from sync_engine.monitoring.event_log import FORMATS, EventLog
from sync_engine.monitoring.keeping import Keeping
from sync_engine.monitoring.metrics import LOOPBACK, serve
from sync_engine.run_log import entries
from sync_engine.targets.opening import open_target
from sync_engine.targets.session import Target
from sync_engine.watching import summary
from sync_engine.watching.agenda import Budget
from sync_engine.watching.clock import Clock, WallClock
from sync_engine.watching.districts import District
from sync_engine.watching.one_run import EngineRun
from sync_engine.watching.watch import Watch

LOCKED_WAIT_S = 60.0
"""So long a watch waits for a DuckDB file that somebody looks into."""
clock_of_watches: Callable[[], Clock] = WallClock
"""Tests put a clock of their own here."""


def watch_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Options of both verbs."""
    for option in (
        click.option("--metrics-port", type=click.IntRange(0, 65535), metavar="P", help="Serve Prometheus metrics on this loopback port; 0 takes a free one"),
        click.option("--log", "log_format", type=click.Choice(FORMATS), default="text", show_default=True, help="Form of the events on stderr"),
    ):  # fmt: skip
        function = option(function)
    return function


def watch_and_tell(
    districts: Sequence[District], target_text: str, *, yes: bool, budget: Budget, log_format: str, metrics_port: int | None,
    json_target: str | None, once: bool = False,
) -> None:  # fmt: skip
    """Watch until a signal comes, then print the summary; a run that a signal cuts is rolled back by its database."""
    clock = clock_of_watches()
    log = EventLog(log_format, now=clock.now)
    target = open_target(target_text, LOCKED_WAIT_S)
    stop = threading.Event()
    keeping = Keeping(target, log, districts, lambda seconds: clock.pause(seconds, stop))
    watch = Watch(
        districts, budget, EngineRun(target, target_text, yes=yes), log, clock, last=last_runs(target, log), after=keeping.after, once=once,
        stop=stop,
    )  # fmt: skip
    if metrics_port is not None:
        log.tell("metrics-served", address=f"http://{LOOPBACK}:{serve(keeping.board, metrics_port)}/metrics")
        for one in districts:
            keeping.look(one, clock.now())
    with _own_scratch() as scratch, _ended_by_signals(watch):
        cut = watch.run()
    echo_text(summary.text(districts, watch.tallies), json_target)
    echo_json(summary.document(target.address, districts, watch.tallies, cut), json_target)
    if cut:
        # Their threads would keep the process; an open transaction ends with it. No row stays behind in their files.
        shutil.rmtree(scratch, ignore_errors=True)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
    if once:
        click.get_current_context().exit(summary.exit_code(watch.tallies))


def last_runs(target: Target, log: EventLog) -> dict[str, datetime]:
    """When each tenant's last run began."""
    if not target.is_there():
        return {}
    try:
        with target.reading() as session:
            return {one.tenant: parse_instant(one.at) for one in entries(session) if one.verb == "run"}
    except CannotRun as problem:
        log.tell("target-failed", message=problem.met)
        return {}


@contextmanager
def _own_scratch() -> Iterator[Path]:
    """A folder that holds whatever the runs write down for a while, so that it can be removed as a whole."""
    before, folder = tempfile.tempdir, Path(tempfile.mkdtemp(prefix="oneroster-watch-"))
    tempfile.tempdir = str(folder)
    try:
        yield folder
    finally:
        tempfile.tempdir = before
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _ended_by_signals(watch: Watch) -> Iterator[None]:
    kept = {number: signal.signal(number, lambda *_: watch.end()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
