"""What the record of runs tells of one tenant: how fresh, how often, how well, and whether its source has fallen silent.

Called by `sync status`, its page and metrics, and by the watch. Computes from counts and moments; reads no row and no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from oneroster_standard.moments import format_instant, parse_instant
from sync_engine.monitoring.credentials import Credential
from sync_engine.run_log import Entry

GOOD = ("applied",)
"""Statuses of a run that left nothing to do."""
BAD = ("failed", "refused")
RECENT = timedelta(days=30)
HABIT_GAPS = 20
"""A source's habit is told from so many of its last gaps between news,"""
FEWEST_GAPS = 5
"""and not from fewer than these."""
HABIT_FACTOR = 1.5
SHORTEST_SILENCE = timedelta(days=1)
STATES = ("held", "failed", "silent", "rotate")
"""What an operator is told of: rows wait; runs fail; the source has nothing new for longer than it used to; the credential is old."""


@dataclass(frozen=True, slots=True)
class Expectations:
    """What is asked of a tenant. silent_after: None goes by the source's habit. rotate_after_days: age at which a credential is
    to be replaced."""

    silent_after: timedelta | None = None
    rotate_after_days: int = 365


@dataclass(frozen=True, slots=True)
class Quality:
    """What one run found wrong: rows set aside, rows that wait, and notes."""

    at: datetime
    status: str
    quarantined: int
    held: int
    notes: int


@dataclass(frozen=True, slots=True)
class Measures:
    """One tenant at one moment. settled_at: when a run last landed all that it found. news_at: when one last changed rows.
    silent_limit: how long the source may have nothing new, None where that cannot be told yet."""

    tenant: str
    now: datetime
    runs: Sequence[Entry]
    settled_at: datetime | None
    news_at: datetime | None
    silent_limit: timedelta | None
    silent_since: datetime | None
    credential: Credential | None
    rotate_by: datetime | None
    source_modified: str | None = None

    @property
    def age(self) -> timedelta | None:
        """How old the landed roster is: since the last run that landed all that it found."""
        return None if self.settled_at is None else self.now - self.settled_at

    @property
    def recent(self) -> list[Entry]:
        """Runs of the last thirty days."""
        return [one for one in self.runs if self.now - parse_instant(one.at) <= RECENT]

    @property
    def success_rate(self) -> float | None:
        """Share of the last thirty days' runs that left nothing to do; None without a run."""
        found = self.recent
        return sum(one.status in GOOD for one in found) / len(found) if found else None

    @property
    def failures(self) -> int:
        """Runs that failed since the last one that did not."""
        count = 0
        for one in reversed(self.runs):
            if one.status not in BAD:
                break
            count += 1
        return count

    @property
    def states(self) -> dict[str, datetime]:
        """What an operator is to know, and since when."""
        found: dict[str, datetime | None] = {
            "held": _since(self.runs, ("held",), BAD), "failed": _since(self.runs, BAD, ()), "silent": self.silent_since,
            "rotate": self.rotate_by if self.rotate_by is not None and self.rotate_by <= self.now else None,
        }  # fmt: skip
        return {name: since for name, since in found.items() if since is not None}

    def quality(self, most: int = 60) -> list[Quality]:
        """The last runs that read their source, oldest first."""
        read = [one for one in self.runs if one.after]
        return [
            Quality(parse_instant(one.at), one.status, total(one, "quarantined"), total(one, "held"), len(one.reasons)) for one in read[-most:]
        ]

    def document(self) -> dict[str, Any]:
        """The machine form; times in UTC, spans in seconds."""
        credential = self.credential
        return {
            "settled_at": _told(self.settled_at), "age_s": _seconds(self.age), "news_at": _told(self.news_at),
            "silent_limit_s": _seconds(self.silent_limit), "silent_since": _told(self.silent_since), "source_modified_at": self.source_modified,
            "failures_in_a_row": self.failures, "success_rate_30d": None if self.success_rate is None else round(self.success_rate, 4),
            "runs_30d": len(self.recent), "states": {name: _told(since) for name, since in self.states.items()},
            "credential": None if credential is None else {
                "place": credential.place, "seen_since": _told(credential.seen_since), "age_days": (self.now - credential.seen_since).days,
                "rotate_by": _told(self.rotate_by),
            },
            "quality": [
                {"at": _told(one.at), "status": one.status, "quarantined": one.quarantined, "held": one.held, "notes": one.notes}
                for one in self.quality()
            ],
        }  # fmt: skip


def measure(
    tenant: str, runs: Sequence[Entry], now: datetime, expected: Expectations, credential: Credential | None = None, source_modified: str | None = None
) -> Measures:  # fmt: skip
    """Measure one tenant by its record, oldest run first."""
    read = [one for one in runs if one.verb != "undo"]
    settled = next((parse_instant(one.at) for one in reversed(read) if one.status in GOOD), None)
    news = [parse_instant(one.at) for one in read if one.changed_rows]
    limit = expected.silent_after or _habit(news)
    # Silent is a source that was read and had nothing; one that could not be read has failed.
    last_read = next((parse_instant(one.at) for one in reversed(read) if one.status in (*GOOD, "held")), None)
    last_news = news[-1] if news else (parse_instant(read[0].at) if read else None)
    is_silent = limit is not None and last_read is not None and last_news is not None and last_read - last_news > limit
    rotate = credential.seen_since + timedelta(days=expected.rotate_after_days) if credential else None
    return Measures(
        tenant, now, runs, settled, news[-1] if news else None, limit, last_news + limit if is_silent and last_news and limit else None,
        credential, rotate, source_modified,
    )  # fmt: skip


def _habit(news: Sequence[datetime]) -> timedelta | None:
    gaps = [later - earlier for earlier, later in pairwise(news)][-HABIT_GAPS:]
    return max(max(gaps) * HABIT_FACTOR, SHORTEST_SILENCE) if len(gaps) >= FEWEST_GAPS else None


def _since(runs: Sequence[Entry], wanted: Sequence[str], passed_over: Sequence[str]) -> datetime | None:
    """When the last unbroken row of such runs began; runs that found nothing out are passed over."""
    found: datetime | None = None
    for one in reversed(runs):
        if one.status in passed_over:
            continue
        if one.status not in wanted:
            break
        found = parse_instant(one.at)
    return found


def total(run: Entry, kind: str) -> int:
    """Rows of one kind over all entities of a run."""
    return sum(found.get(kind, 0) for found in run.changes.values())


def _told(moment: datetime | None) -> str | None:
    return None if moment is None else format_instant(moment)


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else round(span.total_seconds(), 1)
