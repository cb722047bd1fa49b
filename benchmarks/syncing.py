"""Syncing: a whole run by API against raw downloads of the same pages, nothing parsed, nothing kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import requests

from benchmarks.measuring import Figure, medians, oneroster, seconds
from benchmarks.served import mock

COLLECTIONS = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments", "demographics", "resources", "categories",
               "lineItems", "results")  # fmt: skip
PAGE = 1000


def download(base_url: str, token: str) -> int:
    """Download every page of every collection; returns their bytes."""
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"
    size = 0
    for name in COLLECTIONS:
        offset, total = 0, 1
        while offset < total:
            answer = session.get(f"{base_url}/{name}?limit={PAGE}&offset={offset}", timeout=60)
            answer.raise_for_status()
            total = int(answer.headers["X-Total-Count"])
            size += len(answer.content)
            offset += PAGE
    return size


def figures(folder: Path, *, full: bool, repeats: int) -> Iterator[Figure]:
    """sync-vs-download: first landing and a run without change, each from command to exit."""
    students = 100_000 if full else 20_000
    district = folder / "synced.district"
    oneroster("generate", str(district), "--students", str(students), "--force", folder=folder)
    database = folder / "synced.duckdb"
    with mock(district, folder) as (_, provider):
        secrets = {"ONEROSTER_CLIENT_ID": provider["client_id"], "ONEROSTER_CLIENT_SECRET": provider["client_secret"]}
        command = ["sync", "run", provider["base_url"], "duckdb:///synced.duckdb", "--token-url", provider["token_url"], "--yes"]

        def run() -> None:
            oneroster(*command, folder=folder, environment=secrets)

        def land() -> float:
            database.unlink(missing_ok=True)
            return seconds(run)

        first, again, raw = medians(
            [land, lambda: seconds(run), lambda: seconds(lambda: download(provider["base_url"], provider["token"]))], repeats
        )
    yield Figure("sync-first", first / raw, None, f"first landing of {students:,} students by API against raw downloads of the same pages")
    yield Figure("sync-again", again / raw, None, "the same without any change")
