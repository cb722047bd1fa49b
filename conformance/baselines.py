"""Baselines: findings that a team accepts for a reason and until a day, so that only new ones fail.

Called by the check command before the reports are written. An entry is judged against the day of the run, the one thing here
that goes by the clock: an exception that nobody looks at again is not one.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from conformance.notices import Notice
from conformance.report import Outcome, Report
from oneroster_harness.problems import CannotRun, UsageProblem, nearest

KEYS = ("finding", "check", "profile", "demand", "reason", "until", "message")
FIRST_TERM = timedelta(days=90)
"""How long entries of a written baseline hold: long enough for a term's work, short enough to be looked at again."""
UNEXPLAINED = "accepted as it was found; say here why"
EXPIRED, UNMATCHED = "baseline.expired", "baseline.unmatched"
SECTION = "the baseline file"


@dataclass(frozen=True, slots=True)
class Entry:
    """One accepted finding, all findings of a check, or one demand of a profile."""

    reason: str
    until: date
    finding: str = ""
    check: str = ""
    profile: str = ""
    demand: str = ""

    @property
    def name(self) -> str:
        """What it accepts, in one word."""
        return f"{self.profile}: {self.demand}" if self.profile else self.finding or self.check

    def accepts(self, notice: Notice) -> bool:
        """Whether it is about a finding."""
        if self.profile or (self.check and notice.check != self.check):
            return False
        return not self.finding or notice.id == self.finding


def read_baseline(path: Path) -> tuple[Entry, ...]:
    """Entries of a TOML or JSON file; raises UsageProblem for one without a reason, an end, or something to accept."""
    try:
        text = path.read_text("utf-8")
        raw = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except FileNotFoundError as error:
        raise UsageProblem("the baseline is not there", "a file of --write-baseline", str(path)) from error
    except OSError as error:
        raise CannotRun(f"the baseline cannot be read: {error.strerror}", where=str(path)) from error
    except (ValueError, UnicodeDecodeError) as error:
        raise UsageProblem("the baseline is neither TOML nor JSON", "[[accept]] with reason and until", f"{path}: {error}") from error
    rows = raw.get("accept") if isinstance(raw, dict) else None
    if not isinstance(rows, list):
        raise UsageProblem("the baseline accepts nothing", "[[accept]] with finding, reason and until", str(path))
    return tuple(_entry(row, f"{path}, entry {number}") for number, row in enumerate(rows, start=1))


def _entry(row: Any, where: str) -> Entry:
    if not isinstance(row, dict):
        raise UsageProblem("an entry is no table", "[[accept]]", where)
    for key in row:
        if key not in KEYS:
            raise UsageProblem(f"unknown key {key!r}; {nearest(key, KEYS)}", ", ".join(KEYS), where)
    until = row.get("until")
    try:
        day = until if isinstance(until, date) else date.fromisoformat(str(until))
    except ValueError as error:
        raise UsageProblem("an entry has no day on which it ends", "until = 2027-01-31", where) from error
    texts = {key: str(row.get(key, "")).strip() for key in ("reason", "finding", "check", "profile", "demand")}
    if not texts["reason"]:
        raise UsageProblem("an entry gives no reason", 'reason = "why this is accepted"', where)
    if not (texts["finding"] or texts["check"] or (texts["profile"] and texts["demand"])):
        raise UsageProblem("an entry names nothing", "finding, check, or profile and demand", where)
    return Entry(until=day, **texts)


def apply_baseline(report: Report, entries: tuple[Entry, ...], path: str, today: date) -> None:
    """Mark what the entries accept; add a finding for each that has expired and each that matches nothing any more."""
    live = [entry for entry in entries if entry.until >= today]
    report.findings = [_accepted(notice, live) for notice in report.findings]
    for name, verdict in report.profiles.items():
        report.profiles[name] = _accepted_demands(verdict, [entry for entry in live if entry.profile == name])
    more = [*_expired(entries, path, today), *_unmatched(report, live, path)]
    report.findings += more
    report.outcomes = [_told(outcome, report) for outcome in report.outcomes]
    for id in (EXPIRED, UNMATCHED):
        met = any(notice.check == id for notice in more)
        report.outcomes.append(Outcome(id, "fail" if met else "pass", "", SECTION))


def _accepted(notice: Notice, entries: list[Entry]) -> Notice:
    entry = next((one for one in entries if one.accepts(notice)), None)
    if entry is None:
        return notice
    reason = f"{entry.reason} (until {entry.until.isoformat()})"
    return replace(notice, accepted=reason, severity="info", graded=notice.graded or notice.severity)


