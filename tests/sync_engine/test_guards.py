"""Guards: what waits at which scope, what goes on meanwhile, and what an approval lets through."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sync_engine.holds import hold_id
from tests.sync_engine.conftest import Database, Ran, call, duckdb_database, sync
from tests.sync_engine.rosters import Rows, orgs, person, seat, taught, term, users, write_bundle

Lander = Callable[..., Ran]
DAY = "2026-10-01"


@pytest.fixture
def land(database: Database, tmp_path: Path) -> Lander:
    """Run one bundle after the other into one target, on a day of the test's."""
    made: list[int] = []

    def landed(rows: Rows, *options: object, day: str = DAY) -> Ran:
        made.append(0)
        bundle = write_bundle(tmp_path / f"bundle{len(made)}", rows)
        return sync("run", bundle, database.url, "--yes", "--as-of", day, *options)

    return landed


@pytest.fixture
def duck_land(tmp_path: Path, duck: Database) -> Lander:
    """The same on DuckDB only, for what does not depend on the engine."""
    made: list[int] = []

    def landed(rows: Rows, *options: object, day: str = DAY) -> Ran:
        made.append(0)
        bundle = write_bundle(tmp_path / f"bundle{len(made)}", rows)
        return sync("run", bundle, duck.url, "--yes", "--as-of", day, *options)

    return landed


def school(name: str, count: int, role: str = "student") -> list[dict[str, str]]:
    """So many users of one school and role."""
    return [person(f"{name}-{role}-{number:03d}", name, role) for number in range(count)]


def test_one_school_that_loses_many_is_held_and_the_rest_goes_on(land: Lander, database: Database) -> None:
    full = [*school("o1", 60), *school("o2", 400)]
    assert land({"orgs": orgs(1, 2), "users": full}).code == 0
    fewer = [*school("o1", 39), *school("o2", 390), person("new", "o1")]
    ran = land({"orgs": orgs(1, 2), "users": fewer})
    assert (ran.code, ran.changed()) == (4, {"users": {"create": 1, "delete": 10, "held": 21}})
    hold = hold_id("users", "remove", "school", "o1")
    assert ran.document["reasons"] == [
        f"users: school o1: 21 of 60 rows would be removed (35.0 %, at most 25 %)  [{hold}]"
    ]
    states = dict(database.query('SELECT "_state", count(*) FROM users GROUP BY 1'))
    assert states == {"present": 451, "missing": 10}


@pytest.mark.parametrize(("left", "held"), [(20, 0), (21, 21)])
def test_a_school_s_floor_and_share_decide_together(duck_land: Lander, left: int, held: int) -> None:
    full = [*school("o1", 80), *school("o2", 400)]
    duck_land({"orgs": orgs(1, 2), "users": full})
    ran = duck_land({"orgs": orgs(1, 2), "users": full[left:]})
    # 20 of 80 is the floor itself and a quarter; one more is neither.
    assert ran.document["changes"]["users"]["held"] == held
    assert ran.code == (4 if held else 0)


def test_a_role_that_loses_many_is_held(duck_land: Lander) -> None:
    everybody = [*school("o1", 20, "teacher"), *school("o1", 300)]
    duck_land({"orgs": orgs(1), "users": everybody})
    ran = duck_land({"orgs": orgs(1), "users": everybody[11:]})
    assert ran.changed() == {"users": {"held": 11}}
    assert "users: role teacher: 11 of 20 rows would be removed (55.0 %, at most 25 %)" in ran.document["reasons"][0]


def classes_of(seats: dict[str, int]) -> Rows:
    """Classes with so many seats each."""
    return {
        "orgs": orgs(1), "users": [person(f"u{number}") for number in range(40)],
        "academicSessions": [term("t1", "2026-08-01", "2027-06-01")], "classes": [taught(name) for name in seats],
        "enrollments": [seat(f"{name}-{number}", f"u{number}", name) for name, count in seats.items() for number in range(count)],
    }  # fmt: skip


