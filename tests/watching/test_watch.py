"""The watch: what begins when, what a failure changes, how many at a time, and how it ends."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from sync_engine.watching.agenda import Agenda, Budget
from sync_engine.watching.districts import District
from sync_engine.watching.leash import Abandoned, Leash, Pacer
from sync_engine.watching.one_run import Began, Outcome
from sync_engine.watching.watch import Watch
from tests.watching.fakes import (
    START,
    FakeClock,
    InThisThread,
    Performed,
    calendar,
    district,
    log_of,
    outcome,
)


def watched(
    districts: Sequence[District], days: float, statuses: dict[str, list[str]] | None = None, *, clock: FakeClock | None = None,
    last: dict[str, datetime] | None = None, problem: str = "sync.failing-page", budget: Budget | None = None, once: bool = False,
) -> tuple[Performed, list[dict[str, Any]], Watch]:  # fmt: skip
    """What was run in so many days, and what was told."""
    clock = clock or FakeClock()
    clock.finish = START + timedelta(days=days)
    log, told = log_of(clock)
    performed = Performed(clock, statuses, problem)
    watch = Watch(districts, budget or Budget(), performed, log, clock, last=last, executor=InThisThread(), once=once)
    clock.at_end = watch.end
    assert watch.run() == 0
    return performed, told(), watch


def test_a_district_is_read_by_its_schedule() -> None:
    performed, told, _ = watched([district("a"), district("b", "weekly@sun 02:00")], 4)
    assert performed.of("a") == ["10-02 02:30", "10-03 02:30", "10-04 02:30", "10-05 02:30"]
    assert performed.of("b") == ["10-04 02:00"]
    assert [one["event"] for one in told[:3]] == ["watch-started", "run-due", "run-due"]
    assert told[-1]["event"] == "watch-ended" and told[-1]["runs"] == 5


def test_a_span_counts_from_the_last_run_and_begins_at_once_without_one() -> None:
    performed, _, _ = watched([district("a", "every 6h")], 0.5)
    assert performed.of("a") == ["10-01 12:00", "10-01 18:00", "10-02 00:00"]
    performed, _, _ = watched([district("a", "every 6h")], 0.5, last={"a": START - timedelta(hours=2)})
    assert performed.of("a") == ["10-01 16:00", "10-01 22:00"]


def test_what_was_missed_while_the_machine_slept_is_made_once() -> None:
    clock = FakeClock()
    clock.jumps = {datetime.fromisoformat("2026-10-02T02:30Z"): datetime.fromisoformat("2026-10-07T09:00Z")}
    performed, told, _ = watched([district("a")], 7, clock=clock)
    assert performed.of("a") == ["10-07 09:00", "10-08 02:30"]
    assert [one["due"] for one in told if one["event"] == "run-late"] == ["2026-10-02T02:30:00.000Z"]


def test_what_was_missed_while_nobody_watched_is_made_once() -> None:
    performed, _, _ = watched([district("a")], 1, last={"a": START - timedelta(days=9)})
    assert performed.of("a") == ["10-01 12:00", "10-02 02:30"]


def test_what_was_missed_waits_for_the_end_of_quiet_hours() -> None:
    performed, _, _ = watched([district("a", quiet=("07:00-17:00",))], 1, last={"a": START - timedelta(days=9)})
    assert performed.of("a") == ["10-01 17:00", "10-02 02:30"]


def test_a_failing_district_is_tried_again_later_each_time_and_stops_no_other() -> None:
    performed, told, watch = watched([district("a"), district("b")], 2, {"a": ["failed"] * 4})
    assert performed.of("a") == ["10-02 02:30", "10-02 02:35", "10-02 02:45", "10-02 03:05", "10-02 03:45", "10-03 02:30"]
    assert performed.of("b") == ["10-02 02:30", "10-03 02:30"]
    assert [one["failures"] for one in told if one["event"] == "run-problem"] == [1, 2, 3, 4]
    assert watch.tallies["a"].failures == 0


def test_a_district_that_fails_often_is_slower_than_its_schedule() -> None:
    performed, _, _ = watched([district("a", "every 15m")], 1, {"a": ["failed"] * 99})
    assert len(performed.runs) == 10
    assert Agenda.wait(99) == timedelta(hours=6)


def test_a_refused_credential_is_not_offered_again_soon() -> None:
    performed, _, _ = watched([district("a")], 1, {"a": ["failed"] * 2}, problem="sync.refused-credential")
    assert performed.of("a") == ["10-02 02:30", "10-02 03:30", "10-02 05:30"]


def test_a_held_run_is_not_tried_sooner_than_its_schedule() -> None:
    performed, _, _ = watched([district("a")], 2, {"a": ["held", "held"]})
    assert performed.of("a") == ["10-02 02:30", "10-03 02:30"]


def test_once_runs_every_district_now_and_ends() -> None:
    performed, _, watch = watched([district("a"), district("b", "every 1m"), district("c")], 9, {"b": ["failed"], "c": ["held"]}, once=True)
    assert [performed.of(name) for name in "abc"] == [["10-01 12:00"]] * 3
    assert {name: dict(one.statuses) for name, one in watch.tallies.items()} == {"a": {"applied": 1}, "b": {"failed": 1}, "c": {"held": 1}}


def test_no_more_runs_at_a_time_than_the_budget_has_in_total_and_per_host() -> None:
    places = {tenant: (calendar("every 1h", tenant=tenant), host) for tenant, host in zip("abcdef", ["x", "x", "x", "y", "", ""], strict=True)}
    agenda = Agenda(places, Budget(runs=4, per_host=1), START, {})
    assert [tenant for tenant, _ in agenda.begin(START)] == ["a", "d", "e", "f"]
    assert agenda.begin(START) == []
    agenda.end("e", START, failed=False)
    assert agenda.begin(START + timedelta(minutes=5)) == []
    agenda.end("a", START, failed=False)
    assert [tenant for tenant, _ in agenda.begin(START + timedelta(minutes=5))] == ["b"]


def test_a_tenant_never_runs_twice_at_a_time() -> None:
    agenda = Agenda({"a": (calendar("every 1m"), "")}, Budget(runs=4), START, {})
    assert len(agenda.begin(START)) == 1
    assert agenda.begin(START + timedelta(days=3)) == []
    assert agenda.next_moment() is None


def test_whoever_waited_longest_goes_first() -> None:
    places = {tenant: (calendar("every 1m", tenant=tenant), "x") for tenant in "abc"}
    agenda = Agenda(places, Budget(runs=1), START, {})
    order: list[str] = []
    for minute in range(9):
        now = START + timedelta(minutes=minute)
        ((tenant, _),) = agenda.begin(now)
        order.append(tenant)
        agenda.end(tenant, now + timedelta(seconds=30), failed=tenant == "a")
    # The one that fails loses its turns to the others and not the other way round.
    assert order[:3] == ["a", "b", "c"] and order.count("a") == 2
    assert {order.count("b"), order.count("c")} <= {3, 4}


class Slow:
    """Runs that go on until they are given up; hangs: until the test lets them."""

    def __init__(self, *, hangs: bool) -> None:
        self.began, self.may_end = threading.Event(), threading.Event()
        self._hangs = hangs

    def __call__(self, district: District, leash: Leash, at: datetime, began: Began) -> Outcome:
        """Read page after page."""
        self.began.set()
        if self._hangs:
            self.may_end.wait(30)
            return outcome(district.tenant)
        try:
            while True:
                leash.sleep(0.001)
        except Abandoned:
            return outcome(district.tenant, "abandoned")


class Ending(FakeClock):
    """The first wait is the signal's moment, real until the run has begun; after it time flies."""

    def __init__(self, slow: Slow) -> None:
        super().__init__()
        self._slow = slow
        self.asked = False
        self.end: Any = None

    def wait(self, until: datetime | None, wake: threading.Event) -> None:
        """Ask the watch to end once a run goes on."""
        assert self._slow.began.wait(30)
        if not self.asked:
            self.asked = True
            self.end()
        elif not wake.wait(0.2 if self._slow.may_end.is_set() or not self._slow._hangs else 0.01):
            self.moment = until or self.moment


