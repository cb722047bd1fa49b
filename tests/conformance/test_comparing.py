"""Two runs side by side: new, mended, worse, better, and what nobody looked for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conformance.comparing import compare, markdown_of, read_run, text_of
from oneroster_harness.problems import UsageProblem


def _run(*findings: tuple[str, str, int], skipped: tuple[str, ...] = (), verdict: str = "fail", **more: Any) -> dict[str, Any]:
    checks = {"paging.page-size", "data.unique-id", "headers.link", *(check for check, _, _ in findings)}
    return {
        "verdict": verdict, "findings": [
            {"check": check, "severity": severity, "count": count, "message": f"{count} of {check}", "where": {"pointer": "/users"}}
            for check, severity, count in findings
        ],
        "checks": [{"id": check, "outcome": "skip" if check in skipped else "pass"} for check in sorted(checks)],
    } | more  # fmt: skip


OLD = _run(("paging.page-size", "error", 3), ("data.unique-id", "warning", 5), ("headers.link", "error", 1))


@pytest.mark.parametrize(
    ("new", "kinds", "fails"),
    [
        (OLD, {"same": 3}, False),
        (_run(), {"mended": 3}, False),
        (_run(skipped=("headers.link",)), {"mended": 2, "unseen": 1}, False),
        (_run(("paging.page-size", "error", 4), ("data.unique-id", "warning", 5), ("headers.link", "error", 1)), {"same": 2, "worse": 1}, True),
        (_run(("paging.page-size", "error", 3), ("data.unique-id", "error", 5), ("headers.link", "info", 1)), {"same": 1, "worse": 1, "better": 1}, True),
        (_run(("paging.page-size", "error", 1), ("data.unique-id", "warning", 9)), {"better": 1, "worse": 1, "mended": 1}, False),
        (_run(*[("schema.type", "warning", 1)]), {"new": 1, "mended": 3}, False),
        (_run(*[("schema.type", "error", 1)]), {"new": 1, "mended": 3}, True),
        (_run(verdict="incomplete"), {"mended": 3}, True),
    ],
)
def test_each_change_is_of_its_kind(new: dict[str, Any], kinds: dict[str, int], fails: bool) -> None:
    found = compare(OLD, new)
    assert {kind: len(rows) for kind, rows in found.changes.items() if rows} == kinds
    assert found.fails is fails
    assert found.document()["summary"] == {kind: kinds.get(kind, 0) for kind in found.changes}


def test_a_profile_that_no_longer_passes_fails() -> None:
    old, new = (_run(profiles={"lingco": {"verdict": word}}) for word in ("pass", "incomplete"))
    assert compare(old, new).fails
    assert not compare(new, old).fails
    assert "profile lingco: pass -> incomplete" in text_of(compare(old, new))


def test_it_reads_well_in_both_forms() -> None:
    found = compare(OLD, _run(("paging.page-size", "error", 1_500), ("schema.type", "error", 1)))
    assert "error: 1500 of paging.page-size (1,500 times, 3 before)" in text_of(found)
    text = markdown_of(found)
    assert "<details open><summary>1 new</summary>" in text
    assert text.startswith("### ❌")


@pytest.mark.parametrize("text", ["[]", "{}", "nothing", '{"findings": [1], "checks": []}'])
def test_what_is_no_run_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text, encoding="utf-8")
    with pytest.raises(UsageProblem):
        read_run(tmp_path / "x.json")


def test_the_command_compares_real_runs(tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "oneroster_harness", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)

    run("generate", "clean", "--students", "30")
    run("generate", "broken", "--students", "30", "--defect", "enrollments.dangling-user=2")
    for name in ("clean", "broken"):
        run("check", "csv", name, "--json", f"{name}.json")
    done = run("check", "compare", "clean.json", "broken.json", "--json", "-", "--markdown", "comment.md")
    document = json.loads(done.stdout)
    assert done.returncode == 1
    assert [one["check"] for one in document["new"]] == ["csv.reference"]
    assert "1 new" in (tmp_path / "comment.md").read_text("utf-8")
    back = run("check", "compare", "broken.json", "clean.json")
    assert back.returncode == 0
    assert "mended:" in back.stdout
    assert run("check", "compare", "clean.json", "nowhere.json").returncode == 2
