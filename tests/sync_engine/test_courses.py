"""Course alignment through the command: what is mapped at once, what is asked, what a person's decision does."""

from __future__ import annotations

import csv
import doctest
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sync_engine.courses import codes
from tests.sync_engine.conftest import Database, Ran, call, sync
from tests.sync_engine.rosters import orgs, users, write_bundle

CATALOGUE = """code,title,aliases
M-ALG1,Algebra I,0205110;02-0511-0
M-ALG2,Algebra II,
S-BIO,Biology,
E-ART,Studio Art,ART1
"""


def course(id: str, code: str, title: str) -> dict[str, str]:
    """Cells of a course."""
    return {"sourcedId": id, "title": title, "courseCode": code, "orgSourcedId": "o1"}


def section(
    id: str, course_id: str, school: str = "o1", *, code: str = "", title: str = ""
) -> dict[str, str]:
    """Cells of a class."""
    return {
        "sourcedId": id, "title": title or f"Class {id}", "courseSourcedId": course_id, "classCode": code,
        "classType": "scheduled", "schoolSourcedId": school, "termSourcedIds": "t1",
    }  # fmt: skip


def teaching(id: str, place: str, user: str, begin: str = "", end: str = "") -> dict[str, str]:
    """Cells of a teacher's enrollment."""
    return {
        "sourcedId": id, "classSourcedId": place, "schoolSourcedId": "o1", "userSourcedId": user, "role": "teacher",
        "beginDate": begin, "endDate": end,
    }  # fmt: skip


def land(
    database: Database, folder: Path, courses: Sequence[dict[str, str]] | None, classes: Sequence[dict[str, str]],
    enrollments: Sequence[dict[str, str]] = (),
) -> None:  # fmt: skip
    """Land one roster; courses None is a bundle without courses.csv."""
    rows: dict[str, Any] = {
        "orgs": orgs(1, 2),
        "classes": classes,
        "users": users(1, 2, 3),
        "enrollments": enrollments,
    }
    if courses is not None:
        rows["courses"] = courses
    number = len(list(folder.glob("bundle*")))
    bundle = write_bundle(folder / f"bundle{number}", rows)
    assert sync("run", bundle, database.url, "--yes", "--max-delete-percent", 100).code in (0, 4)


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """Four courses of a platform."""
    path = tmp_path / "catalogue.csv"
    path.write_text(CATALOGUE, "utf-8")
    return path


def aligned(database: Database, catalogue: Path, *more: object) -> Ran:
    """Run the command."""
    return sync("courses", database.url, "--catalogue", catalogue, *more)


def statuses(ran: Ran) -> dict[str, str]:
    """Course -> what it is mapped to, of what was told."""
    return {one["course"]: one["target"] for one in ran.document["mappings"]}


def decide(review: Path, choices: dict[str, str], why: str = "") -> None:
    """Write decisions into a review file as a person would; choices: code -> decision."""
    with review.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with review.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        for row in rows:
            writer.writerow({**row, "decision": choices.get(row["code"], ""), "why": why})


def test_equal_codes_are_mapped_resemblances_are_asked_and_the_rest_are_custom_courses(
    database: Database, catalogue: Path, tmp_path: Path
) -> None:
    courses = [
        course("c1", "205110", "Algebra 1"), course("c2", "m.alg2", "Algebra II"), course("c3", "SCI9", "Biology"),
        course("c4", "BAR", "Barbering Practicum"), course("c5", "", "Algebra 3"),
    ]  # fmt: skip
    land(database, tmp_path, courses, [section("k1", "c1"), section("k2", "c1"), section("k3", "c3")])
    review = tmp_path / "review.csv"
    ran = aligned(database, catalogue, "--review", review)
    assert ran.code == 4
    assert statuses(ran) == {
        "c1": "M-ALG1", "c2": "M-ALG2", "c4": "custom:BAR:barbering-practicum", "c5": "custom:-:algebra-3"
    }  # fmt: skip
    assert ran.document["counts"] == {"custom": 2, "exact": 2, "suggested": 1}
    (asked,) = ran.document["review"]
    assert (asked["code"], asked["suggestion"], asked["score"], asked["classes"]) == (
        "SCI9",
        "S-BIO",
        100.0,
        1,
    )
    assert ran.document["multi_section"] == [{"course": "c1", "classes": 2, "schools": 1}]

    decide(review, {"SCI9": "yes"}, why="same syllabus")
    done = aligned(database, catalogue, "--accept", review, "--by", "Ada")
    assert (done.code, statuses(done)["c3"], done.document["review"]) == (0, "S-BIO", [])
    kept = database.query(
        'SELECT "course", "target", "kind", "reason", "decided_by" FROM "_oneroster_course_mappings" ORDER BY "course"'
    )
    assert kept[2] == ("c3", "S-BIO", "accepted", "same syllabus", "Ada")
    assert kept[0] == ("c1", "M-ALG1", "exact", "its code is the catalogue's", "oneroster")
    again = aligned(database, catalogue)
    assert (again.code, again.document["written"], again.document["counts"]) == (0, 0, {"kept": 5})


