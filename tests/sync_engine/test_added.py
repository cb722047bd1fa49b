"""What is kept of many new rows at once serves undo, audit and ownership as well as a record of each row does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_engine import added
from tests.sync_engine.conftest import Database, sync
from tests.sync_engine.rosters import orgs, users, write_bundle
from tests.sync_engine.test_undo import (  # the same behaviour, with every new row kept in a file
    ids,
    test_a_run_that_shares_no_row_with_later_ones_is_taken_back_out_of_order,
    test_a_run_whose_rows_changed_since_is_not_taken_back,
    test_an_edit_by_hand_is_not_overwritten,
    test_an_undo_is_taken_back_like_any_run,
    test_runs_are_taken_back_one_by_one,
    test_tenants_undo_their_own_runs,
    three,
)

__all__ = [
    "test_a_run_that_shares_no_row_with_later_ones_is_taken_back_out_of_order",
    "test_a_run_whose_rows_changed_since_is_not_taken_back", "test_an_edit_by_hand_is_not_overwritten",
    "test_an_undo_is_taken_back_like_any_run", "test_runs_are_taken_back_one_by_one", "test_tenants_undo_their_own_runs", "three",
]  # fmt: skip
DAY = ("--as-of", "2026-10-01")


@pytest.fixture(autouse=True)
def in_files(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep every new row in a file, a few bytes a part."""
    monkeypatch.setattr(added, "LEAST_ROWS", 1)
    monkeypatch.setattr(added, "_PART_BYTES", 700)
    yield


def test_new_rows_leave_no_record_of_each(duck: Database, tmp_path: Path) -> None:
    sync("run", write_bundle(tmp_path / "a", {"orgs": orgs(1, 2), "users": users(*range(40))}), duck.url, "--yes", *DAY)
    assert duck.query("SELECT count(*) FROM _oneroster_history") == [(0,)]
    assert duck.query("SELECT entity, sum(rows) FROM _oneroster_added GROUP BY 1 ORDER BY 1") == [("orgs", 2), ("users", 40)]
    assert duck.query("SELECT count(*) > 2 FROM _oneroster_added") == [(True,)]


@pytest.mark.parametrize("statement", ["DELETE FROM _oneroster_added WHERE part = 1", "UPDATE _oneroster_added SET content = 'x' WHERE part = 0",
                                       "UPDATE _oneroster_added SET rows = 3 WHERE part = 0"])  # fmt: skip
def test_a_file_that_was_changed_or_taken_out_breaks_the_audit(duck: Database, tmp_path: Path, statement: str) -> None:
    sync("run", write_bundle(tmp_path / "a", {"users": users(*range(40))}), duck.url, "--yes", *DAY)
    assert sync("audit", duck.url).code == 0
    duck.query(statement)
    assert sync("audit", duck.url).code == 1


def test_a_row_put_in_by_hand_is_nobodys_absence(database: Database, tmp_path: Path) -> None:
    sync("run", write_bundle(tmp_path / "a", {"orgs": orgs(1), "users": users(*range(40))}), database.url, "--yes", *DAY)
    database.query(
        "INSERT INTO users (\"tenant\", \"sourcedId\", \"status\", \"_state\") VALUES ('default', 'by-hand', 'active', 'present')"
    )
    ran = sync("run", write_bundle(tmp_path / "b", {"orgs": orgs(1), "users": users(*range(1, 40))}), database.url, "--yes", *DAY)
    assert ran.changed() == {"users": {"delete": 1}}
    assert database.query("SELECT \"_state\" FROM users WHERE \"sourcedId\" = 'by-hand'") == [("present",)]


def test_a_row_taken_out_by_hand_stops_the_undo(database: Database, tmp_path: Path) -> None:
    sync("run", write_bundle(tmp_path / "a", {"users": users(1, 2)}), database.url, "--yes", *DAY)
    database.query("DELETE FROM users WHERE \"sourcedId\" = 'u1'")
    ran = sync("undo", database.url, "--yes")
    assert (ran.code, "1 rows are not as the run" in ran.err) == (3, True)


def test_a_later_run_is_named_when_the_first_cannot_be_taken_back(database: Database, tmp_path: Path) -> None:
    sync("run", write_bundle(tmp_path / "a", {"orgs": orgs(1, 2)}), database.url, "--yes", *DAY)
    sync("run", write_bundle(tmp_path / "b", {"orgs": [*orgs(1), *orgs(2, name="Renamed")]}), database.url, "--yes", *DAY)
    first, second = ids(database)
    ran = sync("undo", database.url, "--run", first, "--yes")
    assert (ran.code, second in ran.err) == (3, True)
