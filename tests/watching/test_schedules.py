"""When a run begins: forms of a schedule, time zones, quiet hours, blackouts, jitter."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oneroster_harness.problems import UsageProblem
from sync_engine.watching.calendar import Calendar
from sync_engine.watching.closed_times import Blackout, read_quiet_hours
from sync_engine.watching.schedule import read_schedule, zone_of
from tests.watching.fakes import START, UTC_ZONE, calendar


def moments(one: Calendar, count: int, start: datetime = START) -> list[str]:
    """The next moments, as the district's clocks show them."""
    found: list[str] = []
    for _ in range(count):
        start = one.next_after(start)
        found.append(f"{start.astimezone(one.schedule.zone):%a %m-%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("daily@02:30", ["Fri 10-02 02:30", "Sat 10-03 02:30"]),
        ("Daily 2:30", ["Fri 10-02 02:30", "Sat 10-03 02:30"]),
        ("weekly@sun 02:00", ["Sun 10-04 02:00", "Sun 10-11 02:00"]),
        ("weekly@mon,thu 23:59", ["Thu 10-01 23:59", "Mon 10-05 23:59"]),
        ("every 15m", ["Thu 10-01 12:15", "Thu 10-01 12:30"]),
        ("every@6h", ["Thu 10-01 18:00", "Fri 10-02 00:00"]),
        ("30 2 * * 1-5", ["Fri 10-02 02:30", "Mon 10-05 02:30"]),
        ("0 4 1 * *", ["Sun 11-01 04:00", "Tue 12-01 04:00"]),
        ("0 2 * * sun", ["Sun 10-04 02:00", "Sun 10-11 02:00"]),
        ("0 2 * * 0", ["Sun 10-04 02:00", "Sun 10-11 02:00"]),
    ],
)
def test_each_form_of_a_schedule(text: str, expected: list[str]) -> None:
    assert moments(calendar(text), 2) == expected


@pytest.mark.parametrize("text", ["", "daily", "daily@25:00", "weekly@xyz 02:00", "every 0m", "every", "61 * * * *", "0 0 30 2 *", "hourly", "* * * *"])
def test_anything_else_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(UsageProblem) as told:
        read_schedule(text, UTC_ZONE)
    assert told.value.expected


def test_a_time_zone_that_nobody_knows_is_refused() -> None:
    with pytest.raises(UsageProblem, match="Mars"):
        zone_of("Mars/Olympus", "watch.timezone")


def test_the_days_on_which_clocks_change_have_one_run_each() -> None:
    one = calendar("daily@02:30", zone="America/Chicago")
    # 02:30 does not exist on the eighth of March; it comes twice in no autumn night.
    assert moments(one, 3, datetime(2026, 3, 7, 12, tzinfo=UTC)) == ["Sun 03-08 03:00", "Mon 03-09 02:30", "Tue 03-10 02:30"]
    twice = calendar("daily@01:30", zone="America/Chicago")
    assert moments(twice, 3, datetime(2026, 10, 31, 12, tzinfo=UTC)) == ["Sun 11-01 01:30", "Mon 11-02 01:30", "Tue 11-03 01:30"]


def test_what_falls_into_quiet_hours_waits_for_their_end() -> None:
    assert moments(calendar("daily@02:30", quiet=("22:00-04:00",)), 2) == ["Fri 10-02 04:00", "Sat 10-03 04:00"]
    assert moments(calendar("every 1h", quiet=("13:00-17:00", "18:00-19:00")), 3) == ["Thu 10-01 17:00", "Thu 10-01 19:00", "Thu 10-01 20:00"]


def test_a_blackout_swallows_its_runs_and_the_schedule_goes_on_after_it() -> None:
    freeze = Blackout(date(2026, 10, 2), date(2026, 10, 9))
    assert moments(calendar("daily@02:30", blackouts=(freeze,)), 2) == ["Sat 10-10 02:30", "Sun 10-11 02:30"]
    assert moments(calendar("weekly@sun 02:00", blackouts=(freeze,)), 1) == ["Sun 10-11 02:00"]
    assert moments(calendar("every 15m", blackouts=(freeze,)), 1, datetime(2026, 10, 1, 23, 55, tzinfo=UTC)) == ["Sat 10-10 00:00"]


def test_days_of_a_blackout_are_those_of_the_district() -> None:
    freeze = Blackout(date(2026, 10, 2), date(2026, 10, 2))
    west = calendar("every 1h", zone="Pacific/Honolulu", blackouts=(freeze,))
    assert west.next_after(datetime(2026, 10, 2, 8, 30, tzinfo=UTC)) == datetime(2026, 10, 2, 9, 30, tzinfo=UTC)
    assert west.next_after(datetime(2026, 10, 2, 9, 30, tzinfo=UTC)) == datetime(2026, 10, 3, 10, tzinfo=UTC)


def test_hours_that_leave_no_moment_are_refused() -> None:
    with pytest.raises(UsageProblem, match="leave no moment"):
        calendar("daily@02:30", quiet=("00:00-12:00", "12:00-00:00")).next_after(START)


@pytest.mark.parametrize("text", ["25:00-26:00", "07:00", "07:00-07:00", "7-17"])
def test_quiet_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(UsageProblem):
        read_quiet_hours(text, "watch.quiet_hours")


def test_jitter_spreads_districts_and_is_the_same_after_a_restart() -> None:
    found = {tenant: calendar("daily@02:30", jitter_m=30, tenant=tenant).next_after(START) for tenant in "abcdefgh"}
    first = datetime(2026, 10, 2, 2, 30, tzinfo=UTC)
    assert all(first <= at < first + timedelta(minutes=30) for at in found.values())
    assert len(set(found.values())) == len(found)
    assert found["a"] == calendar("daily@02:30", jitter_m=30, tenant="a").next_after(START)


@given(
    st.sampled_from(["daily@02:30", "every 7m", "every 5h", "weekly@sun,wed 23:10", "*/20 1-5 * * *"]),
    st.sampled_from(["UTC", "America/Chicago", "Pacific/Kiritimati", "Australia/Lord_Howe"]),
    st.sampled_from([(), ("07:00-17:00",), ("22:30-01:15",), ("02:00-03:00", "04:00-23:00")]),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 6, 1)), st.integers(0, 90),
)  # fmt: skip
def test_moments_only_move_forward_and_lie_in_open_times(text: str, zone: str, quiet: tuple[str, ...], start: datetime, jitter: int) -> None:
    freezes = (Blackout(date(2026, 6, 10), date(2026, 8, 10)), Blackout(date(2026, 12, 21), date(2027, 1, 3)))
    one = calendar(text, zone=zone, quiet=quiet, blackouts=freezes, jitter_m=jitter)
    found = [start.replace(tzinfo=UTC)]
    for _ in range(6):
        found.append(one.next_after(found[-1]))
    assert all(before < after for before, after in pairwise(found))
    for at in found[1:]:
        local = at.astimezone(ZoneInfo(zone))
        assert not any(freeze.first <= local.date() <= freeze.last for freeze in freezes)
        assert one.closed.quiet_until(at) is None
        assert one.opened(at) == at
