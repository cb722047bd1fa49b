"""What a file tells a watch: [watch], [budget], [[blackout]], [[notify]], and a row of the providers file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from oneroster_harness.problems import CannotRun, UsageProblem
from sync_engine.policy import load_policy
from sync_engine.watching.agenda import Budget
from sync_engine.watching.districts import District, all_districts
from sync_engine.watching.settings import read_settings
from tests.watching.fakes import START

WATCH = """
[watch]
schedule = "daily@02:30"
timezone = "America/Chicago"
quiet_hours = ["07:00-17:00"]
jitter = "10m"
silent_after = "5d"
rotate_after_days = 180
longest_run = "3h"
[budget]
runs = 2
requests_per_s = 5
[[blackout]]
first = 2026-10-02
last = 2026-10-03
"""
PROVIDERS = """
[providers.north]
url = "https://SIS.example.org/ims/oneroster/v1p1"
[providers.south]
url = "sftp://south@drop.example.org/in"
tenant = "south-county"
schedule = "every 15m"
timezone = "Europe/Berlin"
requests_per_s = 0.5
incremental = true
policy = "south.toml"
[providers.west]
url = "drops/west"
"""


def written(folder: Path, text: str, name: str = "providers.toml") -> Path:
    """A file with this text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def districts(path: Path, **options: Any) -> dict[str, District]:
    """The districts of a file by tenant."""
    found = all_districts(path, {"policy_file": None, "tenant": "default", **options}, read_settings(path))
    return {one.tenant: one for one in found}


def test_all_settings_of_a_file(tmp_path: Path) -> None:
    found = read_settings(written(tmp_path, WATCH))
    assert (found.schedule, found.zone.key, found.jitter) == ("daily@02:30", "America/Chicago", timedelta(minutes=10))
    assert (found.silent_after, found.rotate_after_days, found.longest_run) == (timedelta(days=5), 180, timedelta(hours=3))
    assert (found.budget, found.requests_per_s) == (Budget(2, 1), 5.0)
    assert found.closed.blackout_until(datetime(2026, 10, 2, 12, tzinfo=UTC)) == datetime(2026, 10, 4, 5, tzinfo=UTC)


def test_a_policy_may_tell_a_watch_and_stays_a_policy(tmp_path: Path) -> None:
    path = written(tmp_path, WATCH + "[remove.district]\npercent = 3\n", "policy.toml")
    assert load_policy(path).limit("remove", "district", "users").percent == 3
    assert read_settings(path).jitter == timedelta(minutes=10)


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("[watch]\nqiet_hours = []", "quiet_hours"), ("[watch]\ntimezone = 'Mars/Olympus'", "Mars"), ("[watch]\njitter = 10", "span"),
        ("[budget]\nruns = 0", "budget.runs"), ("[budget]\nrequests_per_s = true", "requests_per_s"), ("[[blackout]]\nfirst = 2026-01-02", "blackout"),
        ("[[blackout]]\nfirst = 2026-01-02\nlast = 2026-01-01", "blackout"), ("blackout = 1", "blackout"), ("watch = 3", "watch"), ("[watch", "TOML"),
        ("[watch]\nquiet_hours = ['9-5']", "quiet hours"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, met: str) -> None:
    with pytest.raises(UsageProblem) as told:
        read_settings(written(tmp_path, text))
    assert met in "\n".join(told.value.lines())


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match="cannot be read"):
        read_settings(tmp_path / "none.toml")


def test_a_row_goes_before_the_file_and_its_policy_between_them(tmp_path: Path) -> None:
    written(tmp_path, "[watch]\nquiet_hours = ['01:00-03:00']\nsilent_after = '30d'\n", "south.toml")
    found = districts(written(tmp_path, WATCH + PROVIDERS))
    assert list(found) == ["north", "south-county", "west"]
    assert {one.tenant: (one.host, one.requests_per_s) for one in found.values()} == {
        "north": ("sis.example.org", 5.0), "south-county": ("drop.example.org", 0.5), "west": ("", 5.0),
    }  # fmt: skip
    south = found["south-county"]
    assert (south.calendar.schedule.text, south.calendar.schedule.zone.key) == ("every 15m", "Europe/Berlin")
    assert (south.settings.silent_after, south.settings.rotate_after_days) == (timedelta(days=30), 180)
    assert south.options["tenant"] == "south-county" and south.options["policy_file"] == tmp_path / "south.toml"
    assert south.source == "south"
    assert (south.options["incremental"], found["north"].options["incremental"]) == (True, False)
    # Quiet hours are those of the district's own clock: one o'clock in Berlin is 23:00 UTC.
    assert south.calendar.closed.quiet_until(datetime(2026, 10, 5, 23, 30, tzinfo=UTC)) == datetime(2026, 10, 6, 1, tzinfo=UTC)
    assert found["north"].calendar.next_after(START) >= datetime(2026, 10, 4, 7, 30, tzinfo=UTC)


def test_a_row_without_any_schedule_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="no schedule"):
        districts(written(tmp_path, PROVIDERS.replace('policy = "south.toml"\n', "")))


def test_two_rows_of_one_tenant_are_refused(tmp_path: Path) -> None:
    twice = '[providers.a]\nurl = "https://a.example.org/v1p1"\n[providers.b]\nurl = "https://b.example.org/v1p1"\ntenant = "a"\n'
    with pytest.raises(UsageProblem, match="two providers are tenant 'a'"):
        districts(written(tmp_path, WATCH + twice))


def test_a_file_without_providers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="names no provider"):
        districts(written(tmp_path, WATCH))
