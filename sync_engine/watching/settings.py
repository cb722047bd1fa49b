"""What a watch is told beside its sources: [watch], [budget], [[blackout]] and [[notify]] of a TOML file.

Called by the verbs that watch, and by `sync status`. The file is a policy or the providers file; other tables of it are
not looked at here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from oneroster_harness.problems import CannotRun, UsageProblem, nearest
from sync_engine.monitoring.measures import Expectations
from sync_engine.watching.agenda import Budget
from sync_engine.watching.closed_times import Blackout, ClosedTimes, QuietHours, read_quiet_hours
from sync_engine.watching.schedule import span, zone_of

_WATCH = ("schedule", "timezone", "quiet_hours", "jitter", "silent_after", "rotate_after_days", "longest_run")
_BUDGET = ("runs", "runs_per_host", "requests_per_s")
ROTATE_AFTER_DAYS = 365
UTC_ZONE = ZoneInfo("UTC")
ORDINARY = Budget()


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a watch. silent_after: None goes by the source's own habit. requests_per_s: of each host, None for
    no limit. longest_run: a run that takes longer is given up. notify: the rows as they were written."""

    schedule: str | None = None
    zone: ZoneInfo = UTC_ZONE
    quiet: Sequence[QuietHours] = ()
    blackouts: Sequence[Blackout] = ()
    jitter: timedelta = timedelta()
    silent_after: timedelta | None = None
    rotate_after_days: int = ROTATE_AFTER_DAYS
    longest_run: timedelta = timedelta(hours=12)
    budget: Budget = ORDINARY
    requests_per_s: float | None = None
    notify: Sequence[Mapping[str, Any]] = ()

    @property
    def expectations(self) -> Expectations:
        """What a tenant is measured by."""
        return Expectations(self.silent_after, self.rotate_after_days)

    @property
    def closed(self) -> ClosedTimes:
        """When no run begins."""
        return ClosedTimes(self.zone, self.quiet, self.blackouts)


def read_settings(path: Path | None, base: Settings | None = None) -> Settings:
    """The settings of a file in place of those of `base`; a file of policies without such tables changes nothing.

    Raises CannotRun for a file that cannot be read, UsageProblem for one that says something unknown.
    """
    found = base or Settings()
    if path is None:
        return found
    try:
        said = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise CannotRun(f"the file cannot be read: {error.strerror}", "a TOML file", str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageProblem(f"the file is no TOML: {error}", "a TOML file", str(path)) from error
    where = str(path)
    watch, budget = _table(said, "watch", _WATCH, where), _table(said, "budget", _BUDGET, where)
    if "timezone" in watch:
        found = replace(found, zone=zone_of(str(watch["timezone"]), f"{where}, watch.timezone"))
    changes: dict[str, Any] = {
        name: span(str(watch[name]), f"{where}, watch.{name}") for name in ("jitter", "silent_after", "longest_run") if name in watch
    }
    if "schedule" in watch:
        changes["schedule"] = str(watch["schedule"])
    if "quiet_hours" in watch:
        listed = watch["quiet_hours"] if isinstance(watch["quiet_hours"], list) else [watch["quiet_hours"]]
        changes["quiet"] = tuple(read_quiet_hours(str(one), f"{where}, watch.quiet_hours") for one in listed)
    if "rotate_after_days" in watch:
        changes["rotate_after_days"] = whole(watch["rotate_after_days"], "watch.rotate_after_days", where)
    if "blackout" in said:
        changes["blackouts"] = tuple(_blackout(one, where) for one in _rows(said, "blackout", where))
    if "notify" in said:
        changes["notify"] = tuple(_rows(said, "notify", where))
    if "requests_per_s" in budget:
        changes["requests_per_s"] = rate(budget["requests_per_s"], "budget.requests_per_s", where)
    own = found.budget
    changes["budget"] = Budget(
        whole(budget.get("runs", own.runs), "budget.runs", where), whole(budget.get("runs_per_host", own.per_host), "budget.runs_per_host", where)
    )
    return replace(found, **changes)


def whole(value: Any, place: str, where: str) -> int:
    """A whole number from 1.

    Raises UsageProblem for anything else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UsageProblem(f"{place} is {value!r}", "a whole number, 1 or more", where)
    return value


def rate(value: Any, place: str, where: str) -> float:
    """A number of requests per second, above 0.

    Raises UsageProblem for anything else.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise UsageProblem(f"{place} is {value!r}", "a number above 0", where)
    return float(value)


def _table(said: Mapping[str, Any], name: str, known: Sequence[str], where: str) -> Mapping[str, Any]:
    table = said.get(name, {})
    if not isinstance(table, Mapping):
        raise UsageProblem(f"{name} is no table", f"[{name}]", where)
    for key in table:
        if key not in known:
            raise UsageProblem(f"unknown {f'{name}.{key}'!r}; {nearest(key, known)}", where=where)
    return table


def _rows(said: Mapping[str, Any], name: str, where: str) -> list[Mapping[str, Any]]:
    rows = said[name]
    if not isinstance(rows, list) or not all(isinstance(one, Mapping) for one in rows):
        raise UsageProblem(f"{name} is no list of tables", f"[[{name}]]", where)
    return rows


def _blackout(one: Mapping[str, Any], where: str) -> Blackout:
    first, last = one.get("first"), one.get("last")
    if not (isinstance(first, date) and isinstance(last, date) and first <= last) or set(one) - {"first", "last"}:
        raise UsageProblem("a blackout has no first and last day", "first = 2026-06-10 and last = 2026-08-10", where)
    return Blackout(first, last)