def test_a_dry_run_keeps_nothing(database: Database, catalogue: Path, tmp_path: Path) -> None:
    land(database, tmp_path, [course("c1", "M-ALG1", "Algebra I")], [section("k1", "c1")])
    ran = aligned(database, catalogue, "--dry-run")
    assert (ran.code, ran.document["written"]) == (0, 1)
    assert "_oneroster_course_mappings" not in database.tables()


def test_the_same_rows_in_another_order_give_the_same_report(
    tmp_path: Path, duck: Database, catalogue: Path
) -> None:
    courses = [
        course(f"c{n}", f"X{n}", title)
        for n, title in enumerate(["Biologie", "Biology", "Algebra 2", "Arts"])
    ]
    classes = [section(f"k{n}", f"c{n % 4}") for n in range(9)]
    land(duck, tmp_path, courses, classes)
    one = aligned(duck, catalogue, "--dry-run").document
    land(duck, tmp_path, courses[::-1], classes[::-1])
    assert aligned(duck, catalogue, "--dry-run").document == one


def test_nothing_is_remapped_silently(duck: Database, catalogue: Path, tmp_path: Path) -> None:
    first = [
        course("c1", "M-ALG1", "Algebra I"), course("c2", "S-BIO", "Biology"), course("c3", "E-ART", "Studio Art"),
        course("c4", "NEW", "Robotics Club"),
    ]  # fmt: skip
    classes = [section("k1", "c1")]
    land(duck, tmp_path, first, classes)
    before = statuses(aligned(duck, catalogue))
    later = [
        course("c1", "M-ALG2", "Algebra I"), course("c2", "S-BIO", "Wood Workshop"), course("c3", "E-ART", "Studio Art"),
        course("c4", "NEW", "Robotics Club"),
    ]  # fmt: skip
    land(duck, tmp_path, later, classes)
    catalogue.write_text(CATALOGUE.replace("E-ART,Studio Art,ART1", "T-ROB,Robotics,NEW"), "utf-8")
    ran = aligned(duck, catalogue)
    assert (ran.code, statuses(ran), ran.document["written"]) == (4, before, 0)
    assert {one["code"]: one["question"] for one in ran.document["review"]} == {
        "M-ALG2": "changed-code", "S-BIO": "changed-title", "E-ART": "gone", "NEW": "now-in-catalogue",
    }  # fmt: skip


def test_every_question_is_settled_by_a_decision_and_the_old_mapping_stays_on_record(
    duck: Database, catalogue: Path, tmp_path: Path
) -> None:
    land(
        duck,
        tmp_path,
        [course("c1", "M-ALG1", "Algebra I"), course("c2", "S-BIO", "Biology")],
        [section("k1", "c1")],
    )
    aligned(duck, catalogue)
    land(
        duck,
        tmp_path,
        [course("c1", "M-ALG2", "Algebra II"), course("c2", "B2", "Biology")],
        [section("k1", "c1")],
    )
    review = tmp_path / "review.csv"
    assert aligned(duck, catalogue, "--review", review).code == 4
    decide(review, {"M-ALG2": "m alg2", "B2": "keep"})
    done = aligned(duck, catalogue, "--accept", review)
    assert (done.code, statuses(done)) == (0, {"c1": "M-ALG2", "c2": "S-BIO"})
    rows = duck.query(
        'SELECT "number", "target", "code" FROM "_oneroster_course_mappings" WHERE "course" = \'c1\' ORDER BY 1'
    )
    assert rows == [(1, "M-ALG1", "M-ALG1"), (2, "M-ALG2", "M-ALG2")]


def test_a_decision_whose_question_is_gone_is_told_and_not_taken(
    duck: Database, catalogue: Path, tmp_path: Path
) -> None:
    land(duck, tmp_path, [course("c1", "SCI9", "Biology")], [section("k1", "c1")])
    review = tmp_path / "review.csv"
    aligned(duck, catalogue, "--review", review)
    decide(review, {"SCI9": "yes"})
    land(duck, tmp_path, [course("c1", "SCI9", "Algebra II")], [section("k1", "c1")])
    ran = aligned(duck, catalogue, "--accept", review)
    assert (ran.code, ran.document["stale"], ran.document["written"]) == (4, 1, 0)


