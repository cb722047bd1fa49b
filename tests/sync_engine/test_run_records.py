"""The record of runs: every run leaves one entry, the entries form a chain, and none tells of a person."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_engine.holds import hold_id
from sync_engine.run_log import FIRST, Break, Entry, first_break
from tests.sync_engine.conftest import Database, call, sync
from tests.sync_engine.rosters import orgs, users, write_bundle

HOLD = hold_id("users", "remove", "district", "")


def told(database: Database, *options: object) -> list[dict[str, Any]]:
    """The runs that `sync history` lists."""
    found: list[dict[str, Any]] = sync("history", database.url, *options).document["runs"]
    return found


def chain(count: int) -> list[Entry]:
    """A whole chain of runs."""
    found: list[Entry] = []
    for number in range(1, count + 1):
        before = found[-1].hash if found else FIRST
        entry = Entry(f"run-{number}", "run", "2026-10-01T00:00:00.000Z", "default", "applied", number=number, previous=before)
        found.append(replace(entry, hash=entry.sealed()))
    return found


@pytest.fixture
def four(database: Database, tmp_path: Path) -> Database:
    """A target after an applied, a held, a failed and a refused run."""
    everybody = write_bundle(tmp_path / "a", {"orgs": orgs(1, 2), "users": users(*range(40))})
    half = write_bundle(tmp_path / "b", {"orgs": orgs(1, 2), "users": users(*range(20))})
    assert sync("run", everybody, database.url, "--yes").code == 0
    sync("plan", half, database.url, "-o", tmp_path / "plan.json")
    assert sync("run", half, database.url, "--yes").code == 4
    (half / "users.csv").unlink()
    assert sync("run", half, database.url, "--yes").code == 3
    database.query("UPDATE users SET \"grades\" = NULL WHERE \"sourcedId\" = 'u1'")
    assert sync("apply", tmp_path / "plan.json").code == 3
    return database


def test_every_run_leaves_an_entry(four: Database, tmp_path: Path) -> None:
    runs = told(four)
    assert [(one["number"], one["verb"], one["status"]) for one in runs] == [
        (1, "run", "applied"), (2, "run", "held"), (3, "run", "failed"), (4, "apply", "refused"),
    ]  # fmt: skip
    assert [one["source"] for one in runs] == [str(tmp_path / "a"), *[str(tmp_path / "b")] * 3]
    unchanged = {"create": 0, "update": 0, "delete": 0, "unchanged": 2, "held": 0, "quarantined": 0}
    assert runs[1]["changes"] == {"orgs": unchanged, "users": {**unchanged, "unchanged": 20, "held": 20}}
    assert runs[1]["reasons"] == ["users: 20 of 40 rows would be removed (50.0 %, at most 10 %)  [" + HOLD + "]"]
    assert runs[2]["reasons"][0].startswith("users.csv is missing although the manifest says bulk")
    assert runs[3]["reasons"][0].startswith("the target changed since the plan was made")
    assert (runs[0]["before"] != runs[0]["after"], runs[1]["before"] == runs[1]["after"]) == (True, True)


def test_a_run_that_only_plans_leaves_no_entry(four: Database, tmp_path: Path) -> None:
    assert sync("run", tmp_path / "a", four.url).document["status"] == "planned"
    assert sync("plan", tmp_path / "a", four.url).code == 0
    assert len(told(four)) == 4


def test_a_second_run_without_change_leaves_an_entry_too(four: Database, tmp_path: Path) -> None:
    for _ in range(2):
        assert sync("run", tmp_path / "a", four.url, "--yes").code == 0
    assert [one["status"] for one in told(four, "--last", 2)] == ["applied", "applied"]
    assert told(four, "--tenant", "another") == []


def test_a_failed_first_run_makes_no_database(duck: Database, tmp_path: Path) -> None:
    assert sync("run", tmp_path / "nothing.zip", duck.url, "--yes").code == 3
    assert not (tmp_path / "roster.duckdb").exists()


def test_status_tells_how_each_tenant_stands(four: Database, tmp_path: Path) -> None:
    sync("run", write_bundle(tmp_path / "c", {"orgs": orgs(7)}), four.url, "--yes", "--tenant", "south")
    first, second = sync("status", four.url).document["tenants"]
    assert (first["tenant"], first["status"], first["drifted"]) == ("default", "refused", True)
    assert first["runs"] == {"applied": 1, "held": 1, "refused": 1, "failed": 1}
    assert first["success_rate"] == 0.25
    assert first["rows"] == {"orgs": {"present": 2}, "users": {"present": 40}}
    assert (second["tenant"], second["status"], second["drifted"]) == ("south", "applied", False)
    assert second["last_settled_run"] == second["last_run"]
    text = call("sync", "status", four.url).out
    assert "tenant default: refused" in text
    assert "rows were changed by something other than a sync" in text


def test_status_tells_what_waits(duck: Database, tmp_path: Path) -> None:
    for name, numbers in (("a", range(40)), ("b", range(20))):
        sync("run", write_bundle(tmp_path / name, {"users": users(*numbers)}), duck.url, "--yes")
    found = sync("status", duck.url).document["tenants"][0]
    assert (found["status"], found["held"]) == ("held", {"users": 20})
    assert "40 present; 20 wait" in call("sync", "status", duck.url).out
    # A run that fails in between found nothing out: the same rows wait still.
    (tmp_path / "b" / "users.csv").unlink()
    assert sync("run", tmp_path / "b", duck.url, "--yes").code == 3
    found = sync("status", duck.url).document["tenants"][0]
    assert (found["status"], found["held"], found["quarantined"]) == ("failed", {"users": 20}, {})


def test_status_tells_what_was_set_aside(duck: Database, tmp_path: Path) -> None:
    twice = [*users(1, 2), {**users(2)[0], "grades": "06"}]
    sync("run", write_bundle(tmp_path / "a", {"users": twice}), duck.url, "--yes")
    assert sync("status", duck.url).document["tenants"][0]["quarantined"] == {"users": 1}
    assert "1 present; 1 set aside" in call("sync", "status", duck.url).out


def test_a_target_that_no_sync_wrote_to_has_no_runs(duck: Database) -> None:
    assert told(duck) == []
    assert sync("status", duck.url).document["tenants"] == []
    assert sync("audit", duck.url).document == {
        "target": duck.url, "ok": True, "runs": 0, "head": FIRST, "broken": None
    }  # fmt: skip
    assert "no sync has written here" in call("sync", "history", duck.url).out


def test_a_whole_record_passes_the_audit(four: Database) -> None:
    ran = sync("audit", four.url)
    assert (ran.code, ran.document["ok"], ran.document["runs"], ran.document["broken"]) == (0, True, 4, None)
    head = ran.document["head"]
    assert head == told(four)[-1]["hash"]
    assert sync("audit", four.url, "--known", head[:12].upper()).code == 0
    assert call("sync", "audit", four.url, "--known", head[:5]).code == 2


@pytest.mark.parametrize(
    ("damage", "number", "reason"),
    [
        ("UPDATE _oneroster_runs SET \"status\" = 'applied' WHERE \"number\" = 2", 2, "the entry was changed after it was written"),
        ("UPDATE _oneroster_runs SET \"changes\" = 'none' WHERE \"number\" = 1", 1, "the entry was changed after it was written"),
        ('DELETE FROM _oneroster_runs WHERE "number" = 3', 3, "entry 3 is missing"),
        ('DELETE FROM _oneroster_runs WHERE "number" = 1', 1, "entry 1 is missing"),
    ],
)  # fmt: skip
def test_the_audit_names_the_first_broken_link(four: Database, damage: str, number: int, reason: str) -> None:
    four.query(damage)
    ran = sync("audit", four.url)
    assert ran.code == 1
    assert (ran.document["broken"]["number"], ran.document["broken"]["reason"]) == (number, reason)
    assert f"run {number}" in call("sync", "audit", four.url).out


def test_a_cut_end_shows_by_a_head_that_was_noted(four: Database) -> None:
    head = told(four)[-1]["hash"]
    four.query('DELETE FROM _oneroster_runs WHERE "number" = 4')
    assert sync("audit", four.url).code == 0
    ran = sync("audit", four.url, "--known", head)
    assert (ran.code, ran.document["broken"]["reason"]) == (1, "the noted hash is no longer in the chain")


@given(length=st.integers(1, 6), place=st.integers(0, 5), name=st.sampled_from(["at", "tenant", "status", "after", "rows", "reasons"]))
def test_no_change_of_an_entry_goes_unseen(length: int, place: int, name: str) -> None:
    whole = chain(length)
    assert first_break(whole) is None
    place %= length
    value: Any = {"rows": 1, "reasons": ["x"]}.get(name, "another")
    edited = replace(whole[place], **{name: value})
    broken = [*whole[:place], edited, *whole[place + 1 :]]
    assert first_break(broken) == Break(place + 1, edited.run, "the entry was changed after it was written")
    resealed = [*whole[:place], replace(edited, hash=edited.sealed()), *whole[place + 1 :]]
    found = first_break(resealed, known=whole[-1].hash)
    assert found is not None
    assert found.number == (place + 2)


@given(length=st.integers(2, 6), place=st.integers(0, 5))
def test_no_entry_can_be_left_out_or_moved(length: int, place: int) -> None:
    whole = chain(length)
    place %= length - 1
    found = first_break([*whole[:place], *whole[place + 1 :]])
    assert found == Break(place + 1, whole[place + 1].run, f"entry {place + 1} is missing")
    swapped = [*whole[:place], whole[place + 1], whole[place], *whole[place + 2 :]]
    assert first_break(swapped) == Break(place + 1, whole[place + 1].run, f"entry {place + 1} is missing")


def test_the_record_holds_no_personal_value(four: Database) -> None:
    kept = json.dumps([list(map(str, row)) for row in four.query("SELECT * FROM _oneroster_runs")])
    for value in ("Zoë", "Neil", "user1", "u1", "SIS:"):
        assert value not in kept.replace("users", "")
