"""What a Spark target promises beyond the contract: one step makes a run visible, and everything before it can be lost."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sync_engine import plan as plans
from sync_engine.applying import apply
from sync_engine.targets.opening import open_target
from sync_engine.targets.spark.session import SparkSession
from sync_engine.targets.spark.warehouse import KEPT, Warehouse
from tests.sync_engine.conftest import Database, call, spark_database, sync
from tests.sync_engine.crashing import Crash, kill
from tests.sync_engine.engine import stamp
from tests.sync_engine.rosters import orgs, users, write_bundle
from tests.sync_engine.warehouses import SETTINGS

pytestmark = pytest.mark.services
DAY = ("--as-of", "2026-10-01")


@pytest.fixture
def warehouse(tmp_path: Path) -> Database:
    return spark_database(tmp_path / "warehouse")


@contextmanager
def fused(at: int | str, blow: Any = None) -> Iterator[list[str]]:
    """Blow before a write of that number, before the commit, or after it; gives the writes that were done."""
    done: list[str] = []
    patch = pytest.MonkeyPatch()
    write, commit = SparkSession.write, Warehouse.commit

    def crash() -> None:
        raise Crash

    strike = blow or crash

    def fused_write(session: SparkSession, name: str, tenant: str, frame: Any) -> Any:
        if at == len(done):
            strike()
        found = write(session, name, tenant, frame)
        done.append(name)
        return found

    def fused_commit(self: Warehouse, version: Any) -> None:
        if at == "before":
            strike()
        commit(self, version)
        if at == "after":
            strike()

    patch.setattr(SparkSession, "write", fused_write)
    patch.setattr(Warehouse, "commit", fused_commit)
    try:
        yield done
    finally:
        patch.undo()


def everything(database: Database) -> dict[str, list[str]]:
    """All tables, ours too, without what differs from run to run."""
    found = {}
    for name in sorted(database.tables()):
        skipped = 'EXCLUDE (run, elapsed_ms, previous, hash, "at")' if name == "_oneroster_runs" else ""
        found[name] = sorted(map(repr, database.query(f'SELECT * {skipped} FROM "{name}"')))
    return found


def test_a_crash_at_any_write_then_the_same_again_ends_as_if_nothing_happened(warehouse: Database, tmp_path: Path) -> None:
    first = {"orgs": orgs(1, 2, 3), "users": users(*range(60))}
    later = {"orgs": [*orgs(1, name="Renamed"), *orgs(3, 4)], "users": [*users(*range(20), grade="06"), *users(20, 99)]}
    assert sync("run", write_bundle(tmp_path / "a", first), warehouse.url, "--yes", *DAY).code == 0
    plan = tmp_path / "plan.json"
    assert sync("plan", write_bundle(tmp_path / "b", later), warehouse.url, "-o", plan, *DAY).code == 0
    made = plans.load(plan)
    given = [{"hold": hold.id, "by": "A"} for hold in made.holds]
    assert given
    before, writes = everything(warehouse), 0
    # The first, one in the middle of the tables, the last, and both sides of the swap.
    for at in (0, 2, 5, "before"):
        with fused(at) as done, pytest.raises(Crash):
            apply(made, open_target(warehouse.url), stamp("again", made, "apply"), given)
        assert everything(warehouse) == before, f"a crash at {at} left something that is seen"
        writes = max(writes, len(done))
    assert writes > 6
    with fused("after"), pytest.raises(Crash):
        apply(made, open_target(warehouse.url), stamp("again", made, "apply"), given)
    landed = everything(warehouse)
    assert dict(warehouse.query('SELECT "_state", count(*) FROM users GROUP BY 1')) == {"present": 22, "missing": 39}
    again = apply(made, open_target(warehouse.url), stamp("again", made, "apply"), given)
    assert not any(one.create or one.update or one.delete for one in again.changes.values())
    rest = everything(warehouse)
    assert {name: rows for name, rows in rest.items() if name != "_oneroster_runs"} == {
        name: rows for name, rows in landed.items() if name != "_oneroster_runs"
    }
    assert sync("audit", warehouse.url).code == 0


def test_a_killed_process_leaves_what_stood_and_the_next_run_lands_it(warehouse: Database, tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "a", {"orgs": orgs(1, 2)})
    code = (
        "import sys; from tests.sync_engine.test_spark_warehouse import fused; from tests.sync_engine.crashing import kill;"
        " from tests.sync_engine.conftest import sync\n"
        "with fused('before', kill): sync('run', sys.argv[1], sys.argv[2], '--yes')"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(bundle), warehouse.url], capture_output=True, timeout=300, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-500:]
    assert kill.__name__ == "kill"
    assert list((tmp_path / "warehouse" / "orgs").glob("*/*/*.parquet")), "it had written before it was killed"
    assert warehouse.tables() == set()
    assert sync("run", bundle, warehouse.url, "--yes").changed() == {"orgs": {"create": 2}}
    assert [row[0] for row in warehouse.rows("orgs")] == ["o1", "o2"]


def test_of_two_runs_at_once_the_second_is_refused(warehouse: Database, tmp_path: Path) -> None:
    sync("run", write_bundle(tmp_path / "a", {"orgs": orgs(1)}), warehouse.url, "--yes")
    bundle = write_bundle(tmp_path / "b", {"orgs": orgs(1, 2)})
    with fused("before", lambda: sync("run", bundle, warehouse.url, "--yes", "--tenant", "other") and None) as _:
        pass
    target = open_target(warehouse.url)
    with pytest.raises(Exception, match="another run changed the target meanwhile"), target.writing() as session:
        session.query('INSERT INTO "_oneroster_gone" VALUES (?, ?, ?, ?, ?, ?)', ("default", "orgs", "o1", 1, "2026-10-01", True))
        assert sync("run", bundle, warehouse.url, "--yes").code == 0
    assert warehouse.query('SELECT count(*) FROM "_oneroster_gone"') == [(0,)]
    assert [row[0] for row in warehouse.rows("orgs")] == ["o1", "o2"]


def test_a_plan_leaves_no_trace_and_a_strange_folder_is_left_alone(warehouse: Database, tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "a", {"orgs": orgs(1)})
    assert sync("plan", bundle, warehouse.url, "-o", tmp_path / "plan.json").changed() == {"orgs": {"create": 1}}
    assert not (tmp_path / "warehouse").exists()
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "photo.jpg").write_bytes(b"x")
    ran = sync("run", bundle, f"spark:///{tmp_path}/theirs?{SETTINGS}", "--yes")
    assert (ran.code, "sync.foreign-table" in ran.err) == (3, True)
    assert [found.name for found in (tmp_path / "theirs").iterdir()] == ["photo.jpg"]


@pytest.mark.parametrize("tenant", ["007", "north/south 50 %", "Zürich=1"])
def test_a_tenant_may_have_any_name(warehouse: Database, tmp_path: Path, tenant: str) -> None:
    for name, numbers in (("a", (1, 2)), ("b", (2, 3))):
        bundle = write_bundle(tmp_path / name, {"orgs": orgs(*numbers)})
        assert sync("run", bundle, warehouse.url, "--yes", "--tenant", tenant).code == 0
    assert warehouse.rows("orgs", '"tenant", "sourcedId", "_state"') == [
        (tenant, "o1", "missing"), (tenant, "o2", "present"), (tenant, "o3", "present"),
    ]  # fmt: skip


def test_the_verbs_of_a_target_work_on_a_warehouse_or_are_refused_by_name(warehouse: Database, tmp_path: Path) -> None:
    first, later = write_bundle(tmp_path / "a", {"orgs": orgs(1, 2, 3)}), write_bundle(tmp_path / "b", {"orgs": [*orgs(1), *orgs(2, name="New")]})
    for bundle in (first, later, later, first, later):
        assert sync("run", bundle, warehouse.url, "--yes", *DAY).code == 0
    before = warehouse.rows("orgs", "*")
    told = sync("status", warehouse.url).document["tenants"][0]
    assert (told["status"], told["drifted"], told["rows"]["orgs"]) == ("applied", False, {"missing": 1, "present": 2})
    assert [one["status"] for one in sync("history", warehouse.url).document["runs"]] == ["applied"] * 5
    assert sync("undo", warehouse.url, "--yes", *DAY).changed() == {"orgs": {"update": 2}}
    assert [row[:2] for row in warehouse.rows("orgs", '"name", "_state"')] == [("School 1", "present"), ("School 2", "present"), ("School 3", "present")]
    assert sync("undo", warehouse.url, "--yes", *DAY, "--run", sync("history", warehouse.url).document["runs"][-1]["run"]).code == 0
    assert warehouse.rows("orgs", "*") == before
    assert sync("audit", warehouse.url).code == 0
    visible = call("sync", "visible", warehouse.url, "--user", "u1")
    assert (visible.code, "Traceback" in visible.err) == (3, False)
    versions = list((tmp_path / "warehouse" / "_oneroster" / "versions").glob("*.json"))
    assert len(versions) <= KEPT + 1, "what no reader needs is removed"
    stands = {part for version in versions for one in json.loads(version.read_text())["tables"].values() for part in one["parts"]}
    there = {str(found.relative_to(tmp_path / "warehouse")) for found in (tmp_path / "warehouse").glob("*/tenant=*/*")}
    assert stands <= there
    assert len(there - stands) <= 12, "folders of runs long past stay nowhere"


def test_a_warehouse_behind_a_url_goes_through_hadoops_file_systems(tmp_path: Path) -> None:
    folder = tmp_path / "warehouse"
    url = f"spark:///?warehouse=file://{folder}&{SETTINGS}"
    for name, numbers in (("a", (1, 2)), ("b", (2, 3))):
        assert sync("run", write_bundle(tmp_path / name, {"orgs": orgs(*numbers)}), url, "--yes").code == 0
    found = spark_database(folder).rows("orgs")
    assert found == [("o1", "tobedeleted", "missing"), ("o2", "active", "present"), ("o3", "active", "present")]
    assert sync("undo", url, "--yes").code == 0
    assert [row[2] for row in spark_database(folder).rows("orgs")] == ["present", "present"]


def test_the_documented_way_to_read_a_warehouse_works(warehouse: Database, tmp_path: Path) -> None:
    sync("run", write_bundle(tmp_path / "a", {"orgs": orgs(1), "users": users(1)}), warehouse.url, "--yes")
    text = (Path(__file__).parents[2] / "docs" / "scaling.md").read_text("utf-8")
    code = text.partition("```python\n")[2].partition("```")[0].replace("/data/roster", str(tmp_path / "warehouse"))
    names: dict[str, Any] = {}
    exec(compile(code, "docs/scaling.md", "exec"), names)  # noqa: S102 - the page's own example
    assert names["spark"].sql("SELECT tenant, sourcedId, orgSourcedIds FROM users").collect()[0].asDict() == {
        "tenant": "default", "sourcedId": "u1", "orgSourcedIds": ["o1", "o2"],
    }  # fmt: skip
