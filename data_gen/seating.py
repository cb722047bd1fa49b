"""Who sits and teaches where and when, as arrays: seven classes of every student, a block of students at a time.

Called by the enrollments and the gradebook. A student's classes lie in one school and grade and never clash.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from data_gen.classes import CO_TAUGHT_EVERY, HOMEROOM_SUBJECTS
from data_gen.columns import Numbers, Text, chunks, texts
from data_gen.school_year import terms
from data_gen.shape import PERIODS, SUBJECTS, TEACHER_LOAD, District

LATE_PERCENT = 3
GONE_PERCENT = 1
KINDS = ("h", "s", "c")
"""Letters of teachers' keys: homeroom, subject or specialist, co-teacher."""
BLOCK = 1024
"""Students of a block."""


@dataclass(frozen=True, slots=True)
class Seats:
    """Seats in order of student and subject; school: its number; begin and end: days since the school year's first."""

    student: Numbers
    subject: Numbers
    class_number: Numbers
    school: Numbers
    begin: Numbers
    end: Numbers

    def where(self, chosen: Numbers) -> Seats:
        """Some of the seats."""
        return Seats(
            self.student[chosen], self.subject[chosen], self.class_number[chosen], self.school[chosen],
            self.begin[chosen], self.end[chosen],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Teaching:
    """Teachers of classes in order of class and letter; kind: place in KINDS; second: 1 for a co-teacher."""

    class_number: Numbers
    second: Numbers
    school: Numbers
    kind: Numbers
    number: Numbers
    begin: Numbers
    end: Numbers


@dataclass(frozen=True)
class Seating:
    """The seats of a district."""

    district: District

    @cached_property
    def _cohorts(self) -> dict[str, Numbers]:
        found = [cohort for cohort in self.district.cohorts if cohort.count]
        facts = {
            "first": [cohort.first for cohort in found],
            "groups": [cohort.groups for cohort in found],
            "group": [cohort.group for cohort in found],
            "base": [cohort.base for cohort in found],
            "school": [cohort.school.number for cohort in found],
            "level": [cohort.school.level for cohort in found],
        }
        return {name: np.array(values, np.int64) for name, values in facts.items()}

    @cached_property
    def days(self) -> Text:
        """Every day of the school year as a date, its last one included."""
        first, last = (term for term in terms(self.district))
        every = np.arange(np.datetime64(first.start), np.datetime64(last.end) + 1)
        return texts([str(day) for day in every])

    @cached_property
    def schools(self) -> Text:
        """Key of each school by its number; number 0 is none."""
        return texts(["", *(school.sourced_id for school in self.district.schools)])

    def blocks(self) -> Iterator[Seats]:
        """All seats in order, of at most 1,024 students at a time."""
        for numbers in chunks(self.district.students, BLOCK):
            yield self._block(np.arange(numbers.start, numbers.stop, dtype=np.int64))

    def teaching(self) -> Iterator[Teaching]:
        """Who teaches each class, of at most 1,024 groups at a time; the same people as classes.sections tells."""
        total = sum(cohort.groups for cohort in self.district.cohorts)
        for numbers in chunks(total, BLOCK):
            yield self._teaching(np.arange(numbers.start, numbers.stop, dtype=np.int64))

    def _teaching(self, base: Numbers) -> Teaching:
        facts = self._cohorts
        cohort = np.searchsorted(facts["base"], base, side="right") - 1
        group = (facts["group"][cohort] + base - facts["base"][cohort])[:, None]
        level = facts["level"][cohort][:, None]
        subjects = np.broadcast_to(np.arange(SUBJECTS), (len(base), SUBJECTS))
        homeroom = (level == 0) & (subjects < HOMEROOM_SUBJECTS)
        first_number = np.where(homeroom, group, group // TEACHER_LOAD * 10 + subjects)
        halves = (subjects == SUBJECTS - 1) & (level != 0)
        starts, ends = self._terms
        term = np.broadcast_to(group % 2, subjects.shape)
        shared = ((subjects == 2) & (group % CO_TAUGHT_EVERY == 1)).reshape(-1)
        co_number = np.broadcast_to(group // CO_TAUGHT_EVERY // TEACHER_LOAD, subjects.shape).reshape(-1)
        place = np.repeat(np.arange(len(shared)), 1 + shared)
        second = np.zeros(len(place), np.int64)
        second[1:] = place[1:] == place[:-1]
        of_first = np.where(homeroom, 0, 1).reshape(-1)
        return Teaching(
            class_number=(base[:, None] * SUBJECTS + subjects).reshape(-1)[place],
            second=second,
            school=np.repeat(facts["school"][cohort], SUBJECTS)[place],
            kind=np.where(second == 1, 2, of_first[place]),
            number=np.where(second == 1, co_number[place], first_number.reshape(-1)[place]),
            begin=np.where(halves, starts[term], starts[0]).reshape(-1)[place],
            end=np.where(halves, ends[term], ends[1]).reshape(-1)[place],
        )

    @cached_property
    def _terms(self) -> tuple[Numbers, Numbers]:
        """First days and ends of the two terms, as days since the year's first."""
        both = terms(self.district)
        origin = both[0].start
        starts = np.array([(term.start - origin).days for term in both], np.int64)
        return starts, np.array([(term.end - origin).days for term in both], np.int64)

    def _taken(self, numbers: Numbers, place: Numbers, groups: Numbers) -> Numbers:
        """Group within the cohort whose class is taken, per student and subject.

        Every fifth student mixes: a group whose timetable is the same takes the place of the own one, so no two
        classes clash. The first four rounds stay, so no class is empty.
        """
        own = place % groups
        mixes = (place // groups % 5 == 4) & (groups > PERIODS)
        found = np.repeat(own[:, None], SUBJECTS, axis=1)
        if mixes.any():
            start = (own % PERIODS)[mixes]
            same_times = -(-(groups[mixes] - start) // PERIODS)
            for subject in range(SUBJECTS):
                drawn = self.district.draws.array(f"mix/{subject}", numbers[mixes], 1 << 16)
                found[mixes, subject] = start + PERIODS * (drawn % same_times)
        return found

    def _block(self, numbers: Numbers) -> Seats:
        draws, facts = self.district.draws, self._cohorts
        cohort = np.searchsorted(facts["first"], numbers, side="right") - 1
        groups = facts["groups"][cohort]
        taken = self._taken(numbers, numbers - facts["first"][cohort], groups)
        subjects = np.broadcast_to(np.arange(SUBJECTS), taken.shape)
        starts, ends = self._terms
        halves = (subjects == SUBJECTS - 1) & (facts["level"][cohort] != 0)[:, None]
        term = (facts["group"][cohort][:, None] + taken) % 2
        shift = 1 + draws.array("enrollments/days", numbers, 40)
        late = np.where(draws.array("enrollments/late", numbers, 100) < LATE_PERCENT, shift, 0)
        gone = np.where(draws.array("enrollments/gone", numbers, 100) < GONE_PERCENT, shift, 0)
        return Seats(
            student=np.repeat(numbers, SUBJECTS),
            subject=subjects.reshape(-1),
            class_number=((facts["base"][cohort][:, None] + taken) * SUBJECTS + subjects).reshape(-1),
            school=np.repeat(facts["school"][cohort], SUBJECTS),
            begin=(np.where(halves, starts[term], starts[0]) + late[:, None]).reshape(-1),
            end=(np.where(halves, ends[term], ends[1]) - gone[:, None]).reshape(-1),
        )
