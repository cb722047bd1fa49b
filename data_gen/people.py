"""Users: administrators, aides, guardians, students and teachers, in that order of sourcedId.

Called by records.py. Families share a name and their guardians; every address is of a reserved domain and every
telephone number ends in 555-01xx.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from data_gen.columns import Lines, Numbers
from data_gen.family_rows import LONGEST_LOGIN, guardian_lines, guardian_rows, student_lines, student_rows
from data_gen.naming import Naming
from data_gen.organisations import STATE_ID, district_id
from data_gen.pools import plain
from data_gen.references import Stamps, refer
from data_gen.rendering import csv_rows
from data_gen.seating import Seating
from data_gen.shape import District
from data_gen.staffing import TeacherParents
from data_gen.timetable import KINDS, teacher_id
from oneroster_standard.bundle_writer import csv_bytes
from oneroster_standard.marks import parse_all, render
from oneroster_standard.standard import load
from oneroster_standard.store import SEPARATOR

CHUNK = 1024
STAFF_DOMAIN = "staff.example.org"
FEMALE_STAFF_PERCENT = 60
_MOST_POSTS, _MOST_SCHOOLS = 100_000, 10_000
"""Numbers of a kind of teacher at a school, and of schools, as their keys have digits for."""


@dataclass(frozen=True, slots=True)
class _Person:
    sourced_id: str
    role: str
    given: str
    family: str
    username: str
    identifier: str
    email: str
    phone: str
    orgs: list[str]


def student_id(number: int) -> str:
    """Key of a student, number from 0."""
    return f"stu-{number:07d}"


def _phone(number: int) -> str:
    return f"(206) 555-01{number:02d}"


@dataclass(frozen=True, slots=True)
class _Job:
    """A member of staff before the name: key, role and orgs."""

    sourced_id: str
    role: str
    orgs: list[str]


def _given_and_family(district: District, kind: str, numbers: Numbers, parents: TeacherParents | None) -> list[tuple[str, str]]:
    """Names of members of staff; a teacher who is a guardian has the guardian's."""
    naming, draws = Naming(district.draws, district.pools, district.shape), district.draws
    kinds = naming.kinds_of(f"{kind}/kind", numbers)
    is_male = draws.array(f"{kind}/female", numbers, 100) >= FEMALE_STAFF_PERCENT
    given = naming.given_places(f"{kind}/given", numbers, kinds, is_male)
    family = naming.family_places(f"{kind}/family", numbers, kinds)
    if parents is not None:
        homes = parents.homes_of(numbers)
        own, homes = np.flatnonzero(homes >= 0), homes[homes >= 0]
        given[own] = naming.guardian_given(homes, np.zeros(len(homes), np.int64))
        family[own] = naming.household_families(homes)
    return [(naming.given[first], naming.family[last]) for first, last in zip(given.tolist(), family.tolist(), strict=True)]


def _members(district: District, kind: str, jobs: Iterable[_Job]) -> Iterator[_Person]:
    """People for jobs in their order; they are counted from 0."""
    start, waiting = 0, iter(jobs)
    parents = TeacherParents(district) if kind == "teachers" else None
    while batch := list(islice(waiting, CHUNK)):
        numbers = np.arange(start, start + len(batch), dtype=np.int64)
        names = _given_and_family(district, kind, numbers, parents)
        phones = district.draws.below(f"{kind}/phone", numbers, 100)
        for number, job, (given, family), phone in zip(numbers.tolist(), batch, names, phones, strict=True):
            username = f"{plain(given)[:LONGEST_LOGIN]}.{plain(family)[:LONGEST_LOGIN]}.{kind[0]}{number}"
            yield _Person(
                job.sourced_id, job.role, given, family, username, f"8{'atd'.index(kind[0])}{number:06d}", f"{username}@{STAFF_DOMAIN}",
                _phone(phone) if number % 3 else "", job.orgs,
            )  # fmt: skip
        start += len(batch)


def _administrators(district: District) -> Iterator[_Job]:
    """Those of the state and of the districts, then those of the schools."""
    people = district.shape.people
    above = [STATE_ID] if district.shape.is_state else []
    above += map(district_id, district.districts)
    schools = [school.sourced_id for school in district.schools]
    orgs = [*(org for org in above for _ in range(people.district_administrators)), *(org for org in schools for _ in range(people.school_administrators))]
    for number, org in enumerate(orgs):
        yield _Job(f"adm-{number:05d}", "administrator", [org])


