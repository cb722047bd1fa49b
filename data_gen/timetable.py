"""When sections meet and who teaches them: the rules that keep a day without a clash, by level and by school.

Called by the classes (one section at a time) and the seating (many at once). Arithmetic only.

Section g of a school has its n-th numbered subject in period (g + n + the school's shift) modulo the periods, so it never has two at
once. A subject's teacher has up to `teacher_load` sections that follow each other, so never two of the same period. A
student leaves the own section only for one whose periods are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import gcd

import numpy as np

from data_gen.columns import Numbers
from data_gen.shape import Cohort, District, School
from data_gen.shapes.model import Level, Subject
from data_gen.shapes.rules import PARTS

HOMEROOM_PERIOD = "HR"
"""The period outside the numbered ones."""
KINDS = ("h", "s", "c", "u")
"""Letters of teachers' keys: of a section, of a subject, a second one, a substitute."""
OWN, SUBJECT, SECOND, SUBSTITUTE = range(4)
TEACHER_STRIDE = 10


@dataclass(frozen=True, slots=True)
class Slot:
    """One subject of a level's timetable.

    lane: place among those with a numbered period; -1 for the fixed one. parts: into how many the year is divided; part:
    which one a section has, counted from its own. teacher: the slot by which a subject's teacher is counted.
    """

    place: int
    subject: Subject
    lane: int
    parts: int
    part: int
    teacher: int
    is_chained: bool


@dataclass(frozen=True, slots=True)
class Post:
    """A teacher's post: the school of the key, a place in KINDS, a number."""

    school: int
    kind: int
    number: int

    @property
    def sourced_id(self) -> str:
        """Key of the user."""
        return teacher_id(self.school, KINDS[self.kind], self.number)


def teacher_id(school: int, kind: str, number: int) -> str:
    """Key of a teacher; kind: one of KINDS."""
    return f"tch-{school:04d}{kind}{number:05d}"


def slots(level: Level) -> tuple[Slot, ...]:
    """The timetable of a level in order of its subjects."""
    found: dict[str, Slot] = {}
    lanes = 0
    for place, subject in enumerate(level.subjects):
        parts = PARTS.get(subject.runs, 1)
        beside = found.get(subject.beside)
        if beside is not None:
            part = sum(one.subject.beside == subject.beside for one in found.values()) + 1
            found[subject.name] = Slot(place, subject, beside.lane, parts, part, beside.place, True)
            continue
        is_chained = any(other.beside == subject.name for other in level.subjects)
        lane = -1 if subject.is_fixed else lanes
        lanes += not subject.is_fixed
        found[subject.name] = Slot(place, subject, lane, parts, 0, place, is_chained)
    return tuple(found.values())


def advisors(level: Level) -> tuple[int, ...]:
    """Slots whose teachers may have a section at the fixed time: one school's, all year."""
    away = level.own_teacher | level.advised | level.shared
    return tuple(
        slot.place
        for slot in slots(level)
        if slot.lane >= 0 and not slot.subject.beside and slot.subject.name not in away and not slot.subject.is_summer
    )


