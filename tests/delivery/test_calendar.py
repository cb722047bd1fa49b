"""The mock's calendar: schedules that are read, moments that fall due, a clock that moves when told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from mock_server.delivery.calendar import Clock, Trigger, due_between, next_after, trigger_of
from oneroster_harness.problems import UsageProblem

THURSDAY = datetime(2026, 10, 1, tzinfo=UTC)


def trigger(text: str) -> Trigger:
    """A schedule that is one."""
    found = trigger_of(text, THURSDAY)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("every 90m", "2026-10-01T01:30", "2026-10-01T03:00"),
        ("every 2d", "2026-10-03T00:00", "2026-10-05T00:00"),
        ("daily 02:00", "2026-10-01T02:00", "2026-10-02T02:00"),
        ("daily 00:00", "2026-10-02T00:00", "2026-10-03T00:00"),
        ("weekly mon,thu 23:59", "2026-10-01T23:59", "2026-10-05T23:59"),
        ("weekly sun 06:30", "2026-10-04T06:30", "2026-10-11T06:30"),
    ],
)
def test_a_schedule_falls_due_at_its_moments(text: str, first: str, second: str) -> None:
    found = next_after(trigger(text), THURSDAY)
    assert found is not None
    assert f"{found:%Y-%m-%dT%H:%M}" == first
    following = next_after(trigger(text), found)
    assert following is not None
    assert f"{following:%Y-%m-%dT%H:%M}" == second


@pytest.mark.parametrize("text", ["", "daily", "daily 24:00", "weekly 02:00", "weekly foo 02:00", "every 0m", "every 5", "hourly", "every 5m "])
def test_what_is_no_schedule_is_refused_with_the_forms_that_are_known(text: str) -> None:
    with pytest.raises(UsageProblem) as refused:
        trigger_of(text, THURSDAY)
    assert "weekly mon,thu 02:00" in refused.value.expected


def test_off_is_no_schedule() -> None:
    assert trigger_of("off", THURSDAY) is None


def test_moments_are_due_once_after_the_start_and_up_to_the_end() -> None:
    daily = trigger("daily 02:00")
    middle = THURSDAY + timedelta(days=2, hours=2)
    first = due_between(daily, THURSDAY, middle, 10)
    then = due_between(daily, middle, THURSDAY + timedelta(days=4), 10)
    assert [moment.day for moment in (*first, *then)] == [1, 2, 3, 4]


@pytest.mark.parametrize("most", [1, 2, 5])
def test_of_many_moments_the_last_ones_are_kept(most: int) -> None:
    found = due_between(trigger("every 1h"), THURSDAY, THURSDAY + timedelta(hours=20), most)
    assert [moment.hour for moment in found] == list(range(21 - most, 21))


def test_the_clock_stands_still_until_it_is_advanced_or_given_a_speed() -> None:
    seconds = 100.0
    clock = Clock(date(2026, 10, 1), lambda: seconds)
    seconds += 50
    assert clock.now() == THURSDAY
    assert clock.advance(timedelta(hours=3)) == THURSDAY + timedelta(hours=3)
    clock.set_speed(3600)
    seconds += 2
    assert clock.now() == THURSDAY + timedelta(hours=5)
    clock.set_speed(0)
    seconds += 100
    assert clock.now() == THURSDAY + timedelta(hours=5)
