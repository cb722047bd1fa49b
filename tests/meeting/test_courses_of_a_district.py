"""A generated district's courses meet a catalogue, by a whole bundle and by one without courses."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from data_gen.generation import Recipe, write_clean
from oneroster_harness.terminal import AS_OF
from tests.sync_engine.conftest import sync


def rows(bundle: Path, name: str) -> list[dict[str, str]]:
    """A file of the bundle."""
    with (bundle / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def without_courses(bundle: Path) -> None:
    """Take courses.csv out, as some districts do."""
    (bundle / "courses.csv").unlink()
    manifest = bundle / "manifest.csv"
    manifest.write_bytes(manifest.read_bytes().replace(b"file.courses,bulk", b"file.courses,absent"))


def aligned(bundle: Path, folder: Path, name: str, catalogue: Path) -> dict[str, Any]:
    """Land a bundle and align it."""
    target = f"duckdb:///{folder}/{name}.duckdb"
    assert sync("run", bundle, target, "--yes").code == 0
    ran = sync("courses", target, "--catalogue", catalogue)
    assert ran.code in (0, 4)
    return ran.document


def test_a_district_is_aligned_the_same_with_and_without_its_courses(tmp_path: Path) -> None:
    bundle = tmp_path / "district"
    write_clean(bundle, Recipe(1_000, 1, AS_OF))
    courses, classes, enrollments = (
        rows(bundle, f"{name}.csv") for name in ("courses", "classes", "enrollments")
    )
    catalogue = tmp_path / "catalogue.csv"
    offered = courses[::2]
    with catalogue.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["code", "title"])
        writer.writerows(
            [f"{one['courseCode'][:4]}-{one['courseCode'][4:]}", one["title"]] for one in offered
        )

    whole = aligned(bundle, tmp_path, "whole", catalogue)
    mapped = {one["course"]: one["target"] for one in whole["mappings"] if one["status"] == "exact"}
    assert set(mapped) == {one["sourcedId"] for one in offered}
    assert whole["courses"] == len(courses)
    assert sum(whole["counts"].values()) == len(courses)

    teachers: dict[str, set[str]] = defaultdict(set)
    for one in enrollments:
        if one["role"] == "teacher":
            teachers[one["classSourcedId"]].add(one["userSourcedId"])
    team_taught = {place: len(found) for place, found in teachers.items() if len(found) > 1}
    assert team_taught
    assert {one["class"]: one["teachers"] for one in whole["team_taught"]} == team_taught
    sections = Counter(one["courseSourcedId"] for one in classes)
    assert {one["course"]: one["classes"] for one in whole["multi_section"]} == {
        course: number for course, number in sections.items() if number > 1
    }

    without_courses(bundle)
    bare = aligned(bundle, tmp_path, "bare", catalogue)
    assert {one["course"]: one["target"] for one in bare["mappings"] if one["status"] == "exact"} == mapped