def test_one_class_that_loses_most_is_held_though_the_district_is_not(duck_land: Lander) -> None:
    seats = {f"k{number}": 20 for number in range(20)}
    assert duck_land(classes_of(seats)).code == 0
    ran = duck_land(classes_of({**seats, "k3": 9, "k4": 10, "k5": 15}))
    assert (ran.code, ran.changed()) == (4, {"enrollments": {"delete": 15, "held": 11}})
    assert ran.document["reasons"][0].startswith("enrollments: class k3: 11 of 20 rows would be removed (55.0 %, at most 50 %)")


def test_a_class_that_goes_itself_takes_its_seats_along(duck_land: Lander) -> None:
    seats = {f"k{number}": 20 for number in range(20)}
    duck_land(classes_of(seats))
    ran = duck_land(classes_of({name: count for name, count in seats.items() if name != "k3"}))
    assert (ran.code, ran.changed()) == (0, {"classes": {"delete": 1}, "enrollments": {"delete": 20}})


def test_many_runs_of_a_few_removals_count_together(land: Lander) -> None:
    everybody = school("o1", 100)
    land({"users": everybody})
    assert land({"users": everybody[6:]}, day="2026-10-02").changed() == {"users": {"delete": 6}}
    assert land({"users": everybody[10:]}, day="2026-10-04").changed() == {"users": {"delete": 4, "update": 6}}
    ran = land({"users": everybody[11:]}, day="2026-10-05")
    assert (ran.code, ran.changed()["users"]["held"]) == (4, 1)
    assert "users: 1 more rows would be removed, 11 of 100 within 7 days (11.0 %, at most 10 %)" in ran.document["reasons"][0]
    # On the ninth day the first six are older than the window.
    assert land({"users": everybody[11:]}, day="2026-10-09").changed()["users"]["delete"] == 1


def test_told_removals_are_guarded_too(duck_land: Lander) -> None:
    everybody = school("o1", 40)
    duck_land({"users": everybody})
    told = [{**one, "status": "tobedeleted"} for one in everybody[:6]]
    ran = duck_land({"users": [*told, *everybody[6:]]})
    assert (ran.code, ran.changed()) == (4, {"users": {"held": 6}})


def test_names_that_change_at_once_are_held_and_other_updates_go_on(land: Lander, database: Database) -> None:
    everybody = school("o1", 100)
    land({"users": everybody})
    shifted = [{**one, "familyName": f"Shifted {number}"} for number, one in enumerate(everybody[:21])]
    others = [{**one, "email": f"{one['sourcedId']}@example.org"} for one in everybody[21:60]]
    ran = land({"users": [*shifted, *others, *everybody[60:]]})
    assert (ran.code, ran.changed()) == (4, {"users": {"update": 39, "held": 21}})
    hold = hold_id("users", "change", "district", "names")
    assert ran.document["reasons"] == [
        f"users: the names of 21 of 100 rows would change (21.0 %, at most 10 %)  [{hold}]"
    ]
    assert database.query("SELECT count(*) FROM users WHERE \"familyName\" LIKE 'Shifted%'") == [(0,)]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"identifier": "other"}, "ids"), ({"role": "teacher"}, "roles"), ({"orgSourcedIds": "o2"}, "schools"),
        ({"givenName": "Other"}, "names"),
    ],
)  # fmt: skip
def test_each_part_of_an_identity_is_guarded(duck_land: Lander, change: dict[str, str], what: str) -> None:
    everybody = school("o1", 100)
    duck_land({"orgs": orgs(1, 2), "users": everybody})
    ran = duck_land({"orgs": orgs(1, 2), "users": [*({**one, **change} for one in everybody[:30]), *everybody[30:]]})
    assert (ran.code, ran.changed()) == (4, {"users": {"held": 30}})
    assert f"the {what} of 30 of 100 rows" in ran.document["reasons"][0]


