"""Made-up records of districts over sixty days: good ones, failing ones, held and silent ones. Test support."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from oneroster_standard.moments import format_instant
from sync_engine.monitoring.credentials import Credential
from sync_engine.monitoring.measures import Expectations, measure
from sync_engine.run_log import Entry
from sync_engine.standing import Standing
from tests.watching.fakes import START

DAYS = 60
KINDS = ("well", "well", "failed", "well", "held", "well", "silent", "well", "rotate", "well")


def standing(tenant: str, kind: str, number: int = 0) -> Standing:
    """One district. kind: what has become of it on its last days."""
    runs: list[Entry] = []
    size = 400 + 37 * (number % 50)
    for day in range(DAYS):
        tail = DAYS - day <= (12 if kind == "silent" else 4)
        status = kind if tail and kind in ("failed", "held") else "failed" if (day + number) % 23 == 0 else "applied"
        moved = 0 if kind == "silent" and tail else 3 + (day * 7 + number) % 11
        held = 180 if status == "held" else 0
        sizes = {"orgs": 6, "academicSessions": 8, "courses": 90, "classes": size // 4, "users": size + day, "enrollments": 6 * size + 5 * day}
        changes = {
            name: {"create": rows if day == 0 else 0, "update": 0 if day == 0 or name != "users" else moved, "delete": 0, "held": held if name == "users" else 0,
                   "unchanged": 0 if day == 0 else rows - (moved if name == "users" else 0) - (held if name == "users" else 0),
                   "quarantined": 2 if (day + number) % 9 == 0 and name == "users" else 0}
            for name, rows in sizes.items()
        }  # fmt: skip
        failed = status == "failed"
        reasons = ("nothing answers at the provider's address (the connection failed, 5 tries)",) if failed else (
            (f"users: 180 of {size} rows would be removed (31.0 %, at most 10 %)  [h1a2b3c4d]",) if held else ())  # fmt: skip
        at = format_instant(START + timedelta(days=day, hours=14, minutes=number % 50))
        runs.append(Entry(
            f"run-{day}", "run", at, tenant, status, f"https://sis.{tenant}.example.org/ims/oneroster/v1p1", "1.1", after="" if failed else "s",
            changes={} if failed else changes, reasons=reasons, rows=sum(sizes.values()), requests=41, elapsed_ms=8300,
        ))  # fmt: skip
    now = START + timedelta(days=DAYS, hours=3)
    credential = Credential(tenant, "first", now - timedelta(days=420 if kind == "rotate" else 90 + number), now)
    found = measure(tenant, runs, now, Expectations(), credential, "2026-11-29T22:10:04.000Z")
    rows = {name: {"present": counts["unchanged"] + counts["update"], "missing": 2} for name, counts in runs[-1].changes.items()}
    return Standing(tenant, runs, rows or {"orgs": {"present": 6}, "users": {"present": size}}, False, found)


def several(count: int) -> list[Standing]:
    """So many districts, of every kind."""
    return [standing(f"district-{number:03}", KINDS[number % len(KINDS)], number) for number in range(count)]


def drifted(one: Standing) -> Standing:
    """The same with rows that something else changed."""
    return replace(one, drifted=True)
