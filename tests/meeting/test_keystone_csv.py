"""Each planted defect is found by the rule that it names, at its place, and clean bundles raise nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.csv_judge import judge
from conformance.csv_rules.rulebook import RULES
from conformance.known import mark_known
from conformance.notices import Notice
from data_gen import defects
from data_gen.defects.draft import Draft
from data_gen.defects.orders import orders
from data_gen.defects.planting import plant, write_draft
from data_gen.defects.registry import DEFECTS
from data_gen.generation import Recipe, write_clean
from oneroster_harness.terminal import AS_OF
from oneroster_standard.dialects import SHIPPED, load_dialect

assert defects.FAMILIES


VERSIONS = ("1.1", "1.2")
BY_ITSELF = sorted((spec, id) for id, found in DEFECTS.items() if not found.needs_day and id != "classes.lunchroom" for spec in found.specs)


def rules_of(spec: str) -> list[str]:
    """Rules that bundles of a version are judged by."""
    return [id for id, rule in RULES.items() if spec in rule.specs]


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A clean bundle of 60 students in each version, judged clean by the first test."""
    folder = tmp_path_factory.mktemp("clean")
    for spec in VERSIONS:
        write_clean(folder / spec / "bundle", Recipe(60, 1, AS_OF, spec=spec))
    return {spec: folder / spec / "bundle" for spec in VERSIONS}


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


@pytest.mark.parametrize(("seed", "spec"), [(1, "1.1"), (2, "1.1"), (1, "1.2"), (2, "1.2")])
@pytest.mark.parametrize("name", ["folder", "bundle.zip"])
def test_a_clean_bundle_of_1000_students_raises_nothing_and_skips_nothing(
    seed: int, spec: str, name: str, tmp_path: Path
) -> None:
    write_clean(tmp_path / name, Recipe(1_000, seed, AS_OF, spec=spec))
    report = judge(tmp_path / name)
    assert report.findings == []
    assert [(found.id, found.reason) for found in report.outcomes if found.outcome != "pass"] == []
    assert [found.id for found in report.outcomes] == rules_of(spec)
    assert len(report.outcomes) >= 75


@pytest.mark.parametrize("spec", VERSIONS)
def test_the_small_clean_bundle_raises_nothing(spec: str, clean: dict[str, Path]) -> None:
    report = judge(clean[spec])
    assert report.findings == []
    assert {found.outcome for found in report.outcomes} == {"pass"}


@pytest.mark.parametrize(("spec", "id"), BY_ITSELF)
def test_a_defect_is_found_by_its_root_rule_and_all_else_follows_from_it(
    spec: str, id: str, clean: dict[str, Path], tmp_path: Path
) -> None:
    (entry,) = planted(clean[spec], tmp_path / "faulty.zip", id)
    report = judge(tmp_path / "faulty.zip")
    roots = [finding for finding in report.findings if not finding.cause_of]
    assert [finding.check for finding in roots] == [entry["rule"]]
    assert lies_at(roots[0], entry)
    assert roots[0].severity == RULES[entry["rule"]].severity
    if roots[0].where["column"] and entry["column"]:
        assert roots[0].where["column"] == entry["column"]
    assert {finding.cause_of for finding in report.findings} - {""} <= {entry["rule"]}


FEW_PLACES = {"academicSessions.wrong-year", "academicSessions.parent-cycle", "lineItemScoreScales.duplicate-id", "results.spreadsheet-id"}
# In the oldest version that has it: the other one differs in the files around it, which the test above covers.
MANY = sorted(
    (spec, id) for spec, id in BY_ITSELF
    if spec == DEFECTS[id].specs[0] and not DEFECTS[id].once and DEFECTS[id].file != "orgs.csv" and id not in FEW_PLACES
)  # fmt: skip


@pytest.mark.parametrize(("spec", "id"), MANY)
def test_a_defect_that_is_planted_three_times_is_counted_three_times(
    spec: str, id: str, clean: dict[str, Path], tmp_path: Path
) -> None:
    (entry,) = planted(clean[spec], tmp_path / "faulty.zip", f"{id}=3")
    roots = [finding for finding in judge(tmp_path / "faulty.zip").findings if not finding.cause_of]
    assert {finding.check for finding in roots} == {entry["rule"]}
    assert sum(finding.count for finding in roots) == entry["count"] == 3
    for place in entry["places"]:
        assert any(lies_at(finding, place) for finding in roots), place


