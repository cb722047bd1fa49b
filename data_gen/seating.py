"""Who sits where and when, as arrays: every student's seven classes, a block of students at a time.

Called by the enrollments and the gradebook. A student's classes lie in one school and grade and never clash.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from data_gen.columns import Numbers, Text, chunks, texts
from data_gen.school_year import terms
from data_gen.shape import PERIODS, SUBJECTS, District

LATE_PERCENT = 3
GONE_PERCENT = 1
BLOCK = 8192
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
        """All seats in order, of at most 8,192 students at a time."""
        for numbers in chunks(self.district.students, BLOCK):
            yield self._block(np.arange(numbers.start, numbers.stop, dtype=np.int64))

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
        both = terms(self.district)
        origin = both[0].start
        starts = np.array([(term.start - origin).days for term in both])
        ends = np.array([(term.end - origin).days for term in both])
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
