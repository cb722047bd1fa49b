"""Messages on what an operator must know: one when a state begins, one when it ends, however many runs it lasts.

Called after each run of a watch. What was told stands in the target, so that a restart repeats nothing; a message that could
not be delivered is tried again after the next run. Holds counts and moments, never a value of a row or an id of one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from oneroster_harness.problems import CannotRun
from oneroster_standard.moments import format_instant, parse_instant
from sync_engine.monitoring.event_log import EventLog
from sync_engine.monitoring.sinks import Sink, Sleep, Undelivered
from sync_engine.result import Result
from sync_engine.sql_text import quoted
from sync_engine.targets.session import Target

TOLD = "_oneroster_told"
_SAYS = {
    ("held", "began"): "rows wait for a person", ("held", "ended"): "no row waits any more",
    ("failed", "began"): "runs fail", ("failed", "ended"): "runs succeed again",
    ("silent", "began"): "the source has nothing new for longer than it used to", ("silent", "ended"): "the source has news again",
    ("rotate", "began"): "the credential is due for rotation", ("rotate", "ended"): "the credential was rotated",
}  # fmt: skip
States = Mapping[str, datetime]


def message(tenant: str, state: str, event: str, since: datetime, at: datetime, found: Result | None, problem: tuple[str, str]) -> dict[str, Any]:
    """The body of a message; message.schema.json describes it. problem: id and first line of what a run met."""
    named = "\x00".join((tenant, state, event, format_instant(since)))
    held = {name: counts.held for name, counts in found.changes.items() if counts.held} if found else {}
    says = _SAYS[state, event]
    why = f": {problem[1]}" if state == "failed" and event == "began" and problem[1] else ""
    rows = f" ({', '.join(f'{rows:,} of {name}' for name, rows in held.items())})" if state == "held" and held else ""
    return {
        "version": 1, "id": hashlib.sha256(named.encode()).hexdigest()[:24], "event": event, "state": state, "tenant": tenant,
        "since": format_instant(since), "at": format_instant(at), "summary": f"{tenant}: {says}{rows}{why}", "run": found.run if found else None,
        "status": found.status if found else None, "held": held, "problem": {"id": problem[0], "message": problem[1]} if problem[0] else None,
    }  # fmt: skip


class Told:
    """What each sink has been told of: (sink, tenant) -> state -> since. Lives in the target, and here while that cannot be
    written."""

    def __init__(self, target: Target, log: EventLog) -> None:
        self._target, self._log = target, log
        self._known: dict[tuple[str, str], dict[str, datetime]] = {}
        self._load()

    def of(self, sink: str, tenant: str) -> dict[str, datetime]:
        """States that a sink believes in."""
        return dict(self._known.get((sink, tenant), {}))

    def put(self, sink: str, tenant: str, state: str, since: datetime | None) -> None:
        """Note a state that was told, or None once its end was."""
        known = self._known.setdefault((sink, tenant), {})
        known.pop(state, None)
        if since is not None:
            known[state] = since
        try:
            self._write(sink, tenant, state, since)
        except CannotRun as problem:
            self._log.tell("target-failed", tenant, message=problem.met)

    def _write(self, sink: str, tenant: str, state: str, since: datetime | None) -> None:
        if not self._target.is_there():
            return
        with self._target.writing() as session:
            text = session.text_type
            names = ("sink", "tenant", "state", "since")
            session.query(f"CREATE TABLE IF NOT EXISTS {quoted(TOLD)} ({', '.join(f'{name} {text} NOT NULL' for name in names)})")
            session.query(f"DELETE FROM {quoted(TOLD)} WHERE sink = ? AND tenant = ? AND state = ?", (sink, tenant, state))
            if since is not None:
                session.query(f"INSERT INTO {quoted(TOLD)} VALUES (?, ?, ?, ?)", (sink, tenant, state, format_instant(since)))

    def _load(self) -> None:
        if not self._target.is_there():
            return
        try:
            with self._target.reading() as session:
                rows = session.query(f"SELECT sink, tenant, state, since FROM {quoted(TOLD)}") if session.columns(TOLD) else []
        except CannotRun as problem:
            self._log.tell("target-failed", message=problem.met)
            return
        for sink, tenant, state, since in rows:
            self._known.setdefault((str(sink), str(tenant)), {})[str(state)] = parse_instant(str(since))


class Messenger:
    """Tells the sinks of a watch what has begun and what has ended."""

    def __init__(self, told: Told, log: EventLog, sleep: Sleep) -> None:
        self._told, self._log, self._sleep = told, log, sleep
        self._logged: dict[str, dict[str, datetime]] = {}

    def tell(
        self, tenant: str, states: States, unknown: Sequence[str], sinks: Sequence[Sink], at: datetime, found: Result | None, problem: tuple[str, str]
    ) -> None:  # fmt: skip
        """Compare the states of a tenant with what was told of them. unknown: states of which nothing is known now; they neither
        begin nor end."""
        self._log_changes(tenant, states, unknown)
        for number, sink in enumerate(sinks, 1):
            known = self._told.of(sink.key, tenant)
            for state in sink.on:
                if state in unknown or (state in known) == (state in states):
                    continue
                event = "began" if state in states else "ended"
                since = states[state] if event == "began" else known[state]
                body = message(tenant, state, event, since, at, found, problem)
                if self._send(sink, number, body, at):
                    self._told.put(sink.key, tenant, state, since if event == "began" else None)

    def _send(self, sink: Sink, number: int, body: Mapping[str, Any], at: datetime) -> bool:
        try:
            sink.send(body, at, self._sleep)
        except Undelivered as problem:
            self._log.tell("message-failed", body["tenant"], row=number, message=body["id"], reason=str(problem))
            return False
        self._log.tell("message-sent", body["tenant"], row=number, message=body["id"])
        return True

    def _log_changes(self, tenant: str, states: States, unknown: Sequence[str]) -> None:
        known = self._logged.setdefault(tenant, {})
        for state, since in states.items():
            if state not in known:
                self._log.tell("state-began", tenant, state=state, since=format_instant(since))
        for state in [one for one in known if one not in states and one not in unknown]:
            self._log.tell("state-ended", tenant, state=state, since=format_instant(known[state]))
        self._logged[tenant] = {**{state: since for state, since in known.items() if state in unknown}, **states}
