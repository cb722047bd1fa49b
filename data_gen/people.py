"""Users: administrators, aides, guardians, students and teachers, in that order of sourcedId.

Called by records.py. Families share a name and their guardians; every address is of a reserved domain and every
telephone number ends in 555-01xx.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from data_gen.columns import Lines
from data_gen.family_rows import guardian_lines, guardian_rows, student_lines, student_rows
from data_gen.organisations import STATE_ID, district_id
from data_gen.pools import plain
from data_gen.references import Stamps, refer
from data_gen.rendering import csv_rows
from data_gen.seating import Seating
from data_gen.shape import District
from data_gen.timetable import KINDS, slots, teacher_id
from oneroster_standard.bundle_writer import csv_bytes
from oneroster_standard.marks import parse_all, render
from oneroster_standard.standard import load
from oneroster_standard.store import SEPARATOR

CHUNK = 1024
STAFF_DOMAIN = "staff.example.org"
_MOST_POSTS, _MOST_SCHOOLS = 100_000, 10_000
"""Numbers of a kind of teacher at a school, and of schools, as their keys have digits for."""


@dataclass(frozen=True, slots=True)
class _Person:
    sourced_id: str
    role: str
    given: str
    family: str
    middle: str
    username: str
    identifier: str
    email: str
    phone: str
    orgs: list[str]
    agents: list[str]
    grade: str = ""
    enabled: bool = True


def student_id(number: int) -> str:
    """Key of a student, number from 0."""
    return f"stu-{number:07d}"


def _phone(number: int) -> str:
    return f"(206) 555-01{number:02d}"


def _staff_member(
    district: District, kind: str, number: int, sourced_id: str, role: str, orgs: list[str]
) -> _Person:
    draws, pools = district.draws, district.pools
    first_names = pools.first_female if draws.one(f"{kind}/female", number, 100) < 60 else pools.first_male
    given = first_names[draws.one(f"{kind}/given", number, len(first_names))]
    family = pools.last[draws.one(f"{kind}/family", number, len(pools.last))]
    username = f"{plain(given)}.{plain(family)}.{kind[0]}{number}"
    phone = _phone(draws.one(f"{kind}/phone", number, 100)) if number % 3 else ""
    identifier = f"8{'atd'.index(kind[0])}{number:06d}"
    return _Person(
        sourced_id,
        role,
        given,
        family,
        "",
        username,
        identifier,
        f"{username}@{STAFF_DOMAIN}",
        phone,
        orgs,
        [],
    )


def _administrators(district: District) -> Iterator[_Person]:
    """Those of the state and of the districts, then those of the schools."""
    people = district.shape.people
    above = [STATE_ID] if district.shape.is_state else []
    above += map(district_id, district.districts)
    schools = [school.sourced_id for school in district.schools]
    orgs = [*(org for org in above for _ in range(people.district_administrators)), *(org for org in schools for _ in range(people.school_administrators))]
    for number, org in enumerate(orgs):
        yield _staff_member(district, "administrators", number, f"adm-{number:05d}", "administrator", [org])


def _aides(district: District) -> Iterator[_Person]:
    number = 0
    pupils = Counter[int]()
    for cohort in district.cohorts:
        pupils[cohort.school.number] += cohort.count
    for school in district.schools:
        for _ in range(-(-pupils[school.number] // district.levels[school.level].students_per_aide)):
            yield _staff_member(district, "duty", number, f"aid-{number:05d}", "aide", [school.sourced_id])
            number += 1


def teachers_by_school(district: District) -> dict[str, list[str]]:
    """Key of each teacher, in order -> the orgs; a music teacher also serves the next elementary school."""
    found: dict[int, list[int]] = {}
    elementary = sum(school.level == 0 for school in district.schools)
    music = [slot.place for slot in slots(district.levels[0]) if slot.subject.name == "Music"]
    for block in Seating(district).teaching():
        keys = (block.home * len(KINDS) + block.kind) * _MOST_POSTS + block.number
        visits = (block.place == 0) & np.isin(block.class_number % district.shape.stride, music)
        visits &= (block.school < elementary) & (block.school % 2 == 1)
        told = (keys * _MOST_SCHOOLS + block.school) * 2 + visits
        _, first = np.unique(told, return_index=True)
        first.sort()
        for key, school, is_visit in zip(keys[first].tolist(), block.school[first].tolist(), visits[first].tolist(), strict=True):
            orgs = found.setdefault(key, [school])
            if school not in orgs:
                orgs.append(school)
            if is_visit and len(orgs) == 1:
                orgs.append(school + 1)
    schools = ["", *(school.sourced_id for school in district.schools)]
    named = {_teacher_key(key): [schools[school] for school in orgs] for key, orgs in found.items()}
    return dict(sorted(named.items()))


def _teacher_key(key: int) -> str:
    post, number = divmod(key, _MOST_POSTS)
    return teacher_id(post // len(KINDS), KINDS[post % len(KINDS)], number)


def _teachers(district: District) -> Iterator[_Person]:
    for number, (teacher, orgs) in enumerate(teachers_by_school(district).items()):
        yield _staff_member(district, "teachers", number, teacher, "teacher", orgs)


def _record(person: _Person, modified: str) -> dict[str, Any]:
    record: dict[str, Any] = {
        "sourcedId": person.sourced_id,
        "status": "active",
        "dateLastModified": modified,
        "username": person.username,
    }
    if person.identifier:
        record["userIds"] = [{"type": "SIS", "identifier": person.identifier}]
    record["enabledUser"] = "true" if person.enabled else "false"
    record["givenName"] = person.given
    record["familyName"] = person.family
    if person.middle:
        record["middleName"] = person.middle
    record["role"] = person.role
    for name, value in (("identifier", person.identifier), ("email", person.email), ("sms", person.phone)):
        if value and not (name == "sms" and person.role == "teacher"):
            record[name] = value
    if person.phone:
        record["phone"] = person.phone
    if person.agents:
        record["agents"] = [refer("user", agent) for agent in person.agents]
    record["orgs"] = [refer("org", org) for org in person.orgs]
    if person.grade:
        record["grades"] = [person.grade]
    return record


_STAFF = {"administrators": _administrators, "aides": _aides, "teachers": _teachers}


def _staff(district: District, stamps: Stamps, kind: str) -> Iterator[list[dict[str, Any]]]:
    people, start = _STAFF[kind](district), 0
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
        people = _STAFF[kind](district)
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
