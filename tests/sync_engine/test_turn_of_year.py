"""The turn of the year: what has ended goes by itself with all that hangs on it, and an accident in the same weeks is held."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest

from sync_engine.plan import Plan
from sync_engine.targets.duckdb_target import DuckDbTarget
from tests.sync_engine.engine import Records, run

OLD = [f"old{number}" for number in range(7)]
SUMMER = date(2026, 7, 20)


@pytest.fixture
def target(tmp_path: Path) -> DuckDbTarget:
    return DuckDbTarget(tmp_path / "roster.duckdb")


def year(
    terms: Iterable[str] = OLD, classes: Iterable[str] = OLD, links: Iterable[str] = OLD, ends: str = "2026-06-10"
) -> Records:
    """A new term with its class, and old terms, one class and one resource's link for each."""
    ended = [("now", "2027-06-10"), *((name, ends) for name in terms)]
    return {
        "academicSessions": [
            {"sourcedId": name, "type": "term", "startDate": "2025-08-01", "endDate": end} for name, end in ended
        ],
        "classes": [{"sourcedId": f"k-{name}", "terms": [{"sourcedId": name}]} for name in ("now", *classes)],
        "classResources": [
            {"sourcedId": f"l-{name}", "class": {"sourcedId": f"k-{name}"}, "resource": {"sourcedId": "r"}}
            for name in ("now", *links)
        ],
    }  # fmt: skip


def held(plan: Plan) -> set[str]:
    return {hold.entity for hold in plan.holds}


def test_ended_terms_go_with_their_classes_and_links(target: DuckDbTarget) -> None:
    run(target, year(), day=date(2026, 6, 1))
    plan, _ = run(target, year((), (), ()), day=SUMMER)
    assert plan.holds == ()
    assert {name: found.counts.delete for name, found in plan.entities.items()} == {
        "academicSessions": 7, "classes": 7, "classResources": 7,
    }  # fmt: skip
    again, _ = run(target, year((), (), ()), day=SUMMER)
    assert again.holds == ()


def test_ended_terms_whose_classes_stay_are_held(target: DuckDbTarget) -> None:
    run(target, year(), day=date(2026, 6, 1))
    plan, _ = run(target, year(()), day=SUMMER)
    assert held(plan) == {"academicSessions"}


def test_links_of_running_classes_are_held_in_the_same_weeks(target: DuckDbTarget) -> None:
    run(target, year(ends="2027-01-10"), day=date(2026, 6, 1))
    plan, _ = run(target, year(links=(), ends="2027-01-10"), day=SUMMER)
    assert held(plan) == {"classResources"}


def test_terms_that_end_in_the_week_of_their_removal_are_held(target: DuckDbTarget) -> None:
    run(target, year(ends="2027-01-10"), day=date(2026, 6, 1))
    run(target, year(), day=date(2026, 7, 18))
    plan, _ = run(target, year((), (), ()), day=SUMMER)
    assert {"academicSessions", "classes"} <= held(plan)


def test_a_read_that_is_not_whole_takes_no_ended_term(target: DuckDbTarget) -> None:
    run(target, year(), day=date(2026, 6, 1))
    plan, _ = run(target, year((), (), ()), day=SUMMER, complete=False)
    assert held(plan) == {"academicSessions", "classes", "classResources"}
    assert not any(found.counts.delete for found in plan.entities.values())


def seats(classes: Iterable[str], of_old: str = "a", of_new: str = "") -> Records:
    """Classes, with 120 seats of the year that ends and as many for each letter of the year that begins."""
    return {
        "academicSessions": [{"sourcedId": "y", "type": "term", "startDate": "2025-08-01", "endDate": "2027-06-10"}],
        "classes": [{"sourcedId": name, "terms": [{"sourcedId": "y"}]} for name in classes],
        "enrollments": [
            {"sourcedId": f"{name}-{letter}{number}", "class": {"sourcedId": name}, "role": "student"}
            for name, letters in (("old", of_old), ("new", of_new)) for letter in letters for number in range(120)
        ],
    }  # fmt: skip


def test_the_first_seats_of_classes_that_stood_empty_are_no_second_set(target: DuckDbTarget) -> None:
    run(target, seats(["old"]), day=date(2026, 6, 1))
    run(target, seats(["old", "new"]), day=date(2026, 7, 20))
    plan, _ = run(target, seats(["old", "new"], of_new="a"), day=date(2026, 8, 14))
    assert (plan.holds, plan.entities["enrollments"].counts.create) == ((), 120)
    # They do not count against those that come later in the week, and a second set of all is one still.
    twice, _ = run(target, seats(["old", "new"], of_old="ab", of_new="ab"), day=date(2026, 8, 15))
    assert (held(twice), twice.held) == ({"enrollments"}, 240)


def test_seats_that_come_with_their_classes_are_a_second_set(target: DuckDbTarget) -> None:
    run(target, seats(["old"]), day=date(2026, 6, 1))
    plan, _ = run(target, seats(["old", "new"], of_new="a"), day=date(2026, 8, 14))
    assert held(plan) == {"enrollments"}


def test_a_second_set_of_seats_in_the_same_classes_is_held_in_those_weeks(target: DuckDbTarget) -> None:
    run(target, seats(["old", "new"]), day=date(2026, 6, 1))
    plan, _ = run(target, seats(["old", "new"], of_old="ab"), day=date(2026, 8, 14))
    assert held(plan) == {"enrollments"}
