"""Each planted defect is found by the rule that it names, at its place, and clean bundles raise nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.csv_judge import judge
from conformance.csv_rules.rulebook import RULES
from conformance.notices import Notice
from data_gen import defects
from data_gen.defects.draft import Draft
from data_gen.defects.planting import orders, plant, write_draft
from data_gen.defects.registry import DEFECTS
from data_gen.generation import Recipe, write_clean
from oneroster_harness.terminal import AS_OF

assert defects.FAMILIES


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean bundle of 60 students, judged clean by the first test."""
    path = tmp_path_factory.mktemp("clean") / "bundle"
    write_clean(path, Recipe(60, 1, AS_OF))
    return path


def planted(clean: Path, out: Path, *texts: str) -> list[dict[str, Any]]:
    """Plant defects into a copy of the clean bundle; returns the answer key's entries."""
    draft = Draft(clean, 1, out.name)
    found = plant(draft, orders(texts))
    write_draft(out, draft)
    return found


def lies_at(finding: Notice, place: dict[str, Any]) -> bool:
    """Whether a finding, or one of its samples, names the place of an answer key."""
    if finding.where["file"] != place["file"]:
        return False
    rows = {finding.where["row"], *(sample.get("row") for sample in finding.samples)}
    return place["row"] is None or place["row"] in rows


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", ["folder", "bundle.zip"])
def test_a_clean_bundle_of_1000_students_raises_nothing_and_skips_nothing(
    seed: int, name: str, tmp_path: Path
) -> None:
    write_clean(tmp_path / name, Recipe(1_000, seed, AS_OF))
    report = judge(tmp_path / name)
    assert report.findings == []
    assert [(found.id, found.reason) for found in report.outcomes if found.outcome != "pass"] == []
    assert len(report.outcomes) == len(RULES) >= 40


def test_the_small_clean_bundle_raises_nothing(clean: Path) -> None:
    report = judge(clean)
    assert report.findings == []
    assert {found.outcome for found in report.outcomes} == {"pass"}


@pytest.mark.parametrize("id", sorted(DEFECTS))
def test_a_defect_is_found_by_its_root_rule_and_all_else_follows_from_it(
    id: str, clean: Path, tmp_path: Path
) -> None:
    (entry,) = planted(clean, tmp_path / "faulty.zip", id)
    report = judge(tmp_path / "faulty.zip")
    roots = [finding for finding in report.findings if not finding.cause_of]
    assert [finding.check for finding in roots] == [entry["rule"]]
    assert lies_at(roots[0], entry)
    assert roots[0].severity == RULES[entry["rule"]].severity
    if roots[0].where["column"] and entry["column"]:
        assert roots[0].where["column"] == entry["column"]
    assert {finding.cause_of for finding in report.findings} - {""} <= {entry["rule"]}


MANY = sorted(id for id, found in DEFECTS.items() if not found.once and found.file != "orgs.csv")


@pytest.mark.parametrize("id", MANY)
def test_a_defect_that_is_planted_three_times_is_counted_three_times(
    id: str, clean: Path, tmp_path: Path
) -> None:
    (entry,) = planted(clean, tmp_path / "faulty.zip", f"{id}=3")
    roots = [finding for finding in judge(tmp_path / "faulty.zip").findings if not finding.cause_of]
    assert {finding.check for finding in roots} == {entry["rule"]}
    assert sum(finding.count for finding in roots) == entry["count"] == 3
    for place in entry["places"]:
        assert any(lies_at(finding, place) for finding in roots), place


def test_defects_of_many_files_are_all_found_in_one_bundle(clean: Path, tmp_path: Path) -> None:
    wanted = (
        "users.bad-role", "enrollments.primary-student", "row.blank", "orgs.unknown-parent", "courses.unpaired-subjects",
        "demographics.bad-sex", "results.bad-score", "manifest.bad-mode", "file.header-only", "academicSessions.bad-year",
        "resources.blank-vendor-resource-id", "courseResources.duplicate-id", "cell.line-break", "header.extra-column",
    )  # fmt: skip
    entries = planted(clean, tmp_path / "faulty", *wanted)
    findings = judge(tmp_path / "faulty").findings
    for entry in entries:
        found = [one for one in findings if one.check == entry["rule"] and lies_at(one, entry)]
        assert found, entry
    assert {one.check for one in findings if not one.cause_of} == {entry["rule"] for entry in entries}


@pytest.mark.parametrize("vendor", ["powerschool", "classlink"])
def test_a_vendors_bundle_is_clean_too(vendor: str, tmp_path: Path) -> None:
    write_clean(tmp_path / "bundle", Recipe(200, 1, AS_OF, vendor=vendor))
    assert judge(tmp_path / "bundle").findings == []


def test_campus_bundles_lack_the_people_without_an_account_and_nothing_else_is_wrong(tmp_path: Path) -> None:
    """The vendor's declared deviation people.hidden-by-account, seen in its CSV files."""
    write_clean(tmp_path / "bundle", Recipe(200, 1, AS_OF, vendor="infinite-campus"))
    findings = judge(tmp_path / "bundle").findings
    assert {(one.check, one.where["file"], one.where["column"]) for one in findings} == {
        ("csv.reference", "demographics.csv", "sourcedId"),
        ("csv.reference", "enrollments.csv", "userSourcedId"),
        ("csv.reference", "results.csv", "studentSourcedId"),
        ("csv.reference", "users.csv", "agentSourcedIds"),
    }
