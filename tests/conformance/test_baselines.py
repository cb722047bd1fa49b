"""Baselines accept for a reason and until a day; what has expired or matches nothing is told."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from conformance.baselines import (
    EXPIRED,
    FIRST_TERM,
    UNMATCHED,
    Entry,
    apply_baseline,
    baseline_of,
    read_baseline,
)
from conformance.csv_judge import judge
from conformance.profiles.loading import load_profiles
from conformance.report import Report
from oneroster_harness.problems import UsageProblem
from tests.conformance.small_bundle import rows, set_cell, write

TODAY = date(2026, 11, 1)
LATER = date(2027, 1, 31)


def _broken(folder: Path, **more: Any) -> Report:
    found = rows()
    set_cell("users.csv", 2, "orgSourcedIds", "nowhere")(found)
    set_cell("classes.csv", 2, "classType", "odd")(found)
    return judge(write(folder, found), **more)


@pytest.fixture
def report(tmp_path: Path) -> Report:
    found = _broken(tmp_path / "bundle")
    assert {notice.check for notice in found.findings} == {"csv.reference", "csv.enumeration"}
    return found


def _apply(report: Report, *entries: Entry) -> Report:
    apply_baseline(report, entries, "baseline.toml", TODAY)
    return report


def test_an_accepted_finding_no_longer_fails_and_is_still_told(report: Report) -> None:
    ids = {notice.check: notice.id for notice in report.findings}
    found = _apply(report, Entry("known to the vendor", LATER, finding=ids["csv.reference"]), Entry("all of them", LATER, check="csv.enumeration"))
    assert (found.verdict, found.fails_at("warning")) == ("pass", False)
    assert {notice.accepted for notice in found.findings} == {"known to the vendor (until 2027-01-31)", "all of them (until 2027-01-31)"}
    assert {notice.graded for notice in found.findings} == {"error"}
    assert found.failed_checks() == 0
    assert next(one for one in found.outcomes if one.id == "csv.reference").reason == "accepted by the baseline"


def test_an_entry_holds_on_its_last_day_and_fails_loudly_on_the_next(report: Report) -> None:
    on_the_day = Entry("x", TODAY, check="csv.enumeration")
    assert "csv.enumeration" not in _fails(_apply(report, on_the_day))
    expired = _apply(report, Entry("x", date(2026, 10, 31), check="csv.reference"))
    assert {"csv.reference", EXPIRED} <= _fails(expired)
    assert expired.verdict == "fail"


def _fails(report: Report) -> set[str]:
    return {notice.check for notice in report.findings if notice.severity == "error"}


def test_an_entry_that_matches_nothing_is_told_unless_nobody_looked(report: Report) -> None:
    entries = (Entry("x", LATER, finding="0" * 12), Entry("x", LATER, check="csv.date"), Entry("x", LATER, check="csv.delta-status"))
    report.outcomes = [one for one in report.outcomes if one.id != "csv.delta-status"]
    found = _apply(report, *entries)
    left = [notice for notice in found.findings if notice.check == UNMATCHED]
    assert {notice.where["column"] for notice in left} == {"0" * 12, "csv.date"}
    assert {notice.severity for notice in left} == {"warning"}


def test_a_baseline_without_leftovers_passes_its_own_checks(report: Report) -> None:
    found = _apply(report, Entry("x", LATER, check="csv.reference"))
    assert {one.id: one.outcome for one in found.outcomes if one.id.startswith("baseline.")} == {EXPIRED: "pass", UNMATCHED: "pass"}


def test_a_profiles_demand_is_accepted_by_name(tmp_path: Path) -> None:
    found = _broken(tmp_path / "bundle", profiles=load_profiles(["lingco"]))
    demands = [one["demand"] for one in found.profiles["lingco"]["blockers"]]
    assert demands
    first = _apply(found, *(Entry("agreed", LATER, profile="lingco", demand=demand) for demand in demands), Entry("x", LATER, profile="google", demand="channel"))
    assert (first.profiles["lingco"]["verdict"], first.profiles["lingco"]["blockers"]) == ("pass", [])
    assert {one["demand"] for one in first.profiles["lingco"]["accepted"]} == set(demands)
    assert not [notice for notice in first.findings if notice.check == UNMATCHED]


@pytest.mark.parametrize("suffix", [".toml", ".json"])
def test_a_written_baseline_accepts_the_run_that_it_was_written_of(tmp_path: Path, report: Report, suffix: str) -> None:
    path = tmp_path / f"baseline{suffix}"
    path.write_text(baseline_of(report, TODAY), encoding="utf-8")
    if suffix == ".json":
        import tomllib

        path.write_text(json.dumps(tomllib.loads(path.read_text("utf-8")), default=str), encoding="utf-8")
    entries = read_baseline(path)
    assert {entry.until for entry in entries} == {TODAY + FIRST_TERM}
    assert _apply(report, *entries).verdict == "pass"


def test_a_baseline_of_a_clean_run_is_empty_and_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "baseline.toml"
    path.write_text(baseline_of(judge(write(tmp_path / "bundle", rows())), TODAY), encoding="utf-8")
    assert read_baseline(path) == ()


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('[[accept]]\ncheck = "csv.date"\nuntil = 2027-01-01', "gives no reason"),
        ('[[accept]]\ncheck = "csv.date"\nreason = "  "\nuntil = 2027-01-01', "gives no reason"),
        ('[[accept]]\ncheck = "csv.date"\nreason = "x"', "no day"),
        ('[[accept]]\ncheck = "csv.date"\nreason = "x"\nuntil = "soon"', "no day"),
        ('[[accept]]\nreason = "x"\nuntil = 2027-01-01', "names nothing"),
        ('[[accept]]\nprofile = "lingco"\nreason = "x"\nuntil = 2027-01-01', "names nothing"),
        ('[[accept]]\nchek = "csv.date"', "did you mean 'check'"),
        ("x = 1", "accepts nothing"),
        ("[[", "neither TOML nor JSON"),
    ],
)
def test_a_baseline_that_is_not_understood_is_refused(tmp_path: Path, text: str, hint: str) -> None:
    path = tmp_path / "baseline.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageProblem) as refused:
        read_baseline(path)
    assert hint in "\n".join(refused.value.lines())


def _run(folder: Path, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run([sys.executable, "-m", "oneroster_harness", "check", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_the_command_writes_reads_and_lets_expire(tmp_path: Path) -> None:
    _broken(tmp_path / "bundle")
    assert _run(tmp_path, "csv", "bundle", "--write-baseline", "b.toml")[0] == 1
    code, out, _ = _run(tmp_path, "csv", "bundle", "--baseline", "b.toml")
    assert code == 0
    assert "accepted by the baseline:" in out
    text = re_dated((tmp_path / "b.toml").read_text("utf-8"))
    (tmp_path / "b.toml").write_text(text, encoding="utf-8")
    code, out, _ = _run(tmp_path, "csv", "bundle", "--baseline", "b.toml")
    assert code == 1
    assert f"[{EXPIRED}]" in out
    code, _, err = _run(tmp_path, "csv", "bundle", "--baseline", "nowhere.toml")
    assert code == 2
    assert "is not there" in err


def re_dated(text: str) -> str:
    """The baseline with days that are long past."""
    return "\n".join("until = 2020-01-01" if line.startswith("until") else line for line in text.splitlines())
