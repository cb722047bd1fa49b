"""What is rendered many at once is what each class, teacher and result is by itself, in any shape."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_gen.class_rows import class_lines, class_resource_lines, class_rows
from data_gen.classes import classes, sections
from data_gen.districts import district
from data_gen.file_rows import rows_of
from data_gen.gradebook import CLASS_EVERY
from data_gen.people import teachers_by_school
from data_gen.records import LINES, records
from data_gen.references import Stamps
from data_gen.shape import District
from data_gen.shapes.model import preset
from oneroster_harness.terminal import AS_OF
from oneroster_standard.bundle_writer import csv_bytes
from oneroster_standard.marks import render
from oneroster_standard.moments import parse_instant
from oneroster_standard.standard import load
from oneroster_standard.store import SEPARATOR

SHAPES = ("small-district", "city", "state", "one-class", "one-school", "new-york-city")
FILES = load("1.1").csv_files


def made(shape: str, students: int, seed: int) -> District:
    return district(students=students, seed=seed, as_of=AS_OF, shape=preset(shape))


def stamps_of(found: District) -> Stamps:
    return Stamps(found.draws, parse_instant(f"{found.as_of}T00:00:00.000Z"))


@pytest.mark.parametrize("shape", SHAPES)
@settings(max_examples=8, deadline=None)
@given(st.integers(1, 4_000), st.integers(0, 1 << 32))
def test_classes_are_the_same_one_by_one_and_many_at_once(shape: str, students: int, seed: int) -> None:
    found = made(shape, students, seed)
    one_by_one = list(classes(found, stamps_of(found)))
    assert b"".join(bytes(lines.body) for lines in class_rows(found, stamps_of(found))) == b"".join(render(one) + SEPARATOR for one in one_by_one)
    for name, at_once in (("classes.csv", class_lines), ("classResources.csv", class_resource_lines)):
        assert b"".join(bytes(lines.body) for lines in at_once(found)) == csv_bytes(rows_of(FILES[name], one_by_one)), name
    assert [section.number for section in sections(found, CLASS_EVERY)] == [
        section.number for section in sections(found) if section.number % CLASS_EVERY == 0
    ]


@pytest.mark.parametrize("shape", SHAPES)
def test_rows_of_results_are_those_of_their_records(shape: str) -> None:
    found = made(shape, 700, 3)
    at_once = b"".join(bytes(lines.body) for lines in LINES["1.1", "results.csv"](found))
    assert at_once == csv_bytes(rows_of(FILES["results.csv"], list(records(found, "results"))))


@pytest.mark.parametrize("shape", SHAPES)
def test_teachers_are_those_of_the_classes_at_the_schools_where_they_teach(shape: str) -> None:
    found = made(shape, 3_000, 3)
    wanted: dict[str, set[str]] = {}
    for section in sections(found):
        for teacher in filter(None, (section.teacher, section.co_teacher, section.substitute)):
            wanted.setdefault(teacher, set()).add(section.cohort.school.sourced_id)
    told = teachers_by_school(found)
    assert list(told) == sorted(wanted)
    more = [len(set(orgs) - wanted[teacher]) for teacher, orgs in told.items() if wanted[teacher] <= set(orgs)]
    assert len(more) == len(wanted) and max(more) <= 1