@pytest.mark.parametrize("change", [{"familyName": "FAMILY O1-STUDENT-001"}, {"email": "x@example.org"}, {"identifier": ""}, {"orgSourcedIds": "o1,o2"}])
def test_what_does_not_change_who_somebody_is_is_no_identity_change(duck_land: Lander, change: dict[str, str]) -> None:
    everybody = school("o1", 40)
    duck_land({"orgs": orgs(1, 2), "users": everybody})
    later = [{**one, **change} if "familyName" not in change else {**one, "familyName": one["familyName"].upper()} for one in everybody]
    ran = duck_land({"orgs": orgs(1, 2), "users": later})
    assert (ran.code, ran.changed()) == (0, {"users": {"update": 40}})


def test_identity_changes_of_many_runs_count_together(duck_land: Lander) -> None:
    everybody = school("o1", 100)
    duck_land({"users": everybody})
    for first in (0, 10):
        everybody[first : first + 10] = [{**one, "familyName": f"Next {one['sourcedId']}"} for one in everybody[first : first + 10]]
        assert duck_land({"users": everybody}).changed() == {"users": {"update": 10}}
    everybody[20:30] = [{**one, "familyName": f"Next {one['sourcedId']}"} for one in everybody[20:30]]
    ran = duck_land({"users": everybody})
    assert (ran.code, ran.changed()) == (4, {"users": {"held": 10}})
    assert "the names of 10 more, 30 of 100 rows within 7 days, would change" in ran.document["reasons"][0]


def test_a_second_set_of_everything_is_held(duck_land: Lander) -> None:
    everybody = school("o1", 101)
    duck_land({"users": everybody})
    again = [person(f"x-{number}") for number in range(101)]
    ran = duck_land({"users": [*everybody, *again]})
    assert (ran.code, ran.changed()) == (4, {"users": {"held": 101}})
    assert "users: 101 rows would be created beside 101 (at most 90 %)" in ran.document["reasons"][0]
    few = duck_land({"users": [*everybody, *again[:90]]})
    assert (few.code, few.changed()) == (0, {"users": {"create": 90}})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"givenName": "Ada", "familyName": "Else", "grades": "07"}, "another grade;"),
        ({"givenName": "Ada", "familyName": "Else", "grades": "KG"}, "another grade;"),
        ({"givenName": "Ada", "familyName": "Else", "role": "teacher"}, "another role;"),
        ({"givenName": "Ada", "familyName": "Else", "grades": "06"}, ""),
        ({"familyName": "Else", "grades": "09"}, ""),
        ({"givenName": "ADA ", "familyName": "Else", "grades": ""}, ""),
    ],
)
def test_a_key_that_passed_to_another_person_is_held(duck_land: Lander, change: dict[str, str], told: str) -> None:
    first = {"orgs": orgs(1), "users": school("o1", 5)}
    duck_land(first)
    ran = duck_land({"orgs": orgs(1), "users": [{**first["users"][0], **change}, *first["users"][1:]]})
    if told:
        assert (ran.code, ran.changed()) == (4, {"users": {"held": 1}})
        assert told in ran.document["reasons"][0]
        assert "o1-student" not in ran.out
    else:
        assert (ran.code, ran.changed()) == (0, {"users": {"update": 1}})


def test_what_hangs_on_a_doubtful_key_waits_with_it(duck_land: Lander, duck: Database, tmp_path: Path) -> None:
    rows = {key: list(found) for key, found in classes_of({"k1": 2}).items()}
    rows["demographics"] = [{"sourcedId": "u0", "birthDate": "2012-01-01"}]
    duck_land(rows)
    rows["users"][0] = {**rows["users"][0], "givenName": "Ada", "familyName": "Else"}
    rows["demographics"] = [{"sourcedId": "u0", "birthDate": "2009-05-05"}]
    rows["enrollments"].append(seat("new", "u0", "k1"))
    rows["enrollments"].append(seat("other", "u7", "k1"))
    ran = duck_land(rows)
    assert ran.changed() == {"users": {"held": 1}, "demographics": {"held": 1}, "enrollments": {"create": 1, "held": 1}}
    assert "another birth date" in ran.document["reasons"][0]
    plan = tmp_path / "plan.json"
    sync("plan", write_bundle(tmp_path / "last", rows), duck.url, "-o", plan, "--as-of", DAY)
    (hold,) = json.loads(plan.read_text())["holds"]
    approved = sync("apply", plan, "--approve", hold["id"])
    assert approved.changed() == {"users": {"update": 1}, "demographics": {"update": 1}, "enrollments": {"create": 1}}