def test_one_code_with_a_strange_title_or_two_owners_is_asked(
    duck: Database, catalogue: Path, tmp_path: Path
) -> None:
    catalogue.write_text(CATALOGUE + "E-ART2,Studio Art Advanced,ART1\n", "utf-8")
    land(
        duck,
        tmp_path,
        [course("c1", "M-ALG1", "Weight Training"), course("c2", "ART1", "Studio Art")],
        [section("k1", "c1")],
    )
    ran = aligned(duck, catalogue)
    asked = {one["code"]: (one["question"], one["suggestion"]) for one in ran.document["review"]}
    assert asked == {"M-ALG1": ("title-differs", "M-ALG1"), "ART1": ("ambiguous", "E-ART")}


def test_a_new_school_with_a_known_course_gets_the_mapping_of_its_siblings(
    duck: Database, catalogue: Path, tmp_path: Path
) -> None:
    land(duck, tmp_path, [course("c1", "SCI9", "Biology")], [section("k1", "c1")])
    review = tmp_path / "review.csv"
    aligned(duck, catalogue, "--review", review)
    decide(review, {"SCI9": "S-BIO"})
    aligned(duck, catalogue, "--accept", review)
    both = [course("c1", "SCI9", "Biology"), course("c9", "sci-9", "Biology")]
    land(duck, tmp_path, both, [section("k1", "c1"), section("k2", "c9", "o2")])
    ran = aligned(duck, catalogue)
    assert (ran.code, statuses(ran)) == (0, {"c1": "S-BIO", "c9": "S-BIO"})


@pytest.mark.parametrize("course_id", ["crs-0", ""])
def test_a_bundle_without_courses_is_aligned_by_its_classes(
    database: Database, catalogue: Path, tmp_path: Path, course_id: str
) -> None:
    classes = [
        section("k1", course_id, code="0205110-01-001", title="Algebra I - S01 Section 1"),
        section("k2", course_id, "o2", code="0205110-02-001", title="Algebra I - S02 Section 1"),
    ]
    land(database, tmp_path, None, classes)
    ran = aligned(database, catalogue)
    assert ran.code == 0
    assert list(statuses(ran).values()) == ["M-ALG1"]
    assert ran.document["multi_section"][0]["schools"] == 2
    assert "gathered from their classes" in ran.document["reasons"][0]


def test_teachers_at_the_same_time_make_a_team_and_a_successor_does_not(
    database: Database, catalogue: Path, tmp_path: Path
) -> None:
    enrollments = [
        teaching("e1", "k1", "u1"), teaching("e2", "k1", "u2"),
        teaching("e3", "k2", "u1", "2026-08-17", "2026-12-01"), teaching("e4", "k2", "u2", "2026-12-01", "2027-06-12"),
        teaching("e5", "k3", "u1"), teaching("e6", "k3", "u1", "2026-09-01"),
    ]  # fmt: skip
    classes = [section(f"k{n}", "c1") for n in (1, 2, 3)]
    land(database, tmp_path, [course("c1", "S-BIO", "Biology")], classes, enrollments)
    assert aligned(database, catalogue).document["team_taught"] == [{"class": "k1", "teachers": 2}]


def test_removed_courses_and_classes_do_not_count(
    database: Database, catalogue: Path, tmp_path: Path
) -> None:
    both = [course("c1", "S-BIO", "Biology"), course("c2", "X", "Pottery")]
    land(database, tmp_path, both, [section("k1", "c1"), section("k2", "c1")])
    land(database, tmp_path, both[:1], [section("k1", "c1")])
    found = aligned(database, catalogue).document
    assert (found["courses"], found["classes"]) == (1, 1)


def test_mappings_that_are_decided_elsewhere_are_taken_and_contradictions_are_asked(
    duck: Database, catalogue: Path, tmp_path: Path
) -> None:
    land(duck, tmp_path, [course("c1", "SCI-09", "Life Science")], [section("k1", "c1")])
    given_file = tmp_path / "given.csv"
    given_file.write_text("code,target\nsci9,S-BIO\n", "utf-8")
    ran = aligned(duck, catalogue, "--mappings", given_file)
    assert (ran.code, statuses(ran)) == (0, {"c1": "S-BIO"})
    given_file.write_text("code,target\nsci9,E-ART\n", "utf-8")
    ran = aligned(duck, catalogue, "--mappings", given_file)
    assert (ran.code, statuses(ran)) == (4, {"c1": "S-BIO"})
    assert ran.document["review"][0]["question"] == "contradicts"


