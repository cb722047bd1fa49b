"""What becomes of a row that is gone, and which rows and columns a sync leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sync_engine.conftest import Database, Ran, call, sync
from tests.sync_engine.rosters import orgs, users, write_bundle

FIRST = "2026-10-01"


def run(database: Database, folder: Path, rows: list[dict[str, str]], day: str, *options: object, mode: str = "bulk") -> Ran:
    bundle = write_bundle(folder / day / str(len(rows)), {"orgs": rows}, {"orgs": mode})
    return sync("run", bundle, database.url, "--yes", "--as-of", day, *options)


def state(database: Database, key: str = "o2") -> str:
    return {row[0]: row[2] for row in database.rows("orgs")}[key]


def test_a_row_that_is_absent_goes_through_its_stages(database: Database, tmp_path: Path) -> None:
    run(database, tmp_path, orgs(1, 2), FIRST)
    seen = []
    for day in (FIRST, FIRST, "2026-10-02", "2026-10-03", "2026-10-30", "2026-10-31", "2026-11-30"):
        ran = run(database, tmp_path, orgs(1), day)
        seen.append((state(database), ran.changed()))
    one = {"orgs": {"update": 1}}
    assert seen == [
        ("missing", {"orgs": {"delete": 1}}), ("missing", {}), ("inactive", one), ("inactive", {}), ("inactive", {}),
        ("archived", one), ("archived", {}),
    ]  # fmt: skip
    assert database.rows("orgs")[1][1] == "tobedeleted"


def test_days_alone_archive_nothing_without_whole_reads(database: Database, tmp_path: Path) -> None:
    run(database, tmp_path, orgs(1, 2), FIRST)
    run(database, tmp_path, orgs(1), FIRST)
    delta = [{**orgs(1)[0], "status": "active", "dateLastModified": "2026-10-02"}]
    run(database, tmp_path, delta, "2027-01-01", mode="delta")
    assert state(database) == "missing"
    # The second whole read without it makes it inactive, the third archives it: both long after the days have passed.
    run(database, tmp_path, [*orgs(1)], "2027-01-02")
    assert state(database) == "inactive"
    run(database, tmp_path, [*orgs(1)], "2027-01-03")
    assert state(database) == "archived"


def test_a_row_that_was_told_to_go_is_inactive_at_once(database: Database, tmp_path: Path) -> None:
    run(database, tmp_path, orgs(1, 2), FIRST)
    told = {**orgs(2)[0], "status": "tobedeleted"}
    assert run(database, tmp_path, [*orgs(1), told], FIRST).changed() == {"orgs": {"delete": 1}}
    assert state(database) == "inactive"
    assert run(database, tmp_path, [*orgs(1), told], FIRST).changed() == {}


def test_a_row_that_is_told_to_go_after_it_was_absent_is_inactive_at_once(database: Database, tmp_path: Path) -> None:
    run(database, tmp_path, orgs(1, 2), FIRST)
    run(database, tmp_path, orgs(1), FIRST)
    assert state(database) == "missing"
    ran = run(database, tmp_path, [*orgs(1), {**orgs(2)[0], "status": "tobedeleted"}], FIRST)
    assert (ran.changed(), state(database)) == ({"orgs": {"update": 1}}, "inactive")


@pytest.mark.parametrize("days", ["2026-10-01", "2026-10-05", "2026-12-24"])
def test_a_row_that_reappears_is_present_with_its_new_content_whatever_its_stage(database: Database, tmp_path: Path, days: str) -> None:
    run(database, tmp_path, orgs(1, 2), FIRST)
    for day in (FIRST, days, days):
        run(database, tmp_path, orgs(1), day)
    ran = run(database, tmp_path, [*orgs(1), *orgs(2, name="Back")], days)
    assert ran.changed() == {"orgs": {"update": 1}}
    assert database.rows("orgs", '"sourcedId", "name", "status", "_state"')[1] == ("o2", "Back 2", "active", "present")
    assert database.query("SELECT count(*) FROM _oneroster_gone") == [(0,)]
    kinds = [row[0] for row in database.query("SELECT kind FROM _oneroster_history WHERE \"sourcedId\" = 'o2' ORDER BY number")]
    assert (kinds[0], kinds[1], kinds[-1]) == ("create", "absent", "back")


def test_a_policy_sets_the_stages(duck: Database, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("[stages]\ninactive_reads = 3\ninactive_days = 0\narchived_reads = 4\narchived_days = 0\n")
    run(duck, tmp_path, orgs(1, 2), FIRST)
    seen = []
    for _ in range(4):
        run(duck, tmp_path, orgs(1), FIRST, "--policy", policy)
        seen.append(state(duck))
    assert seen == ["missing", "missing", "inactive", "archived"]


def policy_of(folder: Path, text: str) -> Path:
    policy = folder / "pins.toml"
    policy.write_text(text)
    return policy


def test_a_pinned_row_is_left_as_it_is(database: Database, tmp_path: Path) -> None:
    policy = policy_of(tmp_path, '[pins.rows]\norgs = ["o2", "o9"]\n')
    run(database, tmp_path, orgs(1, 2), FIRST)
    renamed = [*orgs(1, name="New"), *orgs(2, name="New"), *orgs(9)]
    assert run(database, tmp_path, renamed, FIRST, "--policy", policy).changed() == {"orgs": {"create": 1, "update": 1}}
    assert run(database, tmp_path, orgs(1, name="New"), FIRST, "--policy", policy).changed() == {}
    assert database.rows("orgs", '"name", "_state"') == [("New 1", "present"), ("School 2", "present"), ("School 9", "present")]


def test_a_pinned_column_keeps_what_landed_and_what_was_edited(database: Database, tmp_path: Path) -> None:
    policy = policy_of(tmp_path, '[pins.fields]\norgs = ["name"]\n')
    run(database, tmp_path, orgs(1, 2), FIRST)
    database.query("UPDATE orgs SET \"name\" = 'Our name' WHERE \"sourcedId\" = 'o1'")
    later = [{**one, "type": "district"} for one in orgs(1, name="Theirs")] + orgs(2, name="Theirs") + orgs(3)
    ran = run(database, tmp_path, later, FIRST, "--policy", policy)
    assert ran.changed() == {"orgs": {"create": 1, "update": 1}}
    assert database.rows("orgs", '"name", "type"') == [("Our name", "district"), ("School 2", "school"), ("School 3", "school")]
    assert run(database, tmp_path, later, FIRST, "--policy", policy).changed() == {}


def test_a_row_that_no_sync_wrote_is_not_absent(database: Database, tmp_path: Path) -> None:
    run(database, tmp_path, orgs(1, 2), FIRST)
    database.query("INSERT INTO orgs (\"tenant\", \"sourcedId\", \"status\", \"_state\") VALUES ('default', 'ours', 'active', 'present')")
    assert run(database, tmp_path, orgs(1), FIRST).changed() == {"orgs": {"delete": 1}}
    assert state(database, "ours") == "present"
    # Once the source brings the key it is the sync's.
    assert run(database, tmp_path, [*orgs(1), {**orgs(3)[0], "sourcedId": "ours"}], FIRST).changed() == {"orgs": {"update": 1}}
    assert run(database, tmp_path, orgs(1), FIRST).changed() == {"orgs": {"delete": 1}}
    assert state(database, "ours") == "missing"


def test_a_row_that_no_sync_wrote_does_not_thin_the_guard(duck: Database, tmp_path: Path) -> None:
    sync("run", write_bundle(tmp_path / "a", {"users": users(*range(60))}), duck.url, "--yes", "--as-of", FIRST)
    duck.query(
        "INSERT INTO users (\"tenant\", \"sourcedId\", \"status\", \"_state\") SELECT 'default', 'x' || range, 'active',"
        " 'present' FROM range(100)"
    )
    ran = sync("run", write_bundle(tmp_path / "b", {"users": users(*range(7, 60))}), duck.url, "--yes", "--as-of", FIRST)
    assert (ran.code, ran.changed()) == (4, {"users": {"held": 7}})
    assert "7 of 60 rows would be removed (11.7 %" in ran.document["reasons"][0]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('[pins.row]\norgs = ["o1"]\n', "unknown 'pins.row' in the policy; did you mean 'rows'?"),
        ('[pins.rows]\norg = ["o1"]\n', "unknown entity 'org' in the pins; did you mean 'orgs'?"),
        ('[pins.rows]\norgs = "o1"\n', "pins.rows.orgs is no list of texts"),
        ('[pins.fields]\norgs = ["nam"]\n', "orgs has no column 'nam' to pin; did you mean 'name'?"),
        ('[pins.fields]\norgs = ["status"]\n', "orgs has no column 'status' to pin"),
    ],
)
def test_pins_that_mean_nothing_are_refused(tmp_path: Path, duck: Database, text: str, word: str) -> None:
    policy = policy_of(tmp_path, text)
    ran = call("sync", "plan", write_bundle(tmp_path / "a", {"orgs": orgs(1)}), duck.url, "--policy", policy)
    assert (ran.code, word in ran.err) == (2, True), ran.err
