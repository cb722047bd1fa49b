"""Plans: held removals beside landed additions, stale plans, second applies, approvals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.sync_engine.conftest import Database, call, sync
from tests.sync_engine.rosters import orgs, users, write_bundle


@pytest.fixture
def shrunk(duck: Database, tmp_path: Path) -> Path:
    """A target of 40 users, and a bundle that lacks half of them and has one more."""
    sync(
        "run",
        write_bundle(tmp_path / "a", {"orgs": orgs(1, 2), "users": users(*range(40))}),
        duck.url,
        "--yes",
    )
    return write_bundle(tmp_path / "b", {"orgs": orgs(1, 2), "users": users(*range(20), 99)})


def states(database: Database) -> dict[str, int]:
    found = [row[2] for row in database.rows("users")]
    return {state: found.count(state) for state in set(found)}


def test_removals_are_held_beside_additions_that_land(duck: Database, shrunk: Path) -> None:
    ran = sync("run", shrunk, duck.url, "--yes")
    assert (ran.code, ran.document["status"]) == (4, "held")
    assert ran.changed() == {"users": {"create": 1, "held": 20}}
    assert states(duck) == {"present": 41}


def test_a_hold_stays_until_it_is_approved(duck: Database, shrunk: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    sync("plan", shrunk, duck.url, "-o", plan)
    assert [sync("apply", plan).code, sync("apply", plan).code] == [4, 4]
    approved = sync("apply", plan, "--approve", "users")
    assert (approved.code, approved.document["status"]) == (0, "applied")
    assert approved.changed() == {"users": {"delete": 20}}
    assert states(duck) == {"present": 21, "missing": 20}
    again = sync("apply", plan, "--approve", "all")
    assert (again.code, again.changed()) == (0, {})


def test_approving_another_entity_lets_nothing_through(duck: Database, shrunk: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    sync("plan", shrunk, duck.url, "-o", plan)
    assert sync("apply", plan, "--approve", "orgs").code == 4
    assert call("sync", "apply", plan, "--approve", "user").code == 2
    assert states(duck) == {"present": 41}


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--max-delete-percent", "50"), 0),
        (("--max-delete-percent", "49.9"), 4),
        (("--max-delete-percent", "100", "--max-delete-count", "19"), 4),
        (("--delete-floor", "20"), 0),
        (("--delete-floor", "19"), 4),
    ],
)
def test_each_limit_of_the_guard_decides(
    options: tuple[str, ...], code: int, duck: Database, shrunk: Path
) -> None:
    assert sync("run", shrunk, duck.url, "--yes", *options).code == code


def test_rows_that_are_removed_already_do_not_trip_the_guard(
    duck: Database, shrunk: Path, tmp_path: Path
) -> None:
    sync("run", shrunk, duck.url, "--yes", "--max-delete-percent", "50")
    fewer = write_bundle(tmp_path / "c", {"orgs": orgs(1, 2), "users": users(*range(20))})
    ran = sync("run", fewer, duck.url, "--yes")
    assert (ran.code, ran.changed()) == (0, {"users": {"delete": 1}})


def test_a_core_entity_that_comes_empty_is_held_even_below_the_floor(duck: Database, tmp_path: Path) -> None:
    sync("run", write_bundle(tmp_path / "a", {"orgs": orgs(1, 2)}), duck.url, "--yes")
    ran = sync("run", write_bundle(tmp_path / "b", {"orgs": []}), duck.url, "--yes")
    assert (ran.code, ran.changed()) == (4, {"orgs": {"held": 2}})


def test_a_plan_changes_nothing_and_applies_later(duck: Database, tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "a.zip", {"orgs": orgs(1, 2)})
    plan = tmp_path / "plan.json"
    made = sync("plan", bundle, duck.url, "-o", plan)
    assert (made.code, made.document["status"]) == (0, "planned")
    assert not (tmp_path / "roster.duckdb").exists()
    bundle.unlink()
    ran = sync("apply", plan)
    assert (ran.code, ran.changed()) == (0, {"orgs": {"create": 2}})
    again = sync("apply", plan)
    assert (again.code, again.document["status"], again.changed()) == (0, "applied", {})


def test_a_plan_for_a_changed_target_is_refused(database: Database, tmp_path: Path) -> None:
    sync("run", write_bundle(tmp_path / "a", {"orgs": orgs(1, 2)}), database.url, "--yes")
    plan = tmp_path / "plan.json"
    sync("plan", write_bundle(tmp_path / "b", {"orgs": orgs(1, 2, 3)}), database.url, "-o", plan)
    database.query("UPDATE orgs SET \"name\" = 'edited' WHERE \"sourcedId\" = 'o1'")
    before = database.rows("orgs", "*")
    ran = sync("apply", plan)
    assert (ran.code, ran.document["status"]) == (3, "refused")
    assert "the target changed since the plan was made" in ran.err
    assert database.rows("orgs", "*") == before


def test_an_edited_plan_or_row_file_is_not_applied(duck: Database, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    bundle = write_bundle(tmp_path / "a", {"orgs": orgs(1)})
    sync("plan", bundle, duck.url, "-o", plan)
    document = json.loads(plan.read_text())
    plan.write_text(json.dumps({**document, "tenant": "another"}))
    assert "the plan was changed after it was made" in sync("apply", plan).err
    sync("plan", bundle, duck.url, "-o", plan)
    (tmp_path / "plan.json.rows" / "orgs.apply.parquet").write_bytes(b"PAR1")
    ran = sync("apply", plan)
    assert (ran.code, ran.document["status"]) == (3, "failed")
    assert not (tmp_path / "roster.duckdb").exists()


def test_the_same_plan_has_the_same_digest(duck: Database, tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "a", {"orgs": orgs(*range(50)), "users": users(*range(50))})
    digests = []
    for name in ("one.json", "two.json"):
        sync("plan", bundle, duck.url, "-o", tmp_path / name)
        digests.append(json.loads((tmp_path / name).read_text())["digest"])
    assert digests[0] == digests[1]


def test_a_run_without_yes_only_plans_when_nobody_is_there_to_ask(duck: Database, tmp_path: Path) -> None:
    ran = sync("run", write_bundle(tmp_path / "a", {"orgs": orgs(1)}), duck.url)
    assert (ran.code, ran.document["status"]) == (0, "planned")
    assert not (tmp_path / "roster.duckdb").exists()


def test_a_file_that_is_no_plan_is_never_overwritten(duck: Database, tmp_path: Path) -> None:
    precious = tmp_path / "plan.json"
    precious.write_text("{}")
    ran = call("sync", "plan", write_bundle(tmp_path / "a", {"orgs": orgs(1)}), duck.url, "-o", precious)
    assert (ran.code, precious.read_text()) == (2, "{}")
