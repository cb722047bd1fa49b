"""The living year: same days for a seed, every kind comes, records stay valid in both versions and for every vendor."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from data_gen.districts import advance, build
from data_gen.lens import FORMS, lens_of
from data_gen.year.days import live_until
from data_gen.year.happenings import FOLLOWS, HAPPENINGS
from data_gen.year.rates import known_rates
from data_gen.year.views import as_version
from data_gen.year.world import Change, World
from oneroster_harness.problems import UsageProblem
from oneroster_standard.marks import parse
from oneroster_standard.schemas import entity_schema
from oneroster_standard.standard import load
from oneroster_standard.store import COLLECTIONS, Store

DAYS = 60
GOLDEN = "5c078ef7177b583d1db983a5a2468017f02a5f706b7aac87d7a3ccf6c8725586"
STARTS = date(2026, 10, 1)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A district with two schools of one level."""
    return build(tmp_path_factory.mktemp("year") / "base.district", students=1000, seed=1, as_of=STARTS)


@pytest.fixture(scope="module")
def lived(store: Path) -> Iterator[tuple[World, list[list[Change]]]]:
    """Sixty days of it, and what changed on each."""
    source = Store.open(store)
    world = World(source)
    days = []
    for day in range(1, DAYS + 1):
        live_until(world, day)
        days.append(list(world.changes()))
    yield world, days
    source.close()


def test_every_kind_of_happening_comes_and_every_follow_up(lived: tuple[World, list[list[Change]]]) -> None:
    kinds = {*HAPPENINGS, *FOLLOWS}
    assert {change.reason for day in lived[1] for change in day} == kinds
    assert kinds <= known_rates().keys() | FOLLOWS.keys()


def test_on_every_school_day_something_changes_and_nothing_starts_on_a_weekend(lived: tuple[World, list[list[Change]]]) -> None:
    for number, changes in enumerate(lived[1], start=1):
        day = date.fromordinal(STARTS.toordinal() + number)
        if day.weekday() >= 5:
            assert {change.reason for change in changes} <= set(FOLLOWS), day


def test_a_change_differs_by_more_than_its_stamp_and_bears_its_day(lived: tuple[World, list[list[Change]]]) -> None:
    for number, changes in enumerate(lived[1], start=1):
        day = date.fromordinal(STARTS.toordinal() + number).isoformat()
        for change in changes:
            assert change.after["dateLastModified"].startswith(day)
            if change.before is not None:
                assert {**change.before, "dateLastModified": ""} != {**change.after, "dateLastModified": ""}


def test_what_is_retired_keeps_the_content_of_the_day_before(lived: tuple[World, list[list[Change]]]) -> None:
    retired = [change for day in lived[1] for change in day if change.kind == "retire" and change.before is not None]
    assert len(retired) > 100
    for change in retired:
        assert change.before is not None
        moved = ("dateLastModified", "status")
        assert {**change.before, **{name: change.after[name] for name in moved}} == change.after


@pytest.mark.parametrize("spec", ["1.1", "1.2"])
def test_changed_records_are_valid_in_both_versions(lived: tuple[World, list[list[Change]]], spec: str) -> None:
    world, standard = lived[0], load(spec)
    validators = {name: Draft202012Validator(entity_schema(standard, found.name)) for name, found in standard.collections.items()}
    count = 0
    for collection, _, record in world.all_changed():
        shown = as_version(world, spec, collection, record)
        assert (shown is None) == (collection not in COLLECTIONS[spec])
        if shown is None:
            continue
        assert [error.message for error in validators[collection].iter_errors(shown)] == []
        count += 1
    assert count > 300


@pytest.mark.parametrize("vendor", ["reference", "powerschool", "infinite-campus", "classlink"])
@pytest.mark.parametrize("spec", ["1.1", "1.2"])
def test_a_vendors_keys_stay_apart(store: Path, lived: tuple[World, list[list[Change]]], vendor: str, spec: str) -> None:
    lens, source = lens_of(vendor, (), spec), Store.open(store)
    for collection in ("users", "enrollments"):
        keys = [parse(raw)["sourcedId"] for raw in source.collection(collection).iter_bytes()]
        new = [key for name, key, _ in lived[0].all_changed() if name == collection and key not in set(keys)]
        shown = Counter(lens.new_id(collection, key) for key in [*keys, *new])
        assert new
        assert shown.most_common(1)[0][1] == 1
    source.close()


@given(students=st.integers(1, 60), seed=st.integers(0, 2**32), days=st.integers(1, 40))
@settings(max_examples=12, deadline=None)
def test_any_district_lives_and_its_seats_lead_to_active_records(
    tmp_path_factory: pytest.TempPathFactory, students: int, seed: int, days: int
) -> None:
    path = build(tmp_path_factory.mktemp("any") / "a.district", students=students, seed=seed, as_of=STARTS, specs=("1.1",))
    source = Store.open(path)
    world = World(source)
    live_until(world, days)
    for collection, _, record in world.all_changed():
        if collection == "enrollments" and record["status"] == "active":
            assert world.active("users", record["user"]["sourcedId"])
            assert world.active("classes", record["class"]["sourcedId"])
    source.close()


def test_the_same_seed_gives_the_same_days(store: Path) -> None:
    views = [(vendor, (), "1.1") for vendor in ("reference", "powerschool", "classlink")]
    found = advance(store, start=0, stop=30, views=views)
    body = b"".join(key.encode() + record for shown in found for _, records in sorted(shown.items()) for key, record in sorted(records.items()))
    assert hashlib.sha256(body).hexdigest() == GOLDEN


def test_a_district_that_is_seen_through_a_vendor_cannot_live(tmp_path: Path) -> None:
    path = build(tmp_path / "a.district", students=20, seed=1, as_of=STARTS, vendor="classlink")
    with pytest.raises(UsageProblem, match="vendor"):
        advance(path, start=0, stop=1, views=[("classlink", (), "1.1")])


def test_every_form_of_key_is_put_to_the_test() -> None:
    # `case-twins` is nobody's: the judge of consumers asks for it by name, and has its test there.
    used = {"case-twins"} | {form for vendor in ("powerschool", "infinite-campus", "classlink") for spec in ("1.1", "1.2") for form in lens_of(vendor, (), spec).forms.values()}
    assert used | {"same"} == set(FORMS)
