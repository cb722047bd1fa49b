"""Undo: a run is taken back exactly, as a plan that is shown first, and never over rows that changed since."""

from __future__ import annotations

import json
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sync_engine import undoing
from sync_engine.applying import apply
from sync_engine.policy import load_policy
from sync_engine.snapshot import Scratch
from sync_engine.targets.duckdb_target import DuckDbTarget
from tests.sync_engine.conftest import Database, call, duckdb_database, sync
from tests.sync_engine.engine import DAY, run, stamp
from tests.sync_engine.rosters import orgs, users, write_bundle

Content = dict[str, list[tuple[Any, ...]]]


def content(database: Database) -> Content:
    """Every landed table, row by row."""
    return {name: database.rows(name, "*") for name in sorted(database.tables()) if not name.startswith("_")}


@pytest.fixture
def three(database: Database, tmp_path: Path) -> tuple[Database, list[Content]]:
    """A target after three runs, and what it held after each."""
    bundles = [
        {"orgs": orgs(1, 2), "users": users(1, 2, 3)},
        {"orgs": [*orgs(1), *orgs(2, name="Renamed")], "users": users(2, 3, 4)},
        {"orgs": [*orgs(1), *orgs(2, name="Renamed"), *orgs(3)], "users": users(2, 3, 4)},
    ]
    seen = []
    for number, rows in enumerate(bundles):
        assert sync("run", write_bundle(tmp_path / str(number), rows), database.url, "--yes").code == 0
        seen.append(content(database))
    return database, seen


def ids(database: Database) -> list[str]:
    return [one["run"] for one in sync("history", database.url).document["runs"]]


def test_undo_shows_its_plan_and_changes_nothing_by_itself(three: tuple[Database, list[Content]]) -> None:
    database, seen = three
    ran = sync("undo", database.url)
    assert (ran.code, ran.document["status"], ran.changed()) == (0, "planned", {"orgs": {"delete": 1}})
    assert content(database) == seen[2]
    assert len(ids(database)) == 3


def test_runs_are_taken_back_one_by_one(three: tuple[Database, list[Content]]) -> None:
    database, seen = three
    first = sync("undo", database.url, "--yes")
    assert (first.code, first.document["status"], first.changed()) == (0, "applied", {"orgs": {"delete": 1}})
    assert content(database) == seen[1]
    second = sync("undo", database.url, "--yes")
    assert second.changed() == {"orgs": {"update": 1}, "users": {"update": 1, "delete": 1}}
    assert content(database) == seen[0]
    third = sync("undo", database.url, "--yes")
    assert third.changed() == {"orgs": {"delete": 2}, "users": {"delete": 3}}
    assert content(database) == {"orgs": [], "users": []}
    fourth = sync("undo", database.url, "--yes")
    assert (fourth.code, "there is no run to take back" in fourth.err) == (3, True)
    runs = sync("history", database.url).document["runs"]
    assert [one["undoes"] for one in runs[3:]] == [runs[2]["run"], runs[1]["run"], runs[0]["run"], ""]
    assert sync("audit", database.url).code == 0


def test_a_run_whose_rows_changed_since_is_not_taken_back(three: tuple[Database, list[Content]]) -> None:
    database, seen = three
    first, second, _ = ids(database)
    ran = sync("undo", database.url, "--run", first, "--yes")
    assert (ran.code, ran.document["status"]) == (3, "failed")
    # orgs o2 and users u1 were changed by the second run; the third run touched neither.
    assert f"2 rows are not as the run {first} left them" in ran.err
    assert f"undo these first, in this order: {second}" in ran.err
    assert content(database) == seen[2]


def test_a_run_that_shares_no_row_with_later_ones_is_taken_back_out_of_order(three: tuple[Database, list[Content]]) -> None:
    database, seen = three
    _, second, _ = ids(database)
    assert sync("undo", database.url, "--run", second, "--yes").code == 0
    assert content(database) == {"orgs": [*seen[0]["orgs"], seen[2]["orgs"][2]], "users": seen[0]["users"]}


def test_an_edit_by_hand_is_not_overwritten(three: tuple[Database, list[Content]]) -> None:
    database, _ = three
    database.query("UPDATE orgs SET \"name\" = 'by hand' WHERE \"sourcedId\" = 'o3'")
    ran = sync("undo", database.url, "--yes")
    assert (ran.code, "something other than a sync wrote to them" in ran.err) == (3, True)
    assert "by hand" in str(content(database))


def test_an_undo_is_taken_back_like_any_run(three: tuple[Database, list[Content]]) -> None:
    database, seen = three
    undo = sync("undo", database.url, "--yes").document["run"]
    again = sync("undo", database.url, "--run", undo, "--yes")
    assert (again.code, again.changed()) == (0, {"orgs": {"create": 1}})
    assert content(database) == seen[2]
    # The third run stands again, so it is the one that the next undo takes back.
    assert sync("undo", database.url).document["source"] == f"undo of {ids(database)[2]}"


