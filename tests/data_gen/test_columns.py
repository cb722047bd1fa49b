"""Rows filled into a template are the rows that a text per cell would give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_gen.classes import sections
from data_gen.columns import Lines, Template, digits, texts
from data_gen.districts import district
from data_gen.seating import Seating
from data_gen.timetable import KINDS, teacher_id
from oneroster_harness.problems import UsageProblem
from oneroster_harness.terminal import AS_OF

WORDS = st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5), min_size=1, max_size=9)


@given(WORDS, st.data())
def test_a_template_gives_the_rows_that_joining_texts_gives(words: list[str], data: st.DataObject) -> None:
    places = data.draw(st.lists(st.integers(0, len(words) - 1), min_size=1, max_size=20))
    table = texts(words)
    template = Template([b"<", "word", b"|", "number", b"|", "word", b">\n"], {"word": table.width, "number": 3}, 20)
    for chosen in (places, places[:1]):
        numbers = np.array(chosen, np.int64)
        lines = template.fill({"word": table.take(numbers), "number": digits(numbers, 3)})
        wanted = [f"<{words[place]}|{place:03d}|{words[place]}>\n".encode() for place in chosen]
        assert lines.body == b"".join(wanted)
        assert lines.lengths.tolist() == [len(row) for row in wanted]
        assert (Lines.of(wanted).body, len(Lines.of(wanted))) == (lines.body, len(lines))


def test_a_number_that_does_not_fit_is_refused() -> None:
    for width in (3, 7):
        with pytest.raises(ValueError, match="more digits than its column has"):
            digits(np.array([7, 10**width], np.int64), width)


def test_a_district_of_more_schools_than_their_keys_are_for_is_refused() -> None:
    with pytest.raises(UsageProblem, match="students"):
        district(students=6_000_000, seed=1, as_of=AS_OF)
    assert len(district(students=5_700_000, seed=1, as_of=AS_OF).schools) <= 9_999


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 3_000), st.integers(0, 1 << 32))
def test_teachers_of_the_enrollments_are_those_of_the_classes(students: int, seed: int) -> None:
    made = district(students=students, seed=seed, as_of=AS_OF)
    wanted = []
    for section in sections(made):
        wanted += [(section.number, found) for found in (section.teacher, section.co_teacher, section.substitute) if found]
    told = [
        (int(number), teacher_id(int(school), KINDS[kind], int(teacher)))
        for block in Seating(made).teaching()
        for number, school, kind, teacher in zip(block.class_number, block.home, block.kind, block.number, strict=True)
    ]
    assert told == wanted


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 4_000), st.integers(0, 1 << 32))
def test_no_student_sits_in_two_classes_at_once_nor_outside_the_own_grade_and_schools(students: int, seed: int) -> None:
    made = district(students=students, seed=seed, as_of=AS_OF)
    periods = {section.number: (section.period, section.cohort.grade, section.cohort.school.number) for section in sections(made)}
    seating, seen = Seating(made), 0
    for seats in seating.blocks():
        for row in range(0, len(seats.student), 7):
            found = [periods[int(number)] for number in seats.class_number[row : row + 7]]
            assert len({period for period, _, _ in found}) == 7
            cohort = made.cohort_of(int(seats.student[row]))
            visited = int(seating.visited(seats.student[row : row + 1])[0])
            assert {grade for _, grade, _ in found} == {cohort.grade}
            assert {school for _, _, school in found} == {cohort.school.number, visited} - {0}
            seen += 1
    assert seen == students
