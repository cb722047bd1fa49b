"""`oneroster describe`: what it counts is what is there, and nobody is told."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from data_gen.command import generate
from data_gen.defects.draft import Draft
from data_gen.defects.orders import orders
from data_gen.defects.planting import plant, write_draft
from data_gen.describe.command import describe
from data_gen.describe.survey import shape_of
from oneroster_harness.problems import CannotRun, UsageProblem
from tests.data_gen.conftest import Records

PRIVATE = ("sourcedId", "username", "givenName", "familyName", "middleName", "email", "phone", "identifier", "name", "cityOfBirth")


def run(*arguments: object) -> dict[str, Any]:
    """The command's machine form."""
    result = CliRunner().invoke(describe, [*map(str, arguments), "--json", "-"], catch_exceptions=False)
    assert result.exit_code == 0
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def rows(path: Path, file: str) -> list[dict[str, str]]:
    """Rows of a file of a bundle."""
    with path.joinpath(file).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def faulty(clean: Path, out: Path, *defects: str) -> dict[str, Any]:
    """The description of a bundle with faults."""
    draft = Draft(clean, 1, out.name)
    plant(draft, orders(defects))
    write_draft(out, draft)
    return run(out)


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A district of 120 students and five days after it."""
    out = tmp_path_factory.mktemp("days") / "town"
    CliRunner().invoke(generate, [str(out), "--students", "120", "--days", "5"], catch_exceptions=False)
    return out.with_name("town.days")


def test_counts_of_a_bundle_are_those_of_its_files(folder: Path) -> None:
    found = run(folder)
    assert found["kind"] == "bundle"
    assert found["rows"] == {path.name: len(rows(folder, path.name)) for path in folder.iterdir()}
    roles = [row["role"] for row in rows(folder, "users.csv")]
    assert found["people"] == {role: roles.count(role) for role in sorted(set(roles))}
    assert sum(found["grades"].values()) == sum(school["students"] for school in found["schools"]) == 60
    assert {one["share"] for one in found["relations"]} == {1.0}


def test_class_sizes_and_loads_are_those_of_the_enrollments(folder: Path) -> None:
    found = run(folder)
    enrollments = rows(folder, "enrollments.csv")
    sizes = [
        sum(row["role"] == "student" and row["classSourcedId"] == one["sourcedId"] for row in enrollments)
        for one in rows(folder, "classes.csv")
    ]
    assert (found["class_sizes"]["min"], found["class_sizes"]["max"]) == (min(sizes), max(sizes))
    assert sum(step["count"] for step in found["class_sizes"]["histogram"]) == len(sizes)
    teachers = {row["userSourcedId"] for row in enrollments if row["role"] == "teacher"}
    assert found["teacher_loads"]["count"] == len(teachers)
    assert len(found["sessions"]) == len(rows(folder, "academicSessions.csv"))


def test_a_store_is_described_as_its_bundle(folder: Path, store: Path) -> None:
    told, by_store = run(folder), run(store)
    assert by_store["kind"] == "store"
    for name in ("people", "grades", "class_sizes", "teacher_loads", "sessions", "oddities"):
        assert told[name] == by_store[name], name


ODD = {
    "users.duplicate-id": "rows that repeat a sourcedId",
    "row.short": "rows that do not fit their header",
    "enrollments.two-primaries": "classes with several primary teachers",
}


@pytest.mark.parametrize("defect", sorted(ODD))
def test_what_is_odd_is_counted(defect: str, folder: Path, tmp_path: Path) -> None:
    assert run(folder)["oddities"][ODD[defect]] == 0
    assert faulty(folder, tmp_path / "odd.zip", defect)["oddities"][ODD[defect]] == 1


def test_a_reference_that_finds_nothing_lowers_the_share_of_its_column(folder: Path, tmp_path: Path) -> None:
    found = faulty(folder, tmp_path / "odd.zip", "enrollments.dangling-user=3")
    (lost,) = [one for one in found["relations"] if one["share"] < 1]
    assert (lost["file"], lost["column"], lost["references"] - lost["resolved"]) == ("enrollments.csv", "userSourcedId", 3)


@pytest.mark.parametrize("defect", ["file.utf-16", "file.semicolon", "file.windows-1252", "file.carriage-return-lines", "archive.nested-folder"])
def test_files_in_another_form_are_counted_all_the_same(defect: str, folder: Path, tmp_path: Path) -> None:
    found, clean = faulty(folder, tmp_path / "odd.zip", defect), run(folder)
    assert (found["rows"], found["people"]) == (clean["rows"], clean["people"])


def test_roles_of_1p2_are_counted(tmp_path: Path) -> None:
    CliRunner().invoke(generate, [str(tmp_path / "b"), "--students", "60", "--spec", "1.2"], catch_exceptions=False)
    found = run(tmp_path / "b")
    assert found["people"]["student"] == 60 and sum(school["students"] for school in found["schools"]) == 60


def test_days_are_told_with_the_changes_that_are_expected(days: Path) -> None:
    found = run(days)
    assert (found["kind"], len(found["days"])) == ("days", 5)
    for day in found["days"]:
        expected = json.loads(days.joinpath(day["day"], "expected-diff.json").read_text())["expected"]
        assert day["changes"] == {entity: {kind: len(ids) for kind, ids in kinds.items()} for entity, kinds in expected.items()}
        assert sum(day["reasons"].values()) == sum(sum(kinds.values()) for kinds in day["changes"].values())
        assert day["rows"]["users.csv"] == len(rows(days / day["day"] / "full", "users.csv"))


def test_the_page_is_one_file_without_scripts_and_the_same_each_time(days: Path, tmp_path: Path) -> None:
    first, again = tmp_path / "a.html", tmp_path / "b.html"
    run(days, "--report", f"html:{first}", "--report", f"html:{again}")
    text = first.read_text("utf-8")
    assert text == again.read_text("utf-8")
    assert text.count("<svg") == 5 and "<script" not in text
    assert not re.findall(r'(?:src|href)="(?:https?:)?//|url\(', text)
    assert "prefers-color-scheme: dark" in text and "@media print" in text


def test_no_value_of_anybody_is_told(folder: Path, tmp_path: Path, town: Records) -> None:
    result = CliRunner().invoke(describe, [str(folder), "--report", f"html:{tmp_path / 'a.html'}", "--json", str(tmp_path / "a.json")])
    # Styles and the names of the page's own parts hold words that are names as well.
    told = result.output + re.sub(r"<style.*?</style>", "", tmp_path.joinpath("a.html").read_text(), flags=re.DOTALL)
    words = set(re.findall(r"[\w.@-]{3,}", told + tmp_path.joinpath("a.json").read_text()))
    for file in ("users.csv", "orgs.csv", "demographics.csv", "classes.csv"):
        for row in rows(folder, file):
            assert not {row.get(column, "") for column in PRIVATE} & words


def test_a_value_that_is_no_token_is_told_as_other(tmp_path: Path) -> None:
    out = tmp_path / "b"
    out.mkdir()
    out.joinpath("users.csv").write_text("sourcedId,role,grades,email\na-1,Okonkwo,Okonkwo,\na-2,student,Okonkwo,x@y\na-3,student,05,X@y\n")
    found = run(out)
    assert found["people"] == {"other": 1, "student": 2} and found["grades"] == {"05": 1, "other": 1}
    assert found["oddities"]["people who share an e-mail address"] == 2
    assert "Okonkwo" not in json.dumps(found)


def test_shapes_hide_letters_and_digits() -> None:
    assert shape_of("stu-0042_X") == "aaa-9999_a"
    assert shape_of("Müller 7") == "aaaaaa 9"


def test_wrong_use_and_unreadable_paths_are_refused(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(UsageProblem):
        CliRunner().invoke(describe, [str(folder), "--report", "pdf:x"], catch_exceptions=False)
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(CannotRun):
            CliRunner().invoke(describe, [str(path)], catch_exceptions=False)