def test_an_ended_term_may_go_to_zero(land: Lander) -> None:
    spring = term("t0", "2026-01-01", "2026-06-01")
    now = classes_of({"k1": 10})
    last = {"classes": [taught("z1", "t0")], "enrollments": [seat(f"z-{number}", f"u{number}", "z1") for number in range(30)]}
    both = {**now, "academicSessions": [spring, *now["academicSessions"]], "classes": [*last["classes"], *now["classes"]],
            "enrollments": [*last["enrollments"], *now["enrollments"]]}  # fmt: skip
    land(both)
    ran = land({**now, "academicSessions": both["academicSessions"]}, day="2026-10-02")
    assert (ran.code, ran.changed()) == (0, {"classes": {"delete": 1}, "enrollments": {"delete": 30}})


def test_a_source_cannot_end_a_term_and_empty_it_at_once(duck_land: Lander) -> None:
    rows = classes_of({"k1": 30, "k2": 30})
    duck_land(rows)
    ended = {**rows, "academicSessions": [term("t1", "2026-08-01", "2026-09-01")]}
    assert duck_land(ended, day="2026-10-02").code == 0
    ran = duck_land({**ended, "classes": [], "enrollments": []}, day="2026-10-03")
    assert (ran.code, ran.changed()) == (4, {"classes": {"held": 2}, "enrollments": {"held": 60}})
    # Nobody touched the term for a week: it has ended.
    later = duck_land({**ended, "classes": [], "enrollments": []}, day="2026-10-09")
    assert (later.code, later.changed()) == (0, {"classes": {"delete": 2}, "enrollments": {"delete": 60}})


def test_a_term_that_the_source_does_not_cover_is_unknown_and_not_gone(duck_land: Lander) -> None:
    rows = classes_of({"k1": 10})
    autumn, spring = rows["academicSessions"][0], term("t2", "2027-02-01", "2027-06-01")
    both = {**rows, "academicSessions": [autumn, spring], "classes": [*rows["classes"], taught("s1", "t2")],
            "enrollments": [*rows["enrollments"], seat("s", "u1", "s1")]}  # fmt: skip
    duck_land(both)
    ran = duck_land(rows)
    assert ran.changed() == {"academicSessions": {"delete": 1}, "classes": {"held": 1}, "enrollments": {"held": 1}}
    assert "classes: 1 rows would be removed of terms that the source does not cover" in ran.document["reasons"][0]


