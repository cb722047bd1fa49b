"""An enrollment that comes under another key is the row that landed; its history stays, and nothing counts as removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sync_engine.conftest import Database, Ran, sync
from tests.sync_engine.rosters import orgs, person, seat, taught, write_bundle

DAY = ("--as-of", "2026-10-01")
PEOPLE = [person(f"u{number}") for number in range(30)]
CLASSES = [taught("k1"), taught("k2")]
SEATS = [seat(f"e{number}", f"u{number}", "k1") for number in range(30)]


def run(database: Database, folder: Path, seats: list[dict[str, str]], mode: str = "bulk") -> Ran:
    rows = {"orgs": orgs(1), "users": PEOPLE, "classes": CLASSES, "enrollments": seats}
    return sync("run", write_bundle(folder, rows, {"enrollments": mode}), database.url, "--yes", *DAY)


@pytest.fixture
def landed(database: Database, tmp_path: Path) -> Database:
    """Thirty students in one class."""
    run(database, tmp_path / "first", SEATS)
    return database


def renamed(prefix: str) -> list[dict[str, str]]:
    return [{**seat(f"{prefix}{number}", f"u{number}", "k1"), "beginDate": "2026-09-01"} for number in range(30)]


def test_a_corrected_date_that_makes_new_keys_of_all_rows_is_one_update_of_each(landed: Database, tmp_path: Path) -> None:
    ran = run(landed, tmp_path / "b", renamed("f"))
    assert (ran.code, ran.changed()) == (0, {"enrollments": {"update": 30}})
    assert "30 rows came under another key" in " ".join(ran.document["reasons"])
    assert {row[0] for row in landed.rows("enrollments")} == {f"e{number}" for number in range(30)}
    assert landed.query("SELECT DISTINCT \"beginDate\" FROM enrollments") == [("2026-09-01",)]
    assert run(landed, tmp_path / "b", renamed("f")).changed() == {}
    # And once more, under a third key.
    assert run(landed, tmp_path / "c", renamed("g")).changed() == {}
    assert run(landed, tmp_path / "c", renamed("g")[2:]).changed() == {"enrollments": {"delete": 2}}
    assert sync("audit", landed.url).code == 0


@pytest.mark.parametrize("mode", ["bulk", "delta"])
def test_the_mark_of_the_old_key_does_not_take_the_row_away(landed: Database, tmp_path: Path, mode: str) -> None:
    stamp = {"dateLastModified": "2026-10-02T00:00:00.000Z"}
    told = [{**SEATS[0], "status": "tobedeleted", **stamp}, {**seat("f0", "u0", "k1"), "status": "active", **stamp}]
    rows = told if mode == "delta" else [*told, *SEATS[1:]]
    for folder in ("b", "c"):
        ran = run(landed, tmp_path / folder, rows, mode)
        assert not ran.document["changes"]["enrollments"]["delete"]
        assert {row[0] for row in landed.rows("enrollments") if row[2] == "present"} == {f"e{number}" for number in range(30)}


def test_another_class_or_role_is_another_seat(landed: Database, tmp_path: Path) -> None:
    moved = [seat("f0", "u0", "k2"), seat("f1", "u1", "k1", role="teacher"), *SEATS[2:]]
    assert run(landed, tmp_path / "b", moved).changed() == {"enrollments": {"create": 2, "delete": 2}}


def test_what_fits_several_is_left_apart(landed: Database, tmp_path: Path) -> None:
    doubled = [seat("f0", "u0", "k1"), seat("g0", "u0", "k1"), *SEATS[1:]]
    ran = run(landed, tmp_path / "b", doubled)
    assert ran.changed() == {"enrollments": {"create": 2, "delete": 1}}
    assert "2 rows fit several by user, class and role" in " ".join(ran.document["reasons"])


def test_taken_back_the_row_is_what_it_was(landed: Database, tmp_path: Path) -> None:
    before = landed.rows("enrollments", "*")
    run(landed, tmp_path / "b", renamed("f"))
    assert sync("undo", landed.url, "--yes", *DAY).code == 0
    assert landed.rows("enrollments", "*") == before
    assert run(landed, tmp_path / "b", renamed("f")).changed() == {"enrollments": {"update": 30}}
