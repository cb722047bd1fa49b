"""Bundles that do not say everything: without a manifest, and deltas that come late, twice, or after one that is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sync_engine.conftest import Database, Ran, call, sync
from tests.sync_engine.rosters import Rows, orgs, person, seat, taught, write_bundle

DAY = ("--as-of", "2026-10-01")


def bare(folder: Path, rows: Rows) -> Path:
    """A bundle without its manifest."""
    bundle = write_bundle(folder, rows)
    (bundle / "manifest.csv").unlink()
    return bundle


def run(duck: Database, bundle: Path, *options: object) -> Ran:
    return sync("run", bundle, duck.url, "--yes", *DAY, *options)


def people(*numbers: int) -> list[dict[str, str]]:
    return [person(f"u{number}") for number in numbers]


def present(duck: Database) -> set[str]:
    return {row[0] for row in duck.rows("users") if row[2] == "present"}


def test_without_a_manifest_a_bundle_is_taken_only_where_somebody_says_so(duck: Database, tmp_path: Path) -> None:
    bundle = bare(tmp_path / "a", {"orgs": orgs(1), "users": people(1, 2)})
    refused = call("sync", "run", bundle, duck.url, "--yes")
    assert (refused.code, "--without-manifest" in refused.err) == (3, True)
    ran = run(duck, bundle, "--without-manifest")
    assert (ran.code, present(duck)) == (0, {"u1", "u2"})
    assert ran.document["reasons"][0].startswith("the bundle has no manifest.csv")


def test_without_a_manifest_absence_is_believed_while_the_files_are_those_of_last_time(duck: Database, tmp_path: Path) -> None:
    run(duck, bare(tmp_path / "a", {"orgs": orgs(1), "users": people(*range(30))}), "--without-manifest")
    same = run(duck, bare(tmp_path / "b", {"orgs": orgs(1), "users": people(*range(28))}), "--without-manifest")
    assert (same.code, same.changed()) == (0, {"users": {"delete": 2}})
    fewer = run(duck, bare(tmp_path / "c", {"users": people(*range(26))}), "--without-manifest")
    assert (fewer.code, fewer.document["complete"]["users"], fewer.changed()) == (4, False, {"users": {"held": 2}})
    assert any("not those of last time" in reason for reason in fewer.document["reasons"])
    assert len(present(duck)) == 28


def test_without_a_manifest_a_file_that_tells_deletions_may_be_a_delta(duck: Database, tmp_path: Path) -> None:
    run(duck, bare(tmp_path / "a", {"users": people(*range(30))}), "--without-manifest")
    changed = [{**person("u1"), "status": "active"}, {**person("u2"), "status": "tobedeleted"}]
    ran = run(duck, bare(tmp_path / "b", {"users": changed}), "--without-manifest")
    assert ran.document["complete"]["users"] is False
    assert present(duck) == {f"u{number}" for number in range(30)} - {"u2"}


def test_a_bundle_with_none_of_the_standard_s_files_is_refused(duck: Database, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "students.csv").write_text("id\n1\n")
    assert call("sync", "run", tmp_path / "x", duck.url, "--yes", "--without-manifest").code == 3


def delta(folder: Path, at: str, *rows: dict[str, str]) -> Path:
    stamped = [{"status": "active", **row, "dateLastModified": f"2026-10-{at}T00:00:00.000Z"} for row in rows]
    return write_bundle(folder, {"users": stamped}, {"users": "delta"})


def family(duck: Database, key: str = "u1") -> str:
    return str({row[0]: row[1] for row in duck.rows("users", '"sourcedId", "familyName"')}[key])


def test_a_delta_that_comes_late_or_twice_turns_no_row_back(duck: Database, tmp_path: Path) -> None:
    run(duck, write_bundle(tmp_path / "bulk", {"users": people(1, 2, 3)}))
    second, third = (
        delta(tmp_path / at, at, person("u1", familyName=f"Day {at}"), {"sourcedId": "u2", "status": told}) for at, told in (("02", "tobedeleted"), ("03", "active"))
    )
    third = delta(tmp_path / "03b", "03", person("u1", familyName="Day 03"), person("u2"))
    assert run(duck, third).code == 0
    late = run(duck, second)
    assert (late.changed(), family(duck), present(duck)) == ({}, "Day 03", {"u1", "u2", "u3"})
    assert any("2 rows of the delta are older" in reason for reason in late.document["reasons"])
    assert run(duck, third).changed() == {}


def test_rows_of_a_delta_that_need_what_never_came_wait(duck: Database, tmp_path: Path) -> None:
    run(duck, write_bundle(tmp_path / "bulk", {"orgs": orgs(1), "users": people(1), "classes": [taught("k1")], "enrollments": []}))
    marks = {"status": "active", "dateLastModified": "2026-10-02T00:00:00.000Z"}
    seats = [{**seat("e1", "u1", "k1"), **marks}, {**seat("e2", "u99", "k1"), **marks}]
    rows = {"orgs": [], "users": [], "classes": [], "enrollments": seats}
    ran = run(duck, write_bundle(tmp_path / "d", rows, dict.fromkeys(rows, "delta")))
    assert (ran.code, ran.changed()) == (4, {"enrollments": {"create": 1, "held": 1}})
    assert any("a delta before it may be missing" in reason for reason in ran.document["reasons"])


@pytest.mark.parametrize(("mode", "code"), [("delta", 3), ("bulk", 0)])
def test_a_policy_refuses_deltas(duck: Database, tmp_path: Path, mode: str, code: int) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("[bundles]\ndeltas = false\n")
    bundle = write_bundle(tmp_path / "a", {"users": people(1)}, {"users": mode})
    ran = call("sync", "run", bundle, duck.url, "--yes", "--policy", policy)
    assert (ran.code, "sync.delta-refused" in ran.err) == (code, code == 3), ran.err
