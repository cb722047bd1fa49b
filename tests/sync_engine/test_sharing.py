"""Two sources in one tenant: each removes and changes its own rows only, and a key that both claim waits."""

from __future__ import annotations

import json
from pathlib import Path

from tests.sync_engine.conftest import Database, Ran, call, sync
from tests.sync_engine.rosters import Rows, orgs, person, write_bundle

DAY = ("--as-of", "2026-10-01")


def run(database: Database, path: Path, rows: Rows, *options: object) -> Ran:
    return sync("run", write_bundle(path, rows), database.url, "--yes", *DAY, *options)


def people(prefix: str, *numbers: int) -> list[dict[str, str]]:
    return [person(f"{prefix}{number}") for number in numbers]


def present(database: Database) -> set[str]:
    return {row[0] for row in database.rows("users") if row[2] == "present"}


def test_neither_source_removes_the_other_s_rows(database: Database, tmp_path: Path) -> None:
    north, south = ("--source-name", "north"), ("--source-name", "south")
    run(database, tmp_path / "n", {"orgs": orgs(1), "users": people("n", *range(30))}, *north)
    assert run(database, tmp_path / "s", {"orgs": orgs(2), "users": people("s", *range(30))}, *south).code == 0
    assert len(present(database)) == 60
    # All of the south's rows are gone: its own guard holds them, and the north's dilute no share.
    held = run(database, tmp_path / "s2", {"orgs": orgs(2), "users": people("s", *range(24))}, *south)
    assert (held.code, held.changed()) == (4, {"users": {"held": 6}})
    assert "6 of 30 rows" in " ".join(held.document["reasons"])
    gone = run(database, tmp_path / "n2", {"orgs": orgs(1), "users": people("n", *range(28))}, *north)
    assert (gone.code, gone.changed()) == (0, {"users": {"delete": 2}})
    assert len(present(database)) == 58


def test_a_key_that_both_claim_is_held_until_somebody_decides(database: Database, tmp_path: Path) -> None:
    run(database, tmp_path / "n", {"orgs": orgs(1), "users": people("u", 1, 2)}, "--source-name", "north")
    plan = tmp_path / "plan.json"
    bundle = write_bundle(tmp_path / "s", {"orgs": orgs(1), "users": [person("u1", familyName="Another"), person("s1")]})
    made = sync("plan", bundle, database.url, "-o", plan, "--source-name", "south", *DAY)
    assert made.changed() == {"users": {"create": 1, "held": 1}}
    assert any("another source of the tenant" in reason for reason in made.document["reasons"])
    assert sync("apply", plan).code == 4
    assert database.query("SELECT \"familyName\" FROM users WHERE \"sourcedId\" = 'u1'") == [("Family u1",)]
    hold = next(one["id"] for one in json.loads(plan.read_text())["holds"] if one["kind"] == "conflict")
    assert sync("apply", plan, "--approve", hold, "--by", "A").code == 0
    assert database.query("SELECT \"familyName\" FROM users WHERE \"sourcedId\" = 'u1'") == [("Another",)]
    # It is the south's from then on.
    run(database, tmp_path / "n2", {"orgs": orgs(1), "users": people("u", 2)}, "--source-name", "north")
    assert present(database) == {"u1", "u2", "s1"}


def test_a_source_without_a_name_is_refused_where_named_ones_fill_the_tenant(duck: Database, tmp_path: Path) -> None:
    run(duck, tmp_path / "n", {"users": people("u", 1)}, "--source-name", "north")
    ran = call("sync", "run", write_bundle(tmp_path / "x", {"users": people("u", 1)}), duck.url, "--yes")
    assert (ran.code, "several named sources fill this tenant" in ran.err) == (2, True)
    assert run(duck, tmp_path / "t", {"users": people("u", 1)}, "--tenant", "other").code == 0


def test_rows_of_a_time_without_names_belong_to_no_named_source(duck: Database, tmp_path: Path) -> None:
    run(duck, tmp_path / "a", {"users": people("u", *range(4))})
    ran = run(duck, tmp_path / "b", {"users": people("n", 1)}, "--source-name", "north")
    assert (ran.code, ran.changed()) == (0, {"users": {"create": 1}})
    assert len(present(duck)) == 5


def test_many_new_rows_count_together_however_many_runs_bring_them(duck: Database, tmp_path: Path) -> None:
    run(duck, tmp_path / "a", {"users": people("u", *range(120))})
    codes = []
    for round_ in (1, 2, 3):
        codes.append(run(duck, tmp_path / str(round_), {"users": people("u", *range(120 + 50 * round_))}).code)
    assert codes == [0, 0, 4]
    # A week later they count no more.
    later = sync("run", tmp_path / "3", duck.url, "--yes", "--as-of", "2026-10-08")
    assert (later.code, later.changed()) == (0, {"users": {"create": 50}})