@pytest.mark.parametrize("spec", VERSIONS)
def test_a_lunchroom_is_found_in_a_district_that_fills_it(spec: str, tmp_path: Path) -> None:
    write_clean(tmp_path / "clean", Recipe(140, 1, AS_OF, spec=spec))
    (entry,) = planted(tmp_path / "clean", tmp_path / "faulty.zip", "classes.lunchroom=2")
    (finding,) = judge(tmp_path / "faulty.zip").findings
    assert (finding.check, finding.count) == (entry["rule"], 2)
    assert {sample["row"] for sample in finding.samples} == {place["row"] for place in entry["places"]}


def test_defects_of_many_files_are_all_found_in_one_bundle(clean: dict[str, Path], tmp_path: Path) -> None:
    wanted = (
        "users.bad-role", "enrollments.primary-student", "row.blank", "orgs.unknown-parent", "courses.unpaired-subjects",
        "demographics.bad-sex", "results.bad-score", "manifest.bad-mode", "file.header-only", "academicSessions.bad-year",
        "resources.blank-vendor-resource-id", "courseResources.duplicate-id", "cell.line-break", "header.extra-column",
    )  # fmt: skip
    entries = planted(clean["1.1"], tmp_path / "faulty", *wanted)
    findings = judge(tmp_path / "faulty").findings
    for entry in entries:
        found = [one for one in findings if one.check == entry["rule"] and lies_at(one, entry)]
        assert found, entry
    assert {one.check for one in findings if not one.cause_of} == {entry["rule"] for entry in entries}


def test_defects_of_many_files_of_1p2_are_all_found_in_one_bundle(clean: dict[str, Path], tmp_path: Path) -> None:
    wanted = (
        "roles.bad-role=2", "roles.two-primaries", "users.primary-org-without-role", "userProfiles.blank-credential",
        "userResources.unknown-resource", "scoreScales.bad-values", "lineItemScoreScales.unknown-scale", "results.other-class=3",
        "resultScoreScales.unknown-result", "lineItemLearningObjectiveIds.not-a-uuid=2", "resultLearningObjectiveIds.bad-score",
        "categories.bad-weight", "classes.long-title", "manifest.says-absent",
    )  # fmt: skip
    entries = planted(clean["1.2"], tmp_path / "faulty", *wanted)
    findings = judge(tmp_path / "faulty").findings
    for entry in entries:
        assert [one for one in findings if one.check == entry["rule"] and lies_at(one, entry)], entry
    assert {one.check for one in findings if not one.cause_of} == {entry["rule"] for entry in entries}


@pytest.mark.parametrize("vendor", ["powerschool", "classlink"])
def test_a_vendors_bundle_is_clean_too(vendor: str, tmp_path: Path) -> None:
    write_clean(tmp_path / "bundle", Recipe(200, 1, AS_OF, vendor=vendor))
    assert judge(tmp_path / "bundle").findings == []


@pytest.mark.parametrize("spec", VERSIONS)
@pytest.mark.parametrize("vendor", SHIPPED)
def test_what_is_found_in_a_vendors_bundle_is_known_of_it(vendor: str, spec: str, tmp_path: Path) -> None:
    """Of a size at which staff work at two schools: what the vendor's view makes of them is its declared deviation."""
    if spec == "1.2" and "1.2" not in load_dialect(vendor).specs:
        pytest.skip(f"{vendor} does not serve 1.2")
    write_clean(tmp_path / "bundle", Recipe(1_000, 1, AS_OF, vendor=vendor, spec=spec))
    report = judge(tmp_path / "bundle")
    if vendor == "powerschool":
        assert "csv.identifier-shared" in {found.check for found in report.findings}
    mark_known(report, load_dialect(vendor))
    assert [found.check for found in report.findings if not found.known] == []


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
