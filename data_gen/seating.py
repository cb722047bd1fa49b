"""Who sits and teaches where and when, as arrays: the classes of every student, a block of students at a time.

Called by the enrollments and the gradebook. A student's classes never clash; but for those taken at another school they
lie in one school and grade.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from data_gen.columns import Numbers, Text, chunks, texts
from data_gen.level_facts import LevelFacts, Mask, level_facts
from data_gen.school_year import sessions, summer_terms, terms
from data_gen.shape import District
from data_gen.timetable import KINDS, OWN, SECOND, SUBJECT, SUBSTITUTE, TEACHER_STRIDE, Sharing, leave_index

BLOCK = 1024
"""Students of a block."""
CHOICES = 1 << 16
MOST_SHIFT = 40
"""Days by which a student comes late or leaves early at most."""


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
    """Teachers of classes in order of class and letter.

    place: 0 for the first teacher, 1 for a second one, 2 for a substitute; school: of the class; home: of the teacher's
    key; kind: place in KINDS.
    """

    class_number: Numbers
    place: Numbers
    school: Numbers
    home: Numbers
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
            "count": [cohort.count for cohort in found],
            "grade": [cohort.grade for cohort in found],
            "groups": [cohort.groups for cohort in found],
            "group": [cohort.group for cohort in found],
            "base": [cohort.base for cohort in found],
            "school": [cohort.school.number for cohort in found],
            "level": [cohort.school.level for cohort in found],
        }
        arrays = {name: np.array(values, np.int64) for name, values in facts.items()}
        return {**arrays, "partner": self._partners(arrays)}

    def _partners(self, facts: dict[str, Numbers]) -> Numbers:
        """By a cohort's place: that of the same grade in the next school of the level; its own where there is none."""
        found = np.arange(len(facts["first"]))
        for grade in np.unique(facts["grade"]):
            places = np.flatnonzero(facts["grade"] == grade)
            found[places] = np.roll(places, -1)
        return found

    @cached_property
    def _sharing(self) -> Sharing:
        return Sharing(self.district)

    @cached_property
    def _levels(self) -> LevelFacts:
        return level_facts(self.district)

    @cached_property
    def days(self) -> Text:
        """Every day of the school year as a date, its last one included."""
        year = sessions(self.district)[0]
        every = np.arange(np.datetime64(year.start), np.datetime64(year.end) + 1)
        return texts([str(day) for day in every])

    @cached_property
    def schools(self) -> Text:
        """Key of each school by its number; number 0 is none, with a key as long as the others, so that rows are."""
        return texts(["org-s0000", *(school.sourced_id for school in self.district.schools)])

    @cached_property
    def _terms(self) -> tuple[Numbers, Numbers]:
        """First days and ends of the terms in order, those of the summer last, as days since the year's first."""
        every = (*terms(self.district), *summer_terms(self.district))
        origin = sessions(self.district)[0].start
        starts = np.array([(term.start - origin).days for term in every], np.int64)
        return starts, np.array([(term.end - origin).days for term in every], np.int64)

    def blocks(self) -> Iterator[Seats]:
        """All seats in order, of at most 1,024 students at a time."""
        for numbers in chunks(self.district.students, BLOCK):
            yield self._block(np.arange(numbers.start, numbers.stop, dtype=np.int64))

    def _block(self, numbers: Numbers) -> Seats:
        draws, facts, told = self.district.draws, self._cohorts, self._levels
        cohort = np.searchsorted(facts["first"], numbers, side="right") - 1
        level, place = facts["level"][cohort], numbers - facts["first"][cohort]
        taken = self._taken(numbers, cohort, level, place)
        goes = bool(told.dual_percent[level].any())
        at = np.repeat(cohort[:, None], told.width, axis=1) if goes else cohort[:, None]
        if goes:
            self._elsewhere(numbers, level, taken, at)
        present = told.present[level]
        if told.has_summer:
            present = present & self._in_summer(cohort, level, place, taken)
        begin, end = self._span(level, facts["group"][at] + taken, taken)
        shift = self._shift(numbers, begin, end)
        people = self.district.shape.people
        late = draws.array("enrollments/late", numbers, 100) < people.late_percent
        gone = draws.array("enrollments/gone", numbers, 100) < people.gone_percent
        begin += shift * late[:, None]
        end -= shift * gone[:, None]
        slots = np.broadcast_to(np.arange(told.width), taken.shape)
        classes = (facts["base"][at] + taken) * self.district.shape.stride + slots
        school = np.broadcast_to(facts["school"][at], taken.shape)
        student = np.broadcast_to(numbers[:, None], taken.shape)
        every = (student, slots, classes, school, begin, end)
        if told.is_even:
            return Seats(*(np.ascontiguousarray(column).reshape(-1) for column in every))
        return Seats(*(column[present] for column in every))

    def _taken(self, numbers: Numbers, cohort: Numbers, level: Numbers, place: Numbers) -> Numbers:
        """Section within the cohort whose class is taken, per student and subject.

        A section whose timetable is the same takes the place of the own one, so no two classes clash: for those who mix
        it is drawn; where each chooses, the sections of a round change places, so all classes stay as large as they were.
        The first round of students stays, so no class is empty.
        """
        facts, told = self._cohorts, self._levels
        groups, periods = facts["groups"][cohort], told.periods[level]
        own, turn = place % groups, place // groups
        found = np.repeat(own[:, None], told.width, axis=1)
        several = groups > periods
        percent = told.mixing_percent[level]
        mixes = several & ((turn + 1) * percent // 100 > turn * percent // 100)
        if mixes.any():
            start = (own % periods)[mixes]
            same_times = -(-(groups[mixes] - start) // periods[mixes])
            for slot in range(told.width):
                drawn = self.district.draws.array(f"mix/{slot}", numbers[mixes], CHOICES)
                found[mixes, slot] = start + periods[mixes] * (drawn % same_times)
        for slot in told.chosen_slots if several.any() else ():
            chooses = several & told.chosen[level, slot]
            if not chooses.any():
                continue
            start = (own % periods)[chooses]
            same_times = -(-(groups[chooses] - start) // periods[chooses])
            index = (facts["first"][cohort] + turn)[chooses] * np.int64(32) + start
            drawn = self.district.draws.array(f"choice/{slot}", index, CHOICES)
            found[chooses, slot] = start + periods[chooses] * ((own[chooses] // periods[chooses] + drawn) % same_times)
        return found

    def _visits(self, numbers: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        """Who takes a subject at the next school: places among numbers, the other cohort's place, its first section that meets when the own does."""
        facts, told, shifts = self._cohorts, self._levels, self._sharing.shifts
        cohort = np.searchsorted(facts["first"], numbers, side="right") - 1
        level, place, there = facts["level"][cohort], numbers - facts["first"][cohort], facts["partner"][cohort]
        periods = told.periods[level]
        own = facts["group"][cohort] + place % facts["groups"][cohort] + shifts[facts["school"][cohort]]
        first = (own - facts["group"][there] - shifts[facts["school"][there]]) % periods
        goes = (
            (there != cohort)
            & (facts["grade"][cohort] >= told.first_dual_grade[level])
            & (self.district.draws.array("dual/who", numbers, 100) < told.dual_percent[level])
            & (place >= facts["groups"][cohort])
            & (first < facts["groups"][there])
        )
        who = np.flatnonzero(goes)
        return who, there[who], first[who]

    def visited(self, numbers: Numbers) -> Numbers:
        """The school, by number, where students take a subject beside their own; 0 for most."""
        found = np.zeros(len(numbers), np.int64)
        if self._levels.has_dual:
            who, there, _ = self._visits(numbers)
            found[who] = self._cohorts["school"][there]
        return found

    @property
    def has_visits(self) -> bool:
        """Whether students may take a subject at another school."""
        return self._levels.has_dual

    def _elsewhere(self, numbers: Numbers, level: Numbers, taken: Numbers, at: Numbers) -> None:
        """Let some take a subject at the next school, in a class that meets when their own would; taken and at are changed."""
        facts, told = self._cohorts, self._levels
        who, there, first = self._visits(numbers)
        periods = told.periods[level[who]]
        same_times = -(-(facts["groups"][there] - first) // periods)
        for slot in told.dual_slots:
            drawn = self.district.draws.array(f"dual/{slot}", numbers[who], CHOICES)
            may = told.dual[level[who], slot]
            taken[who[may], slot] = (first + periods * (drawn % same_times))[may]
            at[who[may], slot] = there[may]

    def _summer_sections(self, cohort: Numbers, level: Numbers) -> Numbers:
        """How many classes a summer subject has in each cohort, by slot."""
        facts, told = self._cohorts, self._levels
        takers = facts["count"][cohort][:, None] * told.percent[level] // 100
        found: Numbers = np.minimum(facts["groups"][cohort][:, None], -(-takers // told.section_size[level][:, None]))
        return found

    def _in_summer(self, cohort: Numbers, level: Numbers, place: Numbers, taken: Numbers) -> Mask:
        """Who takes the summer classes: every so many; taken is changed to the sections that there are."""
        told = self._levels
        percent = told.percent[level]
        before = place[:, None] * percent // 100
        takes = (place[:, None] + 1) * percent // 100 > before
        sections = np.maximum(1, self._summer_sections(cohort, level))
        summer = told.summer[level]
        taken[summer] = (before % sections)[summer]
        return takes | ~summer

    def _span(self, level: Numbers, group: Numbers, taken: Numbers) -> tuple[Numbers, Numbers]:
        """First days and ends of classes. group: within the school; taken: within the cohort."""
        told = self._levels
        starts, ends = self._terms
        begin = np.full(taken.shape, starts[0])
        end = np.full(taken.shape, ends[told.regular_terms - 1])
        for slot in told.divided_slots:
            if not (told.parts[level, slot] > 1).any():
                continue
            counted = np.where(told.chained[level, slot], taken[:, slot] % told.periods[level] + told.part[level, slot], group[:, slot])
            size = told.part_terms[level, slot]
            first = counted % told.parts[level, slot] * size
            begin[:, slot], end[:, slot] = starts[first], ends[first + size - 1]
        for slot in told.summer_slots:
            summer = told.summer[level, slot]
            begin[summer, slot], end[summer, slot] = starts[told.regular_terms], ends[-1]
        return begin, end

    @cached_property
    def _shortest_days(self) -> int:
        """Days of the shortest term."""
        starts, ends = self._terms
        return int((ends - starts).min())

    def _shift(self, numbers: Numbers, begin: Numbers, end: Numbers) -> Numbers:
        """Days by which some come late or leave early: a third of a class at most."""
        days = (1 + self.district.draws.array("enrollments/days", numbers, MOST_SHIFT))[:, None]
        return days if self._shortest_days >= 3 * MOST_SHIFT else np.minimum(days, (end - begin) // 3)

    def teaching(self) -> Iterator[Teaching]:
        """Who teaches each class, of at most 1,024 groups at a time; the same people as classes.sections tells."""
        total = sum(cohort.groups for cohort in self.district.cohorts)
        for numbers in chunks(total, BLOCK):
            yield self._teaching(np.arange(numbers.start, numbers.stop, dtype=np.int64))

    def _teaching(self, base: Numbers) -> Teaching:
        facts, told, sharing = self._cohorts, self._levels, self._sharing
        cohort = np.searchsorted(facts["base"], base, side="right") - 1
        taken = np.repeat((base - facts["base"][cohort])[:, None], told.width, axis=1)
        group = facts["group"][cohort][:, None] + taken
        level, school = facts["level"][cohort], facts["school"][cohort]
        load = told.teacher_load[level]
        block, rest = np.divmod(group[:, 0], load)
        own = told.own_teacher[level]
        slot = np.where(told.advised[level], told.advisors[level, rest][:, None], told.teacher_slot[level])
        lent = told.shared[level] & ((sharing.lenders[school] > 0) & (block == sharing.last_blocks[school]))[:, None]
        lender = sharing.lenders[school][:, None]
        home = np.where(lent, lender, school[:, None])
        number = np.where(own, group, np.where(lent, sharing.last_blocks[lender], block[:, None]) * TEACHER_STRIDE + slot)
        kind = np.where(own, OWN, SUBJECT)
        begin, end = self._span(level, group, taken)
        present = told.present[level]
        if told.has_summer:
            present = present & (~told.summer[level] | (taken < self._summer_sections(cohort, level)))
        second = told.co_taught[level] & (group % np.maximum(told.co_taught_every[level], 1)[:, None] == told.co_taught_at[level][:, None])
        away, first_day, last_day = self._leaves(home, kind, number, level, end)
        classes = base[:, None] * self.district.shape.stride + np.arange(told.width)
        second_number = group // np.maximum(told.co_taught_every[level], 1)[:, None] // told.second_load[level][:, None]
        second_number = second_number * TEACHER_STRIDE + told.second_rank[level]
        here = np.broadcast_to(school[:, None], group.shape)
        rows = (
            (present, home, kind, number, begin, end),
            (present & second, here, np.full(group.shape, SECOND), second_number, begin, end),
            (present & away, home, np.full(group.shape, SUBSTITUTE), number * 2 + kind, first_day, last_day),
        )
        there = np.stack([row[0] for row in rows], axis=-1)

        def column(place: int) -> Numbers:
            found: Numbers = np.stack([row[place] for row in rows], axis=-1)[there]
            return found

        def alike(every: Numbers) -> Numbers:
            found: Numbers = np.broadcast_to(every[:, :, None], there.shape)[there]
            return found

        return Teaching(
            class_number=alike(classes), place=np.broadcast_to(np.arange(len(rows)), there.shape)[there], school=alike(here),
            home=column(1), kind=column(2), number=column(3), begin=column(4), end=column(5),
        )  # fmt: skip

    def _leaves(self, home: Numbers, kind: Numbers, number: Numbers, level: Numbers, end: Numbers) -> tuple[Mask, Numbers, Numbers]:
        """Which classes a substitute has for some weeks, from which day to which."""
        told, draws = self._levels, self.district.draws
        away = np.zeros(home.shape, bool)
        if not self.district.shape.people.substitutes_percent:
            return away, end, end
        index = np.asarray(leave_index(home, number))
        for place in (OWN, SUBJECT):
            drawn = draws.array(f"substitutes/{KINDS[place]}", index.reshape(-1), 100).reshape(index.shape)
            away |= (kind == place) & (drawn < self.district.shape.people.substitutes_percent)
        away &= told.all_year[level]
        first = np.minimum(20 + draws.array("substitutes/from", index.reshape(-1), 90).reshape(index.shape), end - 2)
        weeks = 3 + draws.array("substitutes/weeks", index.reshape(-1), 6).reshape(index.shape)
        return away, np.maximum(first, 0), np.minimum(first + 7 * weeks, end)
