"""A crash at any statement, then the same again, ends in the same state; what landed half is never seen."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sync_engine import plan as plans
from sync_engine.applying import Approvals, apply
from sync_engine.targets.opening import open_target
from tests.sync_engine.conftest import Database, sync
from tests.sync_engine.crashing import Crash, Fuse, fused
from tests.sync_engine.engine import stamp
from tests.sync_engine.rosters import orgs, users, write_bundle

Kept = tuple[Path, Approvals]
DAY = ("--as-of", "2026-10-01")


def everything(database: Database) -> dict[str, list[Any]]:
    """All tables, ours too, without what differs from run to run: its id and the hashes over it."""
    found: dict[str, list[Any]] = {}
    for name in sorted(database.tables()):
        skipped = "('run', 'elapsed_ms', 'previous', 'hash')" if name == "_oneroster_runs" else "('')"
        columns = database.query(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema()"
            f" AND table_name = '{name}' AND column_name NOT IN {skipped} ORDER BY column_name"
        )
        listed = ", ".join(f'"{column[0]}"' for column in columns)
        found[name] = sorted(map(repr, database.query(f'SELECT {listed} FROM "{name}"')))
    return found


@pytest.fixture
def mixed(database: Database, tmp_path: Path) -> Kept:
    """A plan that creates, changes, removes, brings back and holds, with an approval of what it holds."""
    first = {"orgs": orgs(1, 2, 3), "users": users(*range(60))}
    second = {"orgs": orgs(1, 2), "users": users(*range(60))}
    third = {"orgs": [*orgs(1, name="Renamed"), *orgs(3, 4)], "users": [*users(*range(20), grade="06"), *users(20, 99)]}
    for name, rows in (("a", first), ("b", second)):
        assert sync("run", write_bundle(tmp_path / name, rows), database.url, "--yes", *DAY).code == 0
    plan = tmp_path / "plan.json"
    made = sync("plan", write_bundle(tmp_path / "c", third), database.url, "-o", plan, *DAY)
    assert made.changed() == {"orgs": {"create": 1, "update": 2, "delete": 1}, "users": {"create": 1, "update": 20, "held": 39}}
    return plan, [{"hold": hold["id"], "by": "A"} for hold in json.loads(plan.read_text())["holds"]]


def attempt(database: Database, kept: Kept, fuse: Fuse) -> bool:
    """Apply behind a fuse; whether it came to its end."""
    made = plans.load(kept[0])
    try:
        with fused(fuse):
            apply(made, open_target(database.url), stamp("again", made, "apply"), kept[1])
    except Crash:
        return False
    return True


def test_a_crash_at_any_statement_then_the_same_again_ends_as_if_nothing_happened(database: Database, mixed: Kept, tmp_path: Path) -> None:
    before = everything(database)
    number = 0
    while True:
        fuse = Fuse(number)
        if attempt(database, mixed, fuse):
            break
        assert everything(database) == before, f"statement {number} left something"
        number += 1
    # The loop ends when the apply needs fewer statements than the fuse waits for: all of them were tried.
    assert number == fuse.statements
    assert number > 20
    landed = everything(database)
    assert landed != before
    states = dict(database.query('SELECT "_state", count(*) FROM users GROUP BY 1'))
    assert states == {"present": 22, "missing": 39}
    assert sync("audit", database.url).code == 0


def test_a_commit_whose_answer_is_lost_is_seen_by_the_next_apply(database: Database, mixed: Kept) -> None:
    assert not attempt(database, mixed, Fuse("COMMIT", after=True))
    landed = {name: rows for name, rows in everything(database).items() if name != "_oneroster_runs"}
    assert attempt(database, mixed, Fuse(-1))
    assert {name: rows for name, rows in everything(database).items() if name != "_oneroster_runs"} == landed
    runs = sync("history", database.url).document["runs"]
    assert [one["status"] for one in runs] == ["applied"] * 4
    assert [sum(found["delete"] for found in one["changes"].values()) for one in runs] == [0, 1, 40, 0]


def test_a_killed_process_leaves_nothing_half(database: Database, mixed: Kept) -> None:
    whole = Fuse("COMMIT")
    assert not attempt(database, mixed, whole)
    before = everything(database)
    for part in (0.1, 0.5, 0.8, 1.0):
        number = int(part * (whole.statements - 1))
        command = [sys.executable, "-m", "tests.sync_engine.crashing", str(mixed[0]), database.url, str(number)]
        ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        assert everything(database) == before, f"killed at statement {number} of {whole.statements}"
    assert attempt(database, mixed, Fuse(-1))
    assert database.query("SELECT count(*) FROM users WHERE \"_state\" = 'missing'") == [(39,)]


def test_a_run_that_crashed_is_run_again_to_the_same_end(database: Database, tmp_path: Path) -> None:
    """Not the kept plan but a whole new run, as a schedule would do it."""
    first = write_bundle(tmp_path / "a", {"orgs": orgs(1, 2), "users": users(*range(10))})
    for what, after in ((0, False), (9, False), ("COMMIT", False), ("COMMIT", True)):
        with pytest.raises(Crash), fused(Fuse(what, after=after)):
            sync("run", first, database.url, "--yes", *DAY)
    ran = sync("run", first, database.url, "--yes", *DAY)
    assert (ran.code, ran.document["status"]) == (0, "applied")
    assert [row[0] for row in database.rows("orgs")] == ["o1", "o2"]
    assert len(database.rows("users")) == 10
    assert sync("run", first, database.url, "--yes", *DAY).changed() == {}
    assert sync("audit", database.url).code == 0
