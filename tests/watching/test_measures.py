"""What a record of runs tells: freshness, success, silence, quality, the age of a credential."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from oneroster_standard.moments import format_instant
from sync_engine.monitoring.credentials import Credential
from sync_engine.monitoring.measures import Expectations, Measures, measure
from sync_engine.run_log import Entry
from tests.watching.fakes import START

DAY = timedelta(days=1)
PLAIN = {"create": 0, "update": 0, "delete": 0, "unchanged": 10, "held": 0, "quarantined": 0}


def run(day: float, status: str = "applied", *, verb: str = "run", reasons: int = 0, **counts: int) -> Entry:
    """A run so many days after the start."""
    failed = status in ("failed", "refused")
    changes = {} if failed else {"users": PLAIN | counts}
    return Entry(
        f"run-{day}", verb, format_instant(START + day * DAY), "north", status, after="" if failed else "state", changes=changes, reasons=("why",) * reasons
    )


def told(runs: list[Entry], day: float, **expected: Any) -> Measures:
    """The measures so many days after the start."""
    return measure("north", runs, START + day * DAY, Expectations(**expected))


def test_freshness_is_the_age_of_the_last_run_that_left_nothing_to_do() -> None:
    found = told([run(0), run(1, "held", held=3), run(2, "failed")], 3)
    assert (found.age, found.failures) == (3 * DAY, 1)
    assert told([run(0, "failed")], 3).age is None


def test_success_is_counted_over_thirty_days() -> None:
    found = told([*(run(day, "failed") for day in range(10)), run(39), run(40, "held"), run(41)], 41)
    assert found.success_rate == 2 / 3
    assert told([run(0)], 99).success_rate is None


def test_a_source_is_silent_when_nothing_is_new_for_longer_than_its_habit() -> None:
    weekdays = [day for day in range(28) if day % 7 < 5]
    news = [run(day, update=1) for day in weekdays]
    # Its longest gap is a weekend of three days: silence begins four and a half days after the last news.
    for quiet, silent in ((4, False), (5, True)):
        found = told([*news, *(run(25 + day) for day in range(1, quiet + 1))], 25 + quiet)
        assert (found.silent_since is not None) == silent, quiet
    assert found.silent_since == START + 29.5 * DAY
    assert found.news_at == START + 25 * DAY


def test_silence_needs_a_habit_or_a_limit() -> None:
    runs = [run(0, create=9), *(run(day) for day in range(1, 20))]
    assert told(runs, 20).silent_since is None
    assert told(runs, 20, silent_after=7 * DAY).silent_since == START + 7 * DAY


def test_a_source_that_cannot_be_read_is_not_silent() -> None:
    runs = [run(0, create=9), *(run(day, "failed") for day in range(1, 20))]
    assert told(runs, 20, silent_after=7 * DAY).states.keys() == {"failed"}


def test_an_undo_is_no_news_of_the_source() -> None:
    runs = [run(0, create=9), run(5), run(9, verb="undo", delete=9), run(10)]
    assert told(runs, 10, silent_after=7 * DAY).silent_since == START + 7 * DAY


def test_what_waits_waits_still_while_runs_fail_and_ends_with_a_good_one() -> None:
    runs = [run(0), run(1, "held", held=2), run(2, "failed"), run(3, "held", held=2)]
    assert told(runs, 4).states == {"held": START + DAY}
    assert told([*runs, run(4, "refused")], 5).states == {"held": START + DAY, "failed": START + 4 * DAY}
    assert told([*runs, run(4)], 5).states == {}


def test_a_credential_is_due_after_its_days() -> None:
    credential = Credential("north", "first", START, START)
    for day, due in ((179, False), (180, True), (300, True)):
        found = measure("north", [run(0)], START + day * DAY, Expectations(rotate_after_days=180), credential)
        assert (found.states == {"rotate": START + 180 * DAY}) == due
        assert found.document()["credential"]["age_days"] == day


def test_quality_is_told_run_by_run() -> None:
    found = told([run(0), run(1, quarantined=4, reasons=1), run(2, "failed"), run(3, "held", held=7, reasons=2)], 4).quality()
    assert [(one.status, one.quarantined, one.held, one.notes) for one in found] == [("applied", 0, 0, 0), ("applied", 4, 0, 1), ("held", 0, 7, 2)]


def test_a_tenant_without_a_run_has_measures() -> None:
    assert told([], 1).document()["settled_at"] is None


@given(st.lists(st.tuples(st.integers(0, 400), st.sampled_from(["applied", "held", "failed", "refused"]), st.integers(0, 2)), max_size=30), st.integers(0, 50))
def test_measures_of_any_record_agree_with_one_another(record: list[tuple[int, str, int]], later: int) -> None:
    runs = [run(hours / 24, status, update=changed) for hours, status, changed in sorted(record)]
    now: datetime = START + timedelta(hours=400 + later)
    found = measure("north", runs, now, Expectations())
    assert found.success_rate is None or 0 <= found.success_rate <= 1
    assert all(since <= now for since in found.states.values())
    assert ("failed" in found.states) == (found.failures > 0)
    assert found.age is None or found.age >= timedelta()
    if found.silent_since is not None:
        assert found.news_at is not None and found.silent_since > found.news_at
    assert found.document()["runs_30d"] <= len(runs)