def _accepted_demands(verdict: dict[str, Any], entries: list[Entry]) -> dict[str, Any]:
    reasons = {entry.demand: f"{entry.reason} (until {entry.until.isoformat()})" for entry in entries}
    taken = [one | {"reason": reasons[one["demand"]]} for one in verdict["blockers"] if one["demand"] in reasons]
    left = [one for one in verdict["blockers"] if one["demand"] not in reasons]
    word = "fail" if left else "incomplete" if verdict["not_exercised"] else "pass"
    return verdict | {"verdict": word, "blockers": left, "accepted": taken} if taken else verdict


def _expired(entries: tuple[Entry, ...], path: str, today: date) -> Iterator[Notice]:
    for entry in entries:
        if entry.until < today:
            yield Notice(
                f"the baseline's entry for {entry.name} has expired", {"file": path, "column": entry.name}, f"a day not before {today.isoformat()}",
                entry.until.isoformat(), severity="error", check=EXPIRED, section=SECTION, remedy="mend what it accepted, or give a new reason and day",
            )  # fmt: skip


def _unmatched(report: Report, entries: list[Entry], path: str) -> Iterator[Notice]:
    asked = {outcome.id for outcome in report.outcomes if outcome.outcome in ("pass", "fail")}
    for entry in entries:
        if entry.profile:
            verdict = report.profiles.get(entry.profile)
            # Without the profile in this run nobody knows.
            is_met = verdict is None or any(one["demand"] == entry.demand for one in verdict.get("accepted", ()))
        else:
            is_met = any(entry.accepts(notice) for notice in report.findings) or bool(entry.check and entry.check not in asked)
        if not is_met:
            yield Notice(
                f"the baseline's entry for {entry.name} matches nothing any more", {"file": path, "column": entry.name}, "a finding that it accepts",
                "none", severity="warning", check=UNMATCHED, section=SECTION, remedy="take the entry out: what it accepted is mended",
            )  # fmt: skip


def _told(outcome: Outcome, report: Report) -> Outcome:
    own = [notice for notice in report.findings if notice.check == outcome.id]
    is_accepted = bool(own) and all(notice.is_settled for notice in own) and any(notice.accepted for notice in own)
    return replace(outcome, reason="accepted by the baseline") if is_accepted else outcome


def baseline_of(report: Report, today: date) -> str:
    """A baseline in TOML that accepts every error and warning of a run for a term; its reasons are to be written."""
    until = (today + FIRST_TERM).isoformat()
    lines = [f"# Accepted of OneRoster {report.spec}. Write the reasons; take out what is mended. Each entry ends on its day."]
    rows = {notice.id: notice for notice in report.ordered() if notice.severity != "info" and not notice.check.startswith("baseline.")}
    for id, notice in rows.items():
        lines += ["", "[[accept]]", f'finding = "{id}"', f'check = "{notice.check}"', f"message = {json.dumps(notice.message)}",
                  f'reason = "{UNEXPLAINED}"', f"until = {until}"]  # fmt: skip
    for name, verdict in report.profiles.items():
        for one in verdict["blockers"]:
            lines += ["", "[[accept]]", f'profile = "{name}"', f"demand = {json.dumps(one['demand'])}", f"message = {json.dumps(one['message'])}",
                      f'reason = "{UNEXPLAINED}"', f"until = {until}"]  # fmt: skip
    # An empty baseline is one, too: nothing is accepted.
    return "\n".join([*lines, "" if rows or len(lines) > 1 else "\naccept = []\n"])


ENTRIES: tuple[dict[str, Any], ...] = tuple(
    {
        "id": id, "kind": "check", "judges": "run", "title": title, "description": why, "severity": severity, "section": SECTION, "source": SECTION,
        "confidence": {}, "trips": [], "remedy": remedy, "writes": False,
    }
    for id, severity, title, why, remedy in (
        (EXPIRED, "error", "No entry of the baseline has passed its day.", "An exception that nobody looks at again hides a fault for ever.",
         "mend what it accepted, or give a new reason and day"),
        (UNMATCHED, "warning", "Every entry of the baseline still accepts something.", "An entry that is left over would accept the fault when it comes back.",
         "take the entry out"),
    )
)  # fmt: skip
"""Entries of the catalogue: what the suite says of a baseline rather than of a provider."""