@pytest.mark.parametrize("hangs", [False, True])
def test_a_watch_that_is_asked_to_end_gives_up_what_reads_and_waits_no_longer_than_it_may(hangs: bool) -> None:
    slow = Slow(hangs=hangs)
    clock = Ending(slow)
    log, told = log_of(clock)
    watch = Watch([district("a", "every 1m")], Budget(), slow, log, clock)
    clock.end = watch.end
    cut = watch.run()
    slow.may_end.set()
    assert cut == (1 if hangs else 0)
    assert clock.moment - START <= timedelta(seconds=10)
    assert told()[-1]["cut"] == cut
    assert [one["event"] for one in told() if one["event"] == "run-abandoned"] == ([] if hangs else ["run-abandoned"])


def test_requests_to_one_host_are_spaced() -> None:
    now = [0.0]
    pacer = Pacer(4, lambda: now[0])
    assert [pacer.wait_s() for _ in range(4)] == [0.0, 0.25, 0.5, 0.75]
    now[0] = 10.0
    assert [pacer.wait_s() for _ in range(2)] == [0.0, 0.25]
    assert Pacer(None).wait_s() == 0.0


def test_the_slowest_pace_of_a_host_counts() -> None:
    asked: dict[str, list[float]] = {}

    def perform(one: District, leash: Leash, at: datetime, began: Began) -> Outcome:
        pacer = leash._pacer
        assert pacer is not None
        asked.setdefault(one.tenant, []).extend(round(pacer.wait_s()) for _ in range(2))
        return outcome(one.tenant)

    clock = FakeClock()
    paces = {"a": ("x", 1.0), "b": ("x", 0.1), "c": ("", None)}
    districts = [replace(district(tenant, host=host), requests_per_s=per_s) for tenant, (host, per_s) in paces.items()]
    Watch(districts, Budget(), perform, log_of(clock)[0], clock, executor=InThisThread(), once=True).run()
    assert asked == {"a": [0, 10], "b": [20, 30], "c": [0, 0]}


def test_a_run_that_takes_too_long_is_given_up() -> None:
    now = [0.0]
    leash = Leash(threading.Event(), 3600, clock=lambda: now[0])
    leash.before_request()
    now[0] = 3601.0
    with pytest.raises(Exception, match="longer than 1 h"):
        leash.before_request()