def _aides(district: District) -> Iterator[_Job]:
    number = 0
    pupils = Counter[int]()
    for cohort in district.cohorts:
        pupils[cohort.school.number] += cohort.count
    for school in district.schools:
        for _ in range(-(-pupils[school.number] // district.levels[school.level].students_per_aide)):
            yield _Job(f"aid-{number:05d}", "aide", [school.sourced_id])
            number += 1


def teachers_by_school(district: District) -> dict[str, list[str]]:
    """Key of each teacher, in order -> the schools where the teacher has a class, in order of their number."""
    found: dict[int, list[int]] = {}
    for block in Seating(district).teaching():
        keys = (block.home * len(KINDS) + block.kind) * _MOST_POSTS + block.number
        for told in np.unique(keys * _MOST_SCHOOLS + block.school).tolist():
            key, school = divmod(told, _MOST_SCHOOLS)
            orgs = found.setdefault(key, [school])
            if school not in orgs:
                orgs.append(school)
    schools = ["", *(school.sourced_id for school in district.schools)]
    named = {_teacher_key(key): [schools[school] for school in sorted(orgs)] for key, orgs in found.items()}
    return dict(sorted(named.items()))


def _teacher_key(key: int) -> str:
    post, number = divmod(key, _MOST_POSTS)
    return teacher_id(post // len(KINDS), KINDS[post % len(KINDS)], number)


def _teachers(district: District) -> Iterator[_Job]:
    return (_Job(teacher, "teacher", orgs) for teacher, orgs in teachers_by_school(district).items())


def _record(person: _Person, modified: str) -> dict[str, Any]:
    record: dict[str, Any] = {
        "sourcedId": person.sourced_id,
        "status": "active",
        "dateLastModified": modified,
        "username": person.username,
        "userIds": [{"type": "SIS", "identifier": person.identifier}],
        "enabledUser": "true",
        "givenName": person.given,
        "familyName": person.family,
        "role": person.role,
        "identifier": person.identifier,
        "email": person.email,
    }
    if person.phone and person.role != "teacher":
        record["sms"] = person.phone
    if person.phone:
        record["phone"] = person.phone
    record["orgs"] = [refer("org", org) for org in person.orgs]
    return record


_JOBS = {"administrators": ("administrators", _administrators), "aides": ("duty", _aides), "teachers": ("teachers", _teachers)}
"""Part of the staff -> the kind by which its values are drawn, and its jobs."""


def _people(district: District, part: str) -> Iterator[_Person]:
    kind, jobs = _JOBS[part]
    return _members(district, kind, jobs(district))


def _staff(district: District, stamps: Stamps, kind: str) -> Iterator[list[dict[str, Any]]]:
    people, start = _people(district, kind), 0
    while batch := list(islice(people, CHUNK)):
        modified = stamps.of(f"users/{kind}", range(start, start + len(batch)))
        yield list(map(_record, batch, modified))
        start += len(batch)


def user_rows(district: District, stamps: Stamps) -> Iterator[Lines]:
    """Rendered records of users in order of sourcedId, each with its separator."""
    for kind in ("administrators", "aides"):
        yield from map(_rendered, _staff(district, stamps, kind))
    yield from guardian_rows(district, stamps)
    yield from student_rows(district, stamps)
    yield from map(_rendered, _staff(district, stamps, "teachers"))


def _rendered(batch: list[dict[str, Any]]) -> Lines:
    return Lines.of([render(record) + SEPARATOR for record in batch])


def user_lines(district: District) -> Iterator[Lines]:
    """Rows of users.csv of 1.1."""
    file = load("1.1").csv_files["users.csv"]

    def staff(kind: str) -> Iterator[Lines]:
        people = _people(district, kind)
        while batch := list(islice(people, CHUNK)):
            rows = csv_rows(file, [_record(person, "") for person in batch])
            yield Lines.of([csv_bytes([row]) for row in rows])

    for kind in ("administrators", "aides"):
        yield from staff(kind)
    yield from guardian_lines(district)
    yield from student_lines(district)
    yield from staff("teachers")


def users(district: District, stamps: Stamps) -> Iterator[dict[str, Any]]:
    """Records of users in order of sourcedId."""
    for rows in user_rows(district, stamps):
        yield from parse_all(bytes(rows.body))