def test_nothing_is_removed_in_a_freeze(duck_land: Lander, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("[[freeze]]\nfirst = 2026-09-01\nlast = 2026-10-01\n")
    duck_land({"users": school("o1", 40)})
    ran = duck_land({"users": school("o1", 39)}, "--policy", policy)
    assert (ran.code, ran.changed()) == (4, {"users": {"held": 1}})
    assert "in the freeze from 2026-09-01 to 2026-10-01" in ran.document["reasons"][0]
    assert duck_land({"users": school("o1", 39)}, "--policy", policy, day="2026-10-02").changed() == {"users": {"delete": 1}}


def test_new_rows_of_a_record_that_was_set_aside_wait(duck_land: Lander) -> None:
    rows = classes_of({"k1": 1})
    twice = [*rows["users"], person("new"), person("new", familyName="Another")]
    ran = duck_land({**rows, "users": twice, "enrollments": [*rows["enrollments"], seat("s", "new", "k1")]})
    assert (ran.code, ran.changed()["enrollments"], ran.changed()["users"]) == (
        4, {"create": 1, "held": 1}, {"create": 40, "quarantined": 1},
    )  # fmt: skip
    assert any("enrollments: 1 rows wait for records of users that were set aside" in one for one in ran.document["reasons"])


def test_rows_of_a_record_that_was_set_aside_go_on_while_a_good_one_stands(duck_land: Lander, duck: Database) -> None:
    rows = classes_of({"k1": 1})
    duck_land(rows)
    twice = [{**rows["users"][0], "familyName": "Another"}, *rows["users"]]
    ran = duck_land({**rows, "users": twice, "enrollments": [*rows["enrollments"], seat("s", "u0", "k1")]})
    assert ran.changed() == {"users": {"quarantined": 1}, "enrollments": {"create": 1}}
    assert duck.query("SELECT \"familyName\" FROM users WHERE \"sourcedId\" = 'u0'") == [("Family u0",)]


@pytest.fixture
def two_holds(duck: Database, tmp_path: Path) -> Path:
    """A plan with a held school and a held change of names."""
    full = [*school("o1", 60), *school("o2", 400)]
    sync("run", write_bundle(tmp_path / "a", {"users": full}), duck.url, "--yes", "--as-of", DAY)
    later = [*school("o1", 30), *({**one, "familyName": "X" + one["sourcedId"]} for one in school("o2", 100)), *school("o2", 400)[100:]]
    sync("plan", write_bundle(tmp_path / "b", {"users": later}), duck.url, "-o", tmp_path / "plan.json", "--as-of", DAY)
    return tmp_path / "plan.json"


def test_one_hold_is_approved_and_another_waits_on(two_holds: Path, duck: Database) -> None:
    school_hold, name_hold = hold_id("users", "remove", "school", "o1"), hold_id("users", "change", "district", "names")
    assert [one["id"] for one in json.loads(two_holds.read_text())["holds"]] == [name_hold, school_hold]
    first = sync("apply", two_holds, "--approve", school_hold, "--by", "A. Clerk", "--reason", "school closed")
    assert (first.code, first.changed()) == (4, {"users": {"delete": 30, "held": 100}})
    assert [reason.rpartition("[")[2][:-1] for reason in first.document["reasons"]] == [name_hold]
    second = sync("apply", two_holds, "--approve", name_hold)
    assert (second.code, second.changed()) == (0, {"users": {"update": 100}})
    runs = sync("history", duck.url).document["runs"]
    (said,) = runs[1]["approvals"]
    assert {key: said[key] for key in ("hold", "entity", "rows", "by", "reason", "expires")} == {
        "hold": school_hold, "entity": "users", "rows": 30, "by": "A. Clerk", "reason": "school closed", "expires": "",
    }  # fmt: skip
    assert said["plan"] == runs[1]["plan"] == json.loads(two_holds.read_text())["digest"]


def test_an_approval_that_lasts_serves_the_next_apply_and_no_other_plan(two_holds: Path, duck: Database) -> None:
    assert sync("apply", two_holds, "--approve", "users", "--by", "A", "--expires", "2h", "--target", "duckdb:////no/x").code == 3
    assert sync("apply", two_holds).changed() == {"users": {"delete": 30, "update": 100}}
    document = json.loads(two_holds.with_name("plan.json.approvals").read_text())
    assert [one["by"] for one in document] == ["A", "A"]


def test_an_expired_approval_lets_nothing_through(two_holds: Path) -> None:
    sync("apply", two_holds, "--approve", "users", "--expires", "2h", "--target", "duckdb:////no/x")
    place = two_holds.with_name("plan.json.approvals")
    place.write_text(json.dumps([{**one, "expires": "2020-01-01T00:00:00.000Z"} for one in json.loads(place.read_text())]))
    assert sync("apply", two_holds).changed() == {"users": {"held": 130}}


def test_an_approval_of_another_plan_lets_nothing_through(two_holds: Path) -> None:
    sync("apply", two_holds, "--approve", "users", "--expires", "2h", "--target", "duckdb:////no/x")
    place = two_holds.with_name("plan.json.approvals")
    place.write_text(json.dumps([{**one, "plan": "0" * 64} for one in json.loads(place.read_text())]))
    assert sync("apply", two_holds).changed() == {"users": {"held": 130}}


def test_damaged_approvals_are_no_approvals(two_holds: Path) -> None:
    two_holds.with_name("plan.json.approvals").write_text("[{")
    ran = sync("apply", two_holds)
    assert (ran.code, "the approvals beside the plan cannot be read" in ran.err) == (3, True)


@pytest.mark.parametrize(("text", "code"), [("2h", 4), ("30m", 4), ("1d", 4), ("soon", 2), ("2", 2)])
def test_a_span_of_time_is_read(two_holds: Path, text: str, code: int) -> None:
    assert call("sync", "apply", two_holds, "--expires", text).code == code


def test_what_was_approved_does_not_count_again(two_holds: Path, duck: Database, tmp_path: Path) -> None:
    sync("apply", two_holds, "--approve", "all")
    later = [*school("o1", 29), *({**one, "familyName": "X" + one["sourcedId"]} for one in school("o2", 101)), *school("o2", 400)[101:]]
    ran = sync("run", write_bundle(tmp_path / "c", {"users": later}), duck.url, "--yes", "--as-of", DAY)
    assert (ran.code, ran.changed()) == (0, {"users": {"update": 1, "delete": 1}})


def test_a_hold_is_never_approved_by_yes_and_stays_for_the_next_run(two_holds: Path, duck: Database, tmp_path: Path) -> None:
    for _ in range(2):
        ran = sync("run", tmp_path / "b", duck.url, "--yes", "--as-of", DAY)
        assert (ran.code, ran.changed()) == (4, {"users": {"held": 130}})


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[remove.district]\npercent = 'x'\n", "remove.district.percent is 'x'"),
        ("[remove.district]\nfloor = -1\n", "remove.district.floor is -1"),
        ("[remove.distrct]\nfloor = 1\n", "unknown 'remove.distrct' in the policy; did you mean 'district'?"),
        ("[remove.district.userz]\nfloor = 1\n", "did you mean 'users'?"),
        ("[window]\ndays = true\n", "window.days is True"),
        ("[[freeze]]\nfirst = 2026-09-01\n", "no first and last day"),
        ("[remove", "the policy is no TOML"),
    ],
)
def test_a_policy_that_says_something_unknown_is_refused(tmp_path: Path, duck: Database, text: str, word: str) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(text)
    ran = call("sync", "plan", write_bundle(tmp_path / "a", {"orgs": orgs(1)}), duck.url, "--policy", policy)
    assert (ran.code, word in ran.err) == (2, True), ran.err


def test_an_entity_has_limits_of_its_own(duck_land: Lander, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("[remove.district.users]\npercent = 60\nfloor = 0\n[remove.school]\npercent = 60\n[remove.role]\npercent = 60\n")
    duck_land({"orgs": orgs(*range(40)), "users": users(*range(40))})
    ran = duck_land({"orgs": orgs(*range(20)), "users": users(*range(20))}, "--policy", policy)
    assert ran.changed() == {"orgs": {"held": 20}, "users": {"delete": 20}}


def held_ids(database: Database) -> dict[Any, Any]:
    return dict(database.query('SELECT "sourcedId", "_state" FROM users'))


def test_databases_agree_on_what_is_held(database: Database, tmp_path: Path) -> None:
    other = duckdb_database(tmp_path / "other.duckdb")
    for number, rows in enumerate(([*school("o1", 60), *school("o2", 90)], [*school("o1", 20), *school("o2", 88)])):
        bundle = write_bundle(tmp_path / f"x{number}", {"users": rows})
        results = [sync("run", bundle, one.url, "--yes", "--as-of", DAY) for one in (database, other)]
        assert results[0].changed() == results[1].changed()
    assert held_ids(database) == held_ids(other)