def second_load(level: Level) -> int:
    """Classes of a second teacher at most: sections so far apart that no two meet at once."""
    return min(level.teacher_load, level.periods // gcd(level.co_taught_every, level.periods))


def second_ranks(level: Level) -> tuple[int, ...]:
    """By slot: which of the subjects with second teachers it is, counted from 0."""
    return tuple(sum(slot.subject.name in level.co_taught for slot in slots(level)[:place]) for place in range(len(level.subjects)))


def has_second(level: Level, slot: Slot, group: int) -> bool:
    """Whether a section has two teachers in a subject."""
    every = level.co_taught_every
    return every > 0 and slot.subject.name in level.co_taught and group % every == min(1, every - 1)


@dataclass(frozen=True)
class Sharing:
    """Which schools share their last teachers of some subjects, and the shift of periods that keeps those free of clashes.

    Schools of a level go in pairs. Both have a teacher whose block of sections is not full; where the two rests fit into
    one load, the first school's teacher has both, and the second school's day is shifted so that the rests follow each other.
    """

    district: District

    @cached_property
    def pairs(self) -> dict[int, tuple[School, School]]:
        """Number of the second school -> both schools of a pair that shares."""
        found: dict[int, tuple[School, School]] = {}
        for place, level in enumerate(self.district.levels):
            schools = [school for school in self.district.schools if school.level == place]
            for first, second in zip(schools[::2], schools[1::2], strict=False):
                rests = [self.district.groups_of[school.number] % level.teacher_load for school in (first, second)]
                if level.shared and all(rests) and sum(rests) <= level.teacher_load:
                    found[second.number] = (first, second)
        return found

    @cached_property
    def shifts(self) -> Numbers:
        """Shift of each school's periods by its number; number 0 is none."""
        found = np.zeros(len(self.district.schools) + 1, np.int64)
        for first, second in self.pairs.values():
            level = self.district.levels[first.level]
            blocks = [self.district.groups_of[school.number] // level.teacher_load for school in (first, second)]
            rest = self.district.groups_of[first.number] % level.teacher_load
            found[second.number] = (level.teacher_load * (blocks[0] - blocks[1]) + rest) % level.periods
        return found

    @cached_property
    def lenders(self) -> Numbers:
        """By a school's number: the school whose teacher has its last block, 0 where it is its own."""
        found = np.zeros(len(self.district.schools) + 1, np.int64)
        for first, second in self.pairs.values():
            found[second.number] = first.number
        return found

    @cached_property
    def last_blocks(self) -> Numbers:
        """By a school's number: its last block of sections, whether full or not."""
        found = np.zeros(len(self.district.schools) + 1, np.int64)
        for school in self.district.schools:
            found[school.number] = self.district.groups_of[school.number] // self.district.levels[school.level].teacher_load
        return found


def post_of(sharing: Sharing, school: School, slot: Slot, group: int) -> Post:
    """Who teaches a section in a subject."""
    level = sharing.district.levels[school.level]
    if slot.subject.name in level.own_teacher:
        return Post(school.number, OWN, group)
    block, rest = divmod(group, level.teacher_load)
    if slot.subject.name in level.advised:
        return Post(school.number, SUBJECT, block * TEACHER_STRIDE + advisors(level)[rest])
    lender = int(sharing.lenders[school.number])
    if lender and slot.subject.name in level.shared and block == sharing.last_blocks[school.number]:
        return Post(lender, SUBJECT, int(sharing.last_blocks[lender]) * TEACHER_STRIDE + slot.teacher)
    return Post(school.number, SUBJECT, block * TEACHER_STRIDE + slot.teacher)


def second_of(level: Level, school: School, slot: Slot, group: int) -> Post | None:
    """The second teacher of a section in a subject."""
    if not has_second(level, slot, group):
        return None
    rank = second_ranks(level)[slot.place]
    return Post(school.number, SECOND, group // level.co_taught_every // second_load(level) * TEACHER_STRIDE + rank)


def summer_sections(district: District, cohort: Cohort, slot: Slot) -> int:
    """How many classes a summer subject has in a cohort: those who take it, in sections of the level's size."""
    takers = cohort.count * slot.subject.percent // 100
    return min(cohort.groups, -(-takers // district.levels[cohort.school.level].section_size))


def leave_index(school: Numbers | int, number: Numbers | int) -> Numbers | int:
    """Index by which a post's leave is drawn."""
    return school * 100_000 + number


def substitute_of(district: District, post: Post, slot: Slot) -> Post | None:
    """Who has a teacher's classes for some weeks; None for most, and for classes that do not run at that time of year."""
    if slot.subject.is_summer or slot.parts > 1:
        return None
    index = int(leave_index(post.school, post.number))
    percent = district.shape.people.substitutes_percent
    if district.draws.one(f"substitutes/{KINDS[post.kind]}", index, 100) >= percent:
        return None
    return Post(post.school, SUBSTITUTE, post.number * 2 + post.kind)
