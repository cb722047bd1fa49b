"""A school year from its first term to the next year: terms, graduation, promotion, schools that close and open."""

from __future__ import annotations

import io
import tomllib
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from data_gen.bundle import StoreSource, write_bundle
from data_gen.districts import build, view
from data_gen.lens import lens_of
from data_gen.shape import GRADES
from data_gen.shapes.model import load
from data_gen.shapes.reading import preset_names
from data_gen.year.bundles import Span, source_on, write_days
from data_gen.year.calendar import OCCASIONS
from data_gen.year.days import ORDER, live_until
from data_gen.year.documentation import BESIDE
from data_gen.year.happenings import FOLLOWS, HAPPENINGS
from data_gen.year.rates import known_rates, rates_of, read_rates
from data_gen.year.views import Passed, changed
from data_gen.year.world import Change, World
from oneroster_harness.problems import UsageProblem
from oneroster_standard.store import Store
from tests.data_gen.soundness import Record, faults, held

STARTS = date(2026, 10, 1)
TERM_ENDS, PLANNED, BEGINS, SCHEDULED = (date(2027, 1, 11), date(2027, 6, 22), date(2027, 7, 20), date(2027, 8, 10))
MOVING = {"happenings": {"school-closure": 1000, "school-opening": 1000, "held-back": 100}}
YEAR = (SCHEDULED - STARTS).days + 30
Held = dict[str, dict[str, Record]]


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A district of two elementary schools, whose schools close and open as the year begins."""
    return build(tmp_path_factory.mktemp("school-year") / "base.district", students=1000, seed=3, as_of=STARTS, year=MOVING)


@pytest.fixture(scope="module")
def lived(district: Path) -> Iterator[tuple[World, dict[date, list[Change]], dict[date, Held]]]:
    """A year of it: what changed on each day, and all records before and after the days that matter."""
    store = Store.open(district)
    world = World(store)
    days, kept = {}, {STARTS: held(world)}
    events = (TERM_ENDS, PLANNED, BEGINS, SCHEDULED)
    for day in range(1, YEAR + 1):
        live_until(world, day)
        days[world.date] = list(world.changes())
        if world.date in events or world.date + timedelta(days=1) in events:
            kept[world.date] = held(world)
    yield world, days, kept
    store.close()


def told(changes: list[Change], reason: str) -> Counter[tuple[str, str]]:
    """How many changes of a reason, by collection and kind."""
    return Counter((change.collection, change.kind) for change in changes if change.reason == reason)


def test_every_reason_comes_within_a_year(lived: tuple[World, dict[date, list[Change]], dict[date, Held]]) -> None:
    assert {change.reason for changes in lived[1].values() for change in changes} == {*HAPPENINGS, *FOLLOWS, *OCCASIONS, *BESIDE}
    assert set(ORDER) == OCCASIONS.keys()


def test_every_rate_belongs_to_something_that_happens(lived: tuple[World, dict[date, list[Change]], dict[date, Held]]) -> None:
    assert HAPPENINGS.keys() == {id for id, rate in known_rates().items() if rate.when != "rollover"}
    assert {rate.basis for rate in known_rates().values()} <= {"documented", "assumed"}
    assert all(rate.source for rate in known_rates().values())


def test_a_term_ends_and_each_of_its_classes_goes_on_as_another(lived: tuple[World, dict[date, list[Change]], dict[date, Held]]) -> None:
    before, after = lived[2][TERM_ENDS - timedelta(days=1)], lived[2][TERM_ENDS]
    over = {key: one for key, one in before["classes"].items() if [term["sourcedId"] for term in one["terms"]] == ["ses-2027-t1"]}
    new = {key: one for key, one in after["classes"].items() if key not in before["classes"]}
    assert over
    assert not over.keys() & after["classes"].keys()
    assert {one["terms"][0]["sourcedId"] for one in new.values()} == {"ses-2027-t2"}
    assert Counter(one["title"] for one in new.values()) == Counter(one["title"] for one in over.values())
    own = told(lived[1][TERM_ENDS], "term-change")
    assert own["classes", "create"] == own["classes", "retire"] == len(over)
    assert own["enrollments", "retire"] >= own["enrollments", "create"] > len(over)


def test_the_summer_is_half_old_and_half_new(lived: tuple[World, dict[date, list[Change]], dict[date, Held]]) -> None:
    between = lived[2][BEGINS - timedelta(days=1)]
    years = Counter(one["schoolYear"] for one in between["academicSessions"].values())
    assert years == {"2027": 7, "2028": 7}
    new = {key for key, one in between["classes"].items() if one["terms"][0]["sourcedId"].startswith("ses-2028")}
    assert new
    assert not [key for key, seat in between["enrollments"].items() if seat["class"]["sourcedId"] in new]


def test_the_last_grade_leaves_and_no_one_who_stays_is_in_it(lived: tuple[World, dict[date, list[Change]], dict[date, Held]]) -> None:
    before, after = lived[2][PLANNED - timedelta(days=1)], lived[2][PLANNED]
    last = {key for key, user in before["users"].items() if user.get("grades") == ["12"]}
    assert len(last) > 50
    assert not last & after["users"].keys()
    assert not [user for user in after["users"].values() if user.get("grades") == ["12"]]


def test_students_are_promoted_and_few_are_held_back(lived: tuple[World, dict[date, list[Change]], dict[date, Held]]) -> None:
    before, after = lived[2][BEGINS - timedelta(days=1)], lived[2][BEGINS]
    entered = {change.sourced_id for change in lived[1][PLANNED] if change.reason == "new-entrants"}
    steps: Counter[int] = Counter()
    for key, user in before["users"].items():
        if user["role"] == "student" and key in after["users"] and key not in entered:
            steps[GRADES.index(after["users"][key]["grades"][0]) - GRADES.index(user["grades"][0])] += 1
    assert set(steps) == {0, 1}
    assert steps[1] > 5 * steps[0] > 0
    assert {after["users"][key]["grades"][0] for key in entered & after["users"].keys() if key.startswith("stu")} == {"KG"}


def test_nothing_of_the_old_year_is_left(lived: tuple[World, dict[date, list[Change]], dict[date, Held]]) -> None:
    before, after = lived[2][BEGINS - timedelta(days=1)], lived[2][BEGINS]
    assert {one["schoolYear"] for one in after["academicSessions"].values()} == {"2028"}
    assert not after["enrollments"]
    old = {key for key, one in before["classes"].items() if one["terms"][0]["sourcedId"].startswith("ses-2027")}
    assert not old & after["classes"].keys()
    assert {one["schoolYear"]["sourcedId"] for one in after["courses"].values()} == {"ses-2028"}


def test_a_closed_schools_people_move_and_a_new_school_is_staffed(lived: tuple[World, dict[date, list[Change]], dict[date, Held]]) -> None:
    before, after = lived[2][PLANNED - timedelta(days=1)], lived[2][BEGINS]
    closed, opened = before["orgs"].keys() - after["orgs"].keys(), after["orgs"].keys() - before["orgs"].keys()
    assert len(closed) == 1
    assert len(opened) == 2
    for user in after["users"].values():
        assert not {org["sourcedId"] for org in user["orgs"]} & closed
    for school in opened:
        roles = Counter(user["role"] for user in after["users"].values() if school in {org["sourcedId"] for org in user["orgs"]})
        assert roles["student"] > 50
        assert roles["teacher"] > 3
    moved = told(lived[1][BEGINS], "school-closure")
    assert moved["users", "update"] > 50
    assert moved["orgs", "retire"] == 1


def test_everybody_has_a_schedule_when_school_begins(lived: tuple[World, dict[date, list[Change]], dict[date, Held]]) -> None:
    after = lived[2][SCHEDULED]
    seats = Counter(seat["user"]["sourcedId"] for seat in after["enrollments"].values())
    schools = {key: user["orgs"][0]["sourcedId"] for key, user in after["users"].items() if user["role"] == "student"}
    assert all(seats[key] >= 6 for key in schools)
    for seat in after["enrollments"].values():
        if seat["role"] == "student":
            assert seat["school"]["sourcedId"] == schools[seat["user"]["sourcedId"]]
    grades = {key: set(one["grades"]) for key, one in after["classes"].items()}
    for seat in after["enrollments"].values():
        if seat["role"] == "student":
            assert set(after["users"][seat["user"]["sourcedId"]]["grades"]) <= grades[seat["class"]["sourcedId"]]


def test_sections_keep_their_size(lived: tuple[World, dict[date, list[Change]], dict[date, Held]]) -> None:
    for day in (STARTS, SCHEDULED):
        seats = Counter(
            seat["class"]["sourcedId"] for seat in lived[2][day]["enrollments"].values() if seat["role"] == "student"
        )
        assert max(seats.values()) <= 40, day


def test_a_split_record_and_its_twin_share_what_one_had(lived: tuple[World, dict[date, list[Change]], dict[date, Held]]) -> None:
    split = [changes for changes in lived[1].values() if told(changes, "two-in-one")["users", "create"]]
    assert split
    for changes in split:
        own = told(changes, "two-in-one")
        assert own["enrollments", "create"] <= own["enrollments", "retire"] > 0


def test_a_merge_lets_the_first_entry_go_as_well(lived: tuple[World, dict[date, list[Change]], dict[date, Held]]) -> None:
    gone = {change.sourced_id for changes in lived[1].values() for change in changes if change.reason == "merged" and change.kind == "retire"}
    students = {key for key in gone if key.startswith("stu-")}
    assert students & lived[2][STARTS]["users"].keys()
    assert students - lived[2][STARTS]["users"].keys()


def test_the_district_is_sound_on_every_day_that_matters(lived: tuple[World, dict[date, list[Change]], dict[date, Held]]) -> None:
    for day, found in lived[2].items():
        assert faults(found) == [], day
    assert faults(held(lived[0])) == []


@given(
    students=st.integers(1, 70), seed=st.integers(0, 2**32), days=st.sampled_from([1, 12, 70, 300, 420]),
    start=st.dates(date(2026, 7, 1), date(2028, 6, 30)), closing=st.sampled_from([0, 400, 1000]), opening=st.sampled_from([0, 1000]),
    ended=st.sampled_from(["retire", "keep"]),
)  # fmt: skip
@example(students=1, seed=0, days=420, start=date(2027, 6, 30), closing=1000, opening=1000, ended="keep")
@example(students=13, seed=5, days=400, start=date(2028, 2, 29), closing=0, opening=1000, ended="retire")
@settings(max_examples=10, deadline=None)
def test_any_district_is_sound_after_any_number_of_days(
    tmp_path_factory: pytest.TempPathFactory, students: int, seed: int, days: int, start: date, closing: int, opening: int, ended: str
) -> None:
    year = {"happenings": {"school-closure": closing, "school-opening": opening}, "calendar": {"ended-classes": ended}}
    path = build(tmp_path_factory.mktemp("any") / "a.district", students=students, seed=seed, as_of=start, year=year)
    store = Store.open(path)
    world = World(store)
    live_until(world, days)
    assert faults(held(world)) == []
    store.close()


def test_what_is_over_may_stay_with_its_dates(tmp_path: Path) -> None:
    path = build(tmp_path / "a.district", students=120, seed=1, as_of=STARTS, year={"calendar": {"ended-classes": "keep"}})
    store = Store.open(path)
    world = World(store)
    live_until(world, YEAR)
    found = held(world)
    assert {one["schoolYear"] for one in found["academicSessions"].values()} == {"2027", "2028"}
    assert faults(found) == []
    ended = [seat for seat in found["enrollments"].values() if seat["endDate"] < BEGINS.isoformat()]
    assert ended
    store.close()


def test_who_shows_the_active_year_only_shows_nothing_of_the_next_one_and_all_of_it_at_once(tmp_path: Path) -> None:
    begun = PLANNED - timedelta(days=3)
    store = Store.open(build(tmp_path / "a.district", students=120, seed=3, as_of=begun, year=MOVING))
    world = World(store)
    live_until(world, 2)
    found: dict[str, dict[str, Any]] = {"powerschool": {}, "infinite-campus": {}}
    passed = Passed()
    for day in range(3, (BEGINS - begun).days):
        live_until(world, day)
        passed.add(world.changes())
    for vendor, seen in found.items():
        seen["before"] = changed(world, lens_of(vendor), passed.changes())
    live_until(world, (BEGINS - begun).days)
    for vendor, seen in found.items():
        seen["on the day"] = changed(world, lens_of(vendor), world.changes())
    assert len(found["powerschool"]["before"]["academicSessions"]) == 7
    assert not found["infinite-campus"]["before"].get("academicSessions")
    assert not found["infinite-campus"]["before"].get("classes", {}).keys() - {
        lens_of("infinite-campus").new_id("classes", f"cls-{place:07d}") for place in range(400)
    }
    assert len(found["infinite-campus"]["on the day"]["academicSessions"]) == 14
    assert len(found["powerschool"]["on the day"]["academicSessions"]) == 7
    store.close()


@pytest.mark.parametrize("start", [date(2027, 1, 6), date(2027, 6, 15)])
@pytest.mark.parametrize(("vendor", "spec"), [("reference", "1.1"), ("reference", "1.2"), ("powerschool", "1.1"), ("infinite-campus", "1.2"), ("infinite-campus", "1.1"), ("classlink", "1.1")])
def test_a_full_bundle_is_the_one_that_the_records_of_its_day_make(tmp_path: Path, vendor: str, spec: str, start: date) -> None:
    base = Store.open(build(tmp_path / "base.district", students=70, seed=2, as_of=start, year=MOVING))
    shown = base if vendor == "reference" else Store.open(view(base.path, tmp_path / "seen.district", vendor=vendor))
    lens, first = lens_of(vendor, (), spec), tmp_path / "first"
    write_bundle(first, StoreSource(shown.path, spec), version=spec)
    days = write_days(tmp_path / "days", first, base, lens, Span(8, 3) if start.month == 1 else Span(60, 17))
    world, passed = World(base), Passed()
    for day in days:
        for step in range(world.day + 1, day.number + 1):
            live_until(world, step)
            passed.add(world.changes())
        made = tmp_path / f"made-{day.number}"
        write_bundle(made, source_on(shown, spec, changed(world, lens, passed.changes())), version=spec)
        full = tmp_path / "days" / day.folder / "full"
        assert {one.name: one.read_bytes() for one in full.iterdir()} == {one.name: one.read_bytes() for one in made.iterdir()}
    base.close()


def test_days_that_pass_unwritten_end_in_the_same_bundle(tmp_path: Path) -> None:
    base = Store.open(build(tmp_path / "base.district", students=60, seed=2, as_of=date(2027, 6, 15)))
    first = tmp_path / "first.zip"
    write_bundle(first, StoreSource(base.path))
    each = write_days(tmp_path / "each", first, base, lens_of("reference"), Span(40))
    some = write_days(tmp_path / "some", first, base, lens_of("reference"), Span(40, 7))
    assert [day.number for day in some] == [7, 14, 21, 28, 35, 40]
    assert len(each) == 40
    for day in some:
        assert content(tmp_path / "some" / day.folder / "full.zip") == content(tmp_path / "each" / day.folder / "full.zip")
    base.close()


def content(path: Path) -> Mapping[str, bytes]:
    """Files of an archive."""
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_happening_with_the_rate_nought_never_comes(tmp_path: Path) -> None:
    none = {id: 0 for id, rate in known_rates().items() if id != "drop" and rate.when != "rollover"}
    store = Store.open(build(tmp_path / "a.district", students=50, seed=1, as_of=STARTS, specs=("1.1",), year={"happenings": none}))
    world = World(store)
    seen = set()
    for day in range(1, 15):
        live_until(world, day)
        seen |= {change.reason for change in world.changes()}
    assert seen == {"drop"}
    store.close()


def test_holidays_have_no_school(tmp_path: Path) -> None:
    store = Store.open(build(tmp_path / "a.district", students=50, seed=1, as_of=date(2026, 12, 22), specs=("1.1",)))
    world = World(store)
    for day in range(1, 11):
        live_until(world, day)
        if rates_of().is_holiday(world.date):
            assert {change.reason for change in world.changes()} <= set(FOLLOWS)
    assert rates_of().is_holiday(date(2027, 1, 1))
    assert not rates_of().is_holiday(date(2027, 1, 4))
    store.close()


@pytest.mark.parametrize(
    "text",
    [
        "not toml", "a = 1", "year = 3", "[year.happenings]\ntransfr-in = 3", "[year.happenings]\ndrop = -1", "[year.happenings]\ndrop = true",
        "[year.calendar]\nplanned-before = 3", '[year.calendar]\nended-classes = "lose"', '[year.calendar]\nholidays = ["13-01..13-04"]',
        "[year.calendar]\nrollover-before = 1.5", "[year.other]\na = 1", "[year]\nhappenings = 2",
    ],
)  # fmt: skip
def test_rates_that_say_something_unknown_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rates.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageProblem):
        read_rates(path)


def test_a_users_numbers_lie_over_the_built_in_ones(tmp_path: Path) -> None:
    path = tmp_path / "rates.toml"
    path.write_text('[year.happenings]\ndrop = 300\n[year.calendar]\nrollover-before = 20\n', encoding="utf-8")
    found = rates_of(read_rates(path))
    assert found.happenings == {**rates_of().happenings, "drop": 300}
    assert found.days("rollover-before") == 20
    assert tomllib.loads(path.read_text())["year"] == read_rates(path)


def test_a_shape_has_rates_of_its_own_and_a_user_changes_them(tmp_path: Path) -> None:
    shape = load("one-school")
    store = Store.open(build(tmp_path / "a.district", students=40, seed=1, as_of=STARTS, shape=shape, year={"happenings": {"drop": 7}}))
    found = World(store).rates
    assert found.happenings == {**rates_of().happenings, "change-of-school": 0, "drop": 7}
    store.close()


@pytest.mark.parametrize("name", preset_names())
def test_the_rates_of_a_preset_are_known(name: str) -> None:
    assert rates_of(load(name).document.get("year")).happenings.keys() == known_rates().keys()


@pytest.mark.parametrize("name", ["one-class", "one-school", "city", "state"])
def test_a_district_of_any_shape_is_as_sound_a_year_later_as_it_was(tmp_path: Path, name: str) -> None:
    shape = load(name)
    path = build(tmp_path / "a.district", students=min(90, shape.students), seed=4, as_of=STARTS, shape=shape, year=MOVING)
    store = Store.open(path)
    world = World(store)
    before = set(faults(held(world)))
    live_until(world, YEAR)
    assert set(faults(held(world))) <= before
    store.close()
