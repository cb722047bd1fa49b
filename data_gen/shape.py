"""The skeleton of a district: schools, grades, groups of students and who sits where, as plain numbers.

Called by every entity's module; arithmetic only, so any part can be made without making the others.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np

from data_gen.draws import Draws, Integers
from data_gen.pools import Pools

GRADES = ("KG", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12")
LEVELS = (
    ("Elementary School", range(6), 450),
    ("Middle School", range(6, 9), 650),
    ("High School", range(9, 13), 900),
)
GROUP_SIZE = 24
SUBJECTS = 7
PERIODS = 7
TEACHER_LOAD = 6


@dataclass(frozen=True, slots=True)
class School:
    """One school: its number from 1, its level (0 to 2) and the grades it teaches."""

    number: int
    level: int
    grades: range

    @property
    def sourced_id(self) -> str:
        """Key of the org."""
        return f"org-s{self.number:04d}"


@dataclass(frozen=True, slots=True)
class Cohort:
    """The students of one grade of one school, divided into groups that share a timetable.

    first: number of the first student (from 0); group: number of its first group within the school;
    base: district-wide number of that group.
    """

    school: School
    grade: int
    first: int
    count: int
    group: int
    base: int

    @property
    def groups(self) -> int:
        """How many groups the cohort has."""
        return -(-self.count // GROUP_SIZE)


@dataclass(frozen=True)
class District:
    """Everything that a district's content depends on."""

    students: int
    seed: int
    as_of: date
    pools: Pools

    @cached_property
    def draws(self) -> Draws:
        """The district's draws."""
        return Draws(self.seed)

    @property
    def year_ends(self) -> int:
        """Calendar year in which the school year ends."""
        return self.as_of.year + (1 if self.as_of.month >= 7 else 0)

    @cached_property
    def schools(self) -> tuple[School, ...]:
        """Schools by level; a level without students has none."""
        found: list[School] = []
        for level, (_, grades, capacity) in enumerate(LEVELS):
            count = self._grade_start(grades.stop) - self._grade_start(grades.start)
            for _ in range(-(-count // capacity)):
                found.append(School(len(found) + 1, level, grades))
        return tuple(found)

    def _grade_start(self, grade: int) -> int:
        return -(-self.students * grade // len(GRADES))

    @cached_property
    def cohorts(self) -> tuple[Cohort, ...]:
        """All cohorts in order of their students."""
        found: list[Cohort] = []
        first = base = 0
        for level, (_, grades, _) in enumerate(LEVELS):
            schools = [school for school in self.schools if school.level == level]
            for place, school in enumerate(schools):
                group = 0
                for grade in grades:
                    total = self._grade_start(grade + 1) - self._grade_start(grade)
                    count = total * (place + 1) // len(schools) - total * place // len(schools)
                    cohort = Cohort(school, grade, first, count, group, base)
                    found.append(cohort)
                    first, group, base = first + count, group + cohort.groups, base + cohort.groups
        return tuple(found)

    @cached_property
    def _cohort_starts(self) -> list[int]:
        return [cohort.first for cohort in self.cohorts]

    def cohort_of(self, student: int) -> Cohort:
        """The cohort of a student's number."""
        return self.cohorts[bisect_right(self._cohort_starts, student) - 1]

    def grades_of(self, students: Integers) -> Integers:
        """Grades (places in GRADES) of students by their numbers."""
        places = np.searchsorted(np.array(self._cohort_starts), students, side="right") - 1
        return np.array([cohort.grade for cohort in self.cohorts], np.int64)[places]

    def schools_of(self, students: Integers) -> Integers:
        """Numbers of the schools of students by their numbers."""
        places = np.searchsorted(np.array(self._cohort_starts), students, side="right") - 1
        return np.array([cohort.school.number for cohort in self.cohorts], np.int64)[places]

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
        """How many households there are; a quarter of them have two students."""
        return max(1, -(-self.students * 4 // 5))


def class_number(group: int, subject: int) -> int:
    """District-wide number of the class of a group (district-wide number) and a subject."""
    return group * SUBJECTS + subject


def class_id(number: int) -> str:
    """Key of a class."""
    return f"cls-{number:07d}"


def period_of(group_in_school: int, subject: int) -> int:
    """Period (from 1) of a group's subject; a group never has two classes at once."""
    return (group_in_school + subject) % PERIODS + 1
