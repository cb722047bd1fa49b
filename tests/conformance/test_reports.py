"""The reports: each format is valid for its reader, tells the same findings by the same ids, and nothing escapes its markup."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as SarifLog

from conformance.csv_judge import judge
from conformance.notices import Notice, finding_id
from conformance.report import Outcome, Report
from conformance.reports import FORMATS
from conformance.reports.markdown import MOST_CHARACTERS, markdown_report
from tests.conformance.small_bundle import rows, set_cell, write

OF_API = Notice(
    "10 records come twice", {"request": "GET /users?limit=100&offset=0", "pointer": "/users/*/sourcedId"}, "each once", "twice", "curl x", 3, "error",
    "data.unique-id", "REST 1.1", "mend <it> | or @not #12", samples=({"row": 1},),
)  # fmt: skip


def _report() -> Report:
    known = replace(OF_API, check="paging.page-size", message="a long page", known=True, severity="info", graded="error")
    accepted = replace(OF_API, check="headers.link", message="no link", accepted="we know (until 2099-01-01)", severity="info", graded="warning")
    follower = replace(OF_API, check="filter.selects", message="a filter loses records", cause_of="data.unique-id")
    of_file = Notice("a bad date", {"file": "users.csv", "row": 7, "column": "x"}, "a date", "text", severity="warning", check="csv.date", section="CSV", remedy="mend")
    report = Report("https://sis.example.org/v1p1", "1.1", 1, "2026-10-01", "0.1.0", incomplete=["the budget was spent"])
    report.findings = [OF_API, known, accepted, follower, of_file]
    report.outcomes = [Outcome(one.check, "fail", "", "REST") for one in report.findings]
    report.outcomes += [Outcome("auth.clock", "skip", "no Date header", ""), Outcome("schema.type", "error", "ValueError", ""), Outcome("sort.descending", "pass", "", "")]
    report.profiles = {
        "ours": {
            "verdict": "fail", "title": "Ours", "demands": 3, "met": 1, "remarks": [], "not_judged": ["x"], "not_exercised": [{"demand": "d", "reason": "not put"}],
            "blockers": [{"demand": "users.email", "message": "users.email is empty", "where": "", "expected": "", "observed": "", "remedy": ""}],
        }
    }  # fmt: skip
    return report


@pytest.fixture
def broken(tmp_path: Path) -> Report:
    found = rows()
    for file, line, column, value in (("users.csv", 2, "orgSourcedIds", "nowhere"), ("orgs.csv", 2, "name", ""), ("classes.csv", 2, "classType", "odd")):
        set_cell(file, line, column, value)(found)
    return judge(write(tmp_path / "bundle é", found))


def test_sarif_is_valid_by_the_schemas_own_classes(broken: Report) -> None:
    for report in (broken, _report(), Report("x.zip", "1.2", 1, "2026-10-01", "0.1.0")):
        text = FORMATS["sarif"](report, "error")
        log = SarifLog.model_validate_json(text)
        assert len(log.runs[0].results or []) == len(report.findings)


def test_the_schemas_classes_refuse_what_is_no_sarif() -> None:
    document = json.loads(FORMATS["sarif"](_report(), "error"))
    document["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(ValueError, match="level"):
        SarifLog.model_validate(document)


def test_sarif_leads_to_the_row_and_suppresses_what_is_settled() -> None:
    run = json.loads(FORMATS["sarif"](_report(), "error"))["runs"][0]
    results = {one["ruleId"]: one for one in run["results"]}
    place = results["csv.date"]["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]) == ("https://sis.example.org/v1p1/users.csv", {"startLine": 7})
    assert {check for check, one in results.items() if "suppressions" in one} == {"paging.page-size", "headers.link"}
    assert results["headers.link"]["suppressions"][0]["justification"] == "we know (until 2099-01-01)"
    assert all(run["tool"]["driver"]["rules"][one["ruleIndex"]]["id"] == check for check, one in results.items())
    assert run["invocations"][0]["executionSuccessful"] is False


def test_every_format_tells_a_finding_by_the_same_id(broken: Report) -> None:
    ids = {notice.id for notice in broken.findings if not notice.cause_of}
    assert len(ids) >= 3
    for name, write_report in FORMATS.items():
        text = write_report(broken, "info")
        missing = {id for id in ids if id not in text}
        assert not missing, (name, missing)


def test_an_id_stays_when_counts_rows_and_pages_change() -> None:
    other = replace(OF_API, message="1,250 records come twice", where=OF_API.where | {"request": "GET /users?limit=100&offset=900"}, count=9)
    assert other.id == OF_API.id
    for change in ({"check": "data.primary-org"}, {"message": "10 records are lost"}, {"where": {"pointer": "/orgs/*/sourcedId"}}):
        assert replace(OF_API, **change).id != OF_API.id  # type: ignore[arg-type]
    assert finding_id("a", "b", {"request": "GET /x?offset=1"}) == finding_id("a", "b", {"request": "GET /x?offset=2"})


def test_ids_of_a_run_are_distinct(broken: Report) -> None:
    assert len({notice.id for notice in broken.findings}) == len(broken.findings)


def test_markdown_fits_a_comment_whatever_is_found() -> None:
    report = _report()
    report.findings = [replace(OF_API, check=f"made.up-{number}", message="é" * 400, remedy="x" * 300) for number in range(500)]
    text = markdown_report(report)
    assert len(text) <= MOST_CHARACTERS
    assert text.count("<details>") == text.count("</details>")
    shown = text.count("<summary>❌")
    assert f"{500 - shown} more root causes did not fit" in text
    assert 0 < shown < 500


def test_markdown_is_short_folds_and_lets_nothing_become_markup() -> None:
    text = markdown_report(_report())
    assert text.startswith("### ⚠️ OneRoster 1.1: incomplete")
    assert "profile **ours**: fail" in text
    assert "<details><summary>2 known or accepted findings</summary>" in text
    assert "<it>" not in text
    assert "&lt;it&gt;" in text
    assert not re.search(r"@not|#12", text)
    assert "`filter.selects`" in text


def test_annotations_are_one_line_each_at_the_row() -> None:
    lines = FORMATS["github"](_report(), "error").splitlines()
    assert lines[0].startswith("::error title=OneRoster data.unique-id::10 records come twice (3 times) at GET /users")
    assert any(line.startswith("::warning title=OneRoster csv.date,file=https%3A//sis.example.org/v1p1/users.csv,line=7::") for line in lines)
    assert lines[-1] == "::error title=OneRoster profile ours::fail: users.email is empty"
    broken = replace(OF_API, message="two\nlines 100%")
    report = _report()
    report.findings = [broken]
    assert "two%0Alines 100%25" in FORMATS["github"](report, "error").splitlines()[0]
