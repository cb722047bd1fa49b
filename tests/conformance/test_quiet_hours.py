"""Quiet hours: ranges of the day, over midnight as well, and nothing is sent in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from conformance.probe import BudgetSpent, Probe
from conformance.quiet_hours import QuietHours
from oneroster_harness.problems import UsageProblem


def _at(hours: str, text: str) -> QuietHours:
    now = datetime.fromisoformat(f"2026-10-01T{text}:00")
    return replace(QuietHours.read(hours), clock=lambda: now)


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        ("07:00-17:00", "06:59", None), ("07:00-17:00", "07:00", "17:00"), ("07:00-17:00", "16:59", "17:00"), ("07:00-17:00", "17:00", None),
        ("22:00-05:30", "23:10", "05:30"), ("22:00-05:30", "05:29", "05:30"), ("22:00-05:30", "12:00", None),
        ("08:00-09:00, 12:00-13:00", "12:30", "13:00"), ("", "12:30", None),
    ],
)  # fmt: skip
def test_a_time_lies_in_a_range_or_not(hours: str, now: str, until: str | None) -> None:
    found = _at(hours, now).until()
    assert (f"{found:%H:%M}" if found else None) == until


@pytest.mark.parametrize("text", ["7-17", "07:00", "25:00-26:00", "08:00-08:00", "07:00-17:61"])
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(UsageProblem, match="no range of hours"):
        QuietHours.read(text)


def test_nothing_is_sent_in_quiet_hours() -> None:
    probe = Probe("http://127.0.0.1:9", budget=5, quiet=_at("07:00-17:00", "08:00"))
    with pytest.raises(BudgetSpent, match="quiet hours until 17:00 began"):
        probe.send("GET", "http://127.0.0.1:9/orgs")
    assert probe.sent == 0