def test_a_catalogue_may_be_toml(duck: Database, tmp_path: Path) -> None:
    path = tmp_path / "catalogue.toml"
    path.write_text('[[course]]\ncode = "S-BIO"\ntitle = "Biology"\naliases = ["SCI9"]\n', "utf-8")
    land(duck, tmp_path, [course("c1", "SCI9", "Biology")], [section("k1", "c1")])
    assert statuses(aligned(duck, path)) == {"c1": "S-BIO"}


def test_without_a_catalogue_nothing_is_mapped_and_the_report_says_so(duck: Database, tmp_path: Path) -> None:
    land(duck, tmp_path, [course("c1", "SCI9", "Biology")], [section("k1", "c1")])
    ran = sync("courses", duck.url)
    assert (ran.code, ran.document["counts"], ran.document["written"]) == (0, {"unmapped": 1}, 0)


def test_a_title_is_no_formula_in_the_review(duck: Database, catalogue: Path, tmp_path: Path) -> None:
    catalogue.write_text("code,title\nZ-9,HYPERLINK x\n", "utf-8")
    land(duck, tmp_path, [course("c1", "Q1", '=HYPERLINK("x")')], [section("k1", "c1")])
    review = tmp_path / "review.csv"
    assert aligned(duck, catalogue, "--review", review).code == 4
    assert "'=HYPERLINK" in review.read_text("utf-8")
    assert not any(
        line.split(",")[3].startswith(("=", '"=')) for line in review.read_text("utf-8").splitlines()
    )


BAD = {
    "code,title\nA,One\na,Two\n": "names the code",
    "kode,title\nA,One\n": "cannot be understood",
    "code,title\n,One\n": "lacks its code",
}


@pytest.mark.parametrize("text", BAD)
def test_a_catalogue_that_cannot_be_used_is_told(duck: Database, tmp_path: Path, text: str) -> None:
    path = tmp_path / "catalogue.csv"
    path.write_text(text, "utf-8")
    ran = call("sync", "courses", duck.url, "--catalogue", path)
    assert (ran.code, BAD[text] in ran.err, "expected" in ran.err) == (2, True, True)


def test_a_decision_that_means_nothing_is_wrong_use_and_keeps_nothing(
    duck: Database, catalogue: Path, tmp_path: Path
) -> None:
    land(duck, tmp_path, [course("c1", "SCI9", "Biology")], [section("k1", "c1")])
    review = tmp_path / "review.csv"
    aligned(duck, catalogue, "--review", review)
    decide(review, {"SCI9": "perhaps"})
    ran = aligned(duck, catalogue, "--accept", review)
    assert (ran.code, "row 2, column decision" in ran.err) == (2, True)
    assert "_oneroster_course_mappings" not in duck.tables()


def test_a_target_without_classes_is_exit_3_and_is_not_made(tmp_path: Path, catalogue: Path) -> None:
    ran = call("sync", "courses", f"duckdb:///{tmp_path}/none.duckdb", "--catalogue", catalogue)
    assert (ran.code, "[sync.nothing-landed]" in ran.err) == (3, True)
    assert not (tmp_path / "none.duckdb").exists()


def test_a_review_never_replaces_another_file(duck: Database, catalogue: Path, tmp_path: Path) -> None:
    land(duck, tmp_path, [course("c1", "SCI9", "Biology")], [section("k1", "c1")])
    other = tmp_path / "notes.csv"
    other.write_text("mine\n")
    assert aligned(duck, catalogue, "--review", other).code == 2
    assert other.read_text() == "mine\n"


@example("A-0 01")
@example("\u0149")
@given(st.text())
def test_a_code_is_compared_by_its_letters_and_digits_only(text: str) -> None:
    key = codes.code_key(text)
    assert codes.code_key(key) == key
    assert codes.code_key(f" -{text}. ") == key


def test_the_examples_of_the_docstrings_hold() -> None:
    assert doctest.testmod(codes).failed == 0


def test_the_machine_form_is_one_document(duck: Database, catalogue: Path, tmp_path: Path) -> None:
    land(duck, tmp_path, [course("c1", "S-BIO", "Biology")], [section("k1", "c1")])
    out = tmp_path / "found.json"
    ran = call("sync", "courses", duck.url, "--catalogue", catalogue, "--json", out)
    assert json.loads(out.read_text())["counts"] == {"exact": 1}
    assert "1 decisions kept" in ran.out
