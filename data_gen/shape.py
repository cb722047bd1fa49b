"""The skeleton of a district: schools, grades, sections of students and who belongs where, as plain numbers.

Called by every entity's module; arithmetic only, so any part can be made without making the others. What may vary is
in the district's shape (`data_gen.shapes`).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from data_gen.draws import Draws, Integers
from data_gen.pools import Pools
from data_gen.shapes.model import GRADES, Level, Shape, default

__all__ = ["GRADES", "Cohort", "District", "School", "class_id"]
FEWEST_WITH_A_NEW_ONE = 3
"""Schools of a level that are needed for one of them to be new."""
_LARGEST = 1 << 20
"""Weight of the first district of a state; the next ones are smaller, as 10/11, 10/12, ..."""


@dataclass(frozen=True, slots=True)
class School:
    """One school: its number from 1, its level (place among the shape's), the grades it teaches, its district from 1."""

    number: int
    level: int
    grades: range
    district: int = 1

    @property
    def sourced_id(self) -> str:
        """Key of the org."""
        return f"org-s{self.number:04d}"


@dataclass(frozen=True, slots=True)
class Cohort:
    """The students of one grade of one school, divided into groups (sections) that share a timetable.

    first: number of the first student (from 0); group: number of its first group within the school;
    base: district-wide number of that group; groups: how many it has.
    """

    school: School
    grade: int
    first: int
    count: int
    group: int
    base: int
    groups: int


@dataclass(frozen=True)
class District:
    """Everything that a district's content depends on."""

    students: int
    seed: int
    as_of: date
    pools: Pools
    shape: Shape = field(default_factory=default)

    @cached_property
    def draws(self) -> Draws:
        """The district's draws."""
        return Draws(self.seed)

    @property
    def year_ends(self) -> int:
        """Calendar year in which the school year ends."""
        return self.as_of.year + (1 if self.as_of.month >= 7 else 0)

    @property
    def levels(self) -> tuple[Level, ...]:
        """Levels of the shape; a school's level is a place among them."""
        return self.shape.levels

    @cached_property
    def schools(self) -> tuple[School, ...]:
        """Schools by level; a level without students has none."""
        counts = [
            -(-(self._grade_start(level.grades.stop) - self._grade_start(level.grades.start)) // level.school_size) for level in self.levels
        ]
        found: list[School] = []
        for place, (level, count) in enumerate(zip(self.levels, counts, strict=True)):
            for number in range(count):
                is_new = level.new_school and count >= FEWEST_WITH_A_NEW_ONE and number == count - 1
                grades = level.grades[: max(1, len(level.grades) // 2)] if is_new else level.grades
                found.append(School(len(found) + 1, place, grades, self._district_of(number, count)))
        return tuple(found)

    @cached_property
    def _district_starts(self) -> list[int]:
        starts, total = [], 0
        for number in range(self.shape.districts):
            starts.append(total)
            total += _LARGEST * 10 // (10 + number)
        return [*starts, total]

    def _district_of(self, place: int, schools: int) -> int:
        """The district (from 1) of a level's school; the middle of its share of the level decides."""
        starts = self._district_starts
        return bisect_right(starts, (2 * place + 1) * starts[-1] // (2 * schools), hi=len(starts) - 1)

    @cached_property
    def districts(self) -> tuple[int, ...]:
        """Numbers of the districts that have a school, from 1."""
        return tuple(sorted({school.district for school in self.schools}))

    @cached_property
    def _grade_starts(self) -> list[int]:
        weights = self.shape.weights
        return [sum(weights[:grade]) for grade in range(len(weights) + 1)]

    def _grade_start(self, grade: int) -> int:
        starts = self._grade_starts
        return -(-self.students * starts[grade] // starts[-1])

    @cached_property
    def cohorts(self) -> tuple[Cohort, ...]:
        """All cohorts in order of their students."""
        found: list[Cohort] = []
        first = base = 0
        for place_of_level, level in enumerate(self.levels):
            schools = [school for school in self.schools if school.level == place_of_level]
            taught = {grade: sum(grade in school.grades for school in schools) for grade in level.grades}
            for place, school in enumerate(schools):
                group = 0
                for grade in school.grades:
                    total, parts = self._grade_start(grade + 1) - self._grade_start(grade), taught[grade]
                    count = total * (place + 1) // parts - total * place // parts
                    groups = _sections(count, self._section_size(level, school.number, grade))
                    found.append(Cohort(school, grade, first, count, group, base, groups))
                    first, group, base = first + count, group + groups, base + groups
        return tuple(found)

    def _section_size(self, level: Level, school: int, grade: int) -> int:
        if not level.section_spread:
            return level.section_size
        drawn = self.draws.one("sections/size", school * len(GRADES) + grade, 2 * level.section_spread + 1)
        return level.section_size - level.section_spread + drawn

    @cached_property
    def _cohort_starts(self) -> list[int]:
        return [cohort.first for cohort in self.cohorts]

    def cohort_of(self, student: int) -> Cohort:
        """The cohort of a student's number."""
        return self.cohorts[bisect_right(self._cohort_starts, student) - 1]

    @cached_property
    def _cohort_facts(self) -> tuple[Integers, Integers, Integers]:
        """First student, grade and school number of each cohort."""
        grades, schools = [cohort.grade for cohort in self.cohorts], [cohort.school.number for cohort in self.cohorts]
        return np.array(self._cohort_starts, np.int64), np.array(grades, np.int64), np.array(schools, np.int64)

    def cohorts_of(self, students: Integers) -> Integers:
        """Places of the cohorts of students by their numbers."""
        return np.searchsorted(self._cohort_facts[0], students, side="right") - 1

    def grades_of(self, students: Integers) -> Integers:
        """Grades (places in GRADES) of students by their numbers."""
        return self._cohort_facts[1][self.cohorts_of(students)]

    def schools_of(self, students: Integers) -> Integers:
        """Numbers of the schools of students by their numbers."""
        return self._cohort_facts[2][self.cohorts_of(students)]

    def girls_of(self, students: Integers) -> NDArray[np.bool_]:
        """Whether students are girls."""
        return self.draws.array("students/female", students, 1_000) < self.shape.female

    @cached_property
    def _cohort_bases(self) -> list[int]:
        return [cohort.base for cohort in self.cohorts]

    def cohort_of_group(self, group: int) -> Cohort:
        """The cohort of a group's district-wide number; an empty cohort has no group."""
        return self.cohorts[bisect_right(self._cohort_bases, group) - 1]

    @cached_property
    def groups_of(self) -> dict[int, int]:
        """School number -> how many groups the school has."""
        found = {school.number: 0 for school in self.schools}
        for cohort in self.cohorts:
            found[cohort.school.number] += cohort.groups
        return found

    @property
    def households(self) -> int:
        """How many households there are; some have two students."""
        return max(1, -(-self.students * 100 // (100 + self.shape.people.siblings_percent)))

    def class_number(self, group: int, slot: int) -> int:
        """District-wide number of the class of a group (district-wide number) and a place among its level's subjects."""
        return group * self.shape.stride + slot


def _sections(students: int, size: int) -> int:
    """Sections so that their mean size comes nearest to the wanted one, and none is larger by more than a quarter."""
    nearest = max(1, (2 * students + size) // (2 * size)) if students else 0
    return nearest + (nearest > 0 and 4 * students > 5 * size * nearest)


def class_id(number: int) -> str:
    """Key of a class."""
    return f"cls-{number:07d}"