def test_a_run_is_taken_back_once(three: tuple[Database, list[Content]]) -> None:
    database, _ = three
    last = ids(database)[2]
    sync("undo", database.url, "--yes")
    ran = sync("undo", database.url, "--run", last, "--yes")
    assert (ran.code, "was taken back already" in ran.err) == (3, True)
    assert call("sync", "undo", database.url, "--run", last[:-1] + "x").code == 2


def test_an_undo_is_kept_as_a_plan_and_applied_later(three: tuple[Database, list[Content]], tmp_path: Path) -> None:
    database, seen = three
    plan = tmp_path / "undo.json"
    assert sync("undo", database.url, "-o", plan).document["status"] == "planned"
    assert json.loads(plan.read_text())["undoes"] == ids(database)[2]
    assert sync("apply", plan).changed() == {"orgs": {"delete": 1}}
    assert sync("apply", plan).changed() == {}
    assert content(database) == seen[1]


def test_tenants_undo_their_own_runs(database: Database, tmp_path: Path) -> None:
    for name in ("north", "south"):
        sync("run", write_bundle(tmp_path / name, {"orgs": orgs(1)}), database.url, "--yes", "--tenant", name)
    assert sync("undo", database.url, "--tenant", "north", "--yes").changed() == {"orgs": {"delete": 1}}
    assert database.query('SELECT "tenant" FROM orgs') == [("south",)]


def test_an_old_run_that_is_edited_in_the_history_breaks_the_audit(three: tuple[Database, list[Content]]) -> None:
    database, _ = three
    assert sync("audit", database.url).code == 0
    database.query("UPDATE _oneroster_history SET before = NULL WHERE number = 2 AND kind = 'absent'")
    ran = sync("audit", database.url)
    assert (ran.code, ran.document["broken"]["number"]) == (1, 2)
    assert ran.document["broken"]["reason"] == "the images before of this run were changed or taken out"


VALUE = st.none() | st.text(alphabet="aé'\"\\{},;\n%?", max_size=3)
ROW = st.tuples(VALUE, st.lists(st.text(alphabet="a,\"'{}\\ é", min_size=1, max_size=3), max_size=2), st.booleans())
SNAPSHOTS = st.lists(st.dictionaries(st.sampled_from("abcdef"), ROW, max_size=6), min_size=1, max_size=4)


@pytest.mark.hazards
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@example(snapshots=[{"a": ("x", ["1,2"], False)}, {}, {"a": ("y", [], True)}, {"a": ("x", ["1,2"], False), "b": (None, [], False)}])
@given(snapshots=SNAPSHOTS)
def test_undoing_every_run_leads_back_through_every_state(snapshots: list[dict[str, tuple[Any, ...]]]) -> None:
    policy = load_policy(None, {"percent": 100.0})
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        target, database = DuckDbTarget(place / "roster.duckdb"), duckdb_database(place / "roster.duckdb")
        states: list[Content] = []
        for number, snapshot in enumerate(snapshots):
            records = [
                {"sourcedId": key, "status": "tobedeleted" if gone else "active", "title": title, "subjects": subjects}
                for key, (title, subjects, gone) in snapshot.items()
            ]
            _, applied = run(target, {"courses": records}, policy=policy, name=str(number))
            counts = applied.changes["courses"]
            if not states or counts.create + counts.update + counts.delete:
                states.append(content(database))
        for state in [*reversed(states[:-1]), {"courses": []}]:
            if content(database) == {"courses": []}:
                break
            with tempfile.TemporaryDirectory() as rows, Scratch(Path(rows)) as scratch, tempfile.TemporaryDirectory() as plan:
                made = undoing.make(target, tenant="default", run=None, day=DAY, scratch=scratch, folder=Path(plan))
                apply(made, target, stamp(f"undo {made.undoes}", made, "undo"))
            assert content(database) == state


def test_an_undone_removal_is_present_again_and_ages_no_more(duck: Database, tmp_path: Path) -> None:
    both, one = write_bundle(tmp_path / "a", {"orgs": orgs(1, 2)}), write_bundle(tmp_path / "b", {"orgs": orgs(1)})
    for bundle in (both, one):
        sync("run", bundle, duck.url, "--yes", "--as-of", "2026-10-01")
    assert duck.query("SELECT count(*) FROM _oneroster_gone") == [(1,)]
    sync("undo", duck.url, "--yes", "--as-of", date(2026, 10, 2))
    assert duck.query("SELECT count(*) FROM _oneroster_gone") == [(0,)]
    assert duck.rows("orgs") == [("o1", "active", "present"), ("o2", "active", "present")]
