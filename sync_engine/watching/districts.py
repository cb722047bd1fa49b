"""The districts of a watch: one from a command's arguments, or all of a providers file.

Called by the verbs that watch. Reads files, asks no provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from oneroster_harness.problems import UsageProblem
from oneroster_harness.providers import every_row
from sync_engine.watching.calendar import Calendar
from sync_engine.watching.schedule import read_schedule, zone_of
from sync_engine.watching.settings import Settings, rate, read_settings


@dataclass(frozen=True, slots=True)
class District:
    """One tenant and where its roster comes from. options: those of `sync run`. host: whom its requests go to, empty for
    files. requests_per_s: to that host, None for no limit."""

    tenant: str
    source: str
    options: Mapping[str, Any]
    calendar: Calendar
    host: str
    settings: Settings
    requests_per_s: float | None = None


def one_district(source: str, options: Mapping[str, Any], settings: Settings, schedule: str) -> District:
    """The district of `sync run SOURCE TARGET --watch SCHEDULE`."""
    calendar = _calendar(options["tenant"], schedule, settings, settings.zone, "--watch")
    return District(options["tenant"], source, options, calendar, host_of(source), settings, settings.requests_per_s)


def all_districts(path: Path, options: Mapping[str, Any], settings: Settings, *, needs_schedule: bool = True) -> list[District]:
    """The districts of a providers file, in order of their tenants; a row's own schedule, zone, policy and tenant go first.

    Raises UsageProblem for a row without a schedule, and for two rows of one tenant.
    """
    found: dict[str, District] = {}
    for name, row in sorted(every_row(path).items()):
        where = f"{path}, providers.{name}"
        tenant = str(row.get("tenant", name))
        policy = path.parent / str(row["policy"]) if "policy" in row else options.get("policy_file")
        own = read_settings(policy, settings)
        zone = zone_of(str(row["timezone"]), where) if "timezone" in row else own.zone
        schedule = row.get("schedule") or own.schedule or (None if needs_schedule else "every 1d")
        if schedule is None:
            raise UsageProblem(f"provider {name!r} has no schedule", 'schedule = "daily@02:30" in its table or under [watch]', where)
        if tenant in found:
            raise UsageProblem(f"two providers are tenant {tenant!r}", "one provider per tenant", where, 'give one of them tenant = "..."')
        per_s = rate(row["requests_per_s"], "requests_per_s", where) if "requests_per_s" in row else own.requests_per_s
        mine = {
            **options, "tenant": tenant, "policy_file": policy, "providers_file": str(path),
            "incremental": _flag(row.get("incremental", options.get("incremental", False)), where),
        }  # fmt: skip
        found[tenant] = District(
            tenant, name, mine, _calendar(tenant, str(schedule), own, zone, where), host_of(str(row["url"])), own, per_s
        )
    if not found:
        raise UsageProblem("the providers file names no provider", '[providers.NAME] with url = "https://..."', str(path))
    return [found[tenant] for tenant in sorted(found)]


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise UsageProblem(f"incremental is {value!r}", "true or false", where)
    return value


def _calendar(tenant: str, schedule: str, settings: Settings, zone: ZoneInfo, where: str) -> Calendar:
    closed = settings.closed
    if zone != settings.zone:
        closed = type(closed)(zone, closed.quiet, closed.blackouts)
    return Calendar(tenant, read_schedule(schedule, zone, where), closed, settings.jitter)


def host_of(source: str) -> str:
    """The host that a source's requests go to; empty for files."""
    return (urlsplit(source).hostname or "").lower() if "://" in source else ""
