"""Users: administrators, aides, guardians, students and teachers, in that order of sourcedId.

Called by records.py. Families share a name and their guardians; every address is of a reserved domain and every
telephone number ends in 555-01xx.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from data_gen.classes import sections
from data_gen.organisations import DISTRICT_ID
from data_gen.pools import plain
from data_gen.references import Stamps, refer
from data_gen.shape import GRADES, District

CHUNK = 1024
STUDENT_DOMAIN = "students.example.org"
STAFF_DOMAIN = "staff.example.org"
FAMILY_DOMAIN = "families.example.com"
DISTRICT_ADMINISTRATORS = 2
STUDENTS_PER_AIDE = 150


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


def guardians_of(district: District, household: int) -> list[str]:
    """Keys of a household's guardians: one or two."""
    both = district.draws.one("guardians/second", household, 100) < 60
    return [f"gdn-{household:07d}{letter}" for letter in ("ab" if both else "a")]


def _phone(number: int) -> str:
    return f"(206) 555-01{number:02d}"


def _chunks(total: int) -> Iterator[range]:
    for start in range(0, total, CHUNK):
        yield range(start, min(start + CHUNK, total))


def _family_names(district: District, households: list[int]) -> list[str]:
    pool = district.pools.last
    return [pool[place] for place in district.draws.below("household/name", households, len(pool))]


def _students(district: District) -> Iterator[_Person]:
    draws, pools = district.draws, district.pools
    for numbers in _chunks(district.students):
        homes = [number % district.households for number in numbers]
        families = _family_names(district, homes)
        second = draws.chance("guardians/second", homes, 60)
        girls = draws.chance("students/female", numbers, 50)
        given = draws.below("students/given", numbers, 1 << 20)
        middle = draws.below("students/middle", numbers, 1 << 20)
        with_middle = draws.chance("students/has-middle", numbers, 40)
        without_mail = draws.chance("students/no-mail", numbers, 3)
        disabled = draws.chance("students/disabled", numbers, 1)
        for place, number in enumerate(numbers):
            first_names = pools.first_female if girls[place] else pools.first_male
            name = first_names[given[place] % len(first_names)]
            username = f"{plain(name)[:1]}{plain(families[place])[:12]}{number:04d}"
            cohort = district.cohort_of(number)
            yield _Person(
                student_id(number), "student", name, families[place],
                first_names[middle[place] % len(first_names)] if with_middle[place] else "", username,
                f"9{number:07d}", "" if without_mail[place] else f"{username}@{STUDENT_DOMAIN}", "",
                [cohort.school.sourced_id],
                [f"gdn-{homes[place]:07d}{letter}" for letter in ("ab" if second[place] else "a")],
                GRADES[cohort.grade], not disabled[place] or number == 0,
            )  # fmt: skip


def _guardians(district: District) -> Iterator[_Person]:
    draws, pools, students = district.draws, district.pools, district.students
    for homes in _chunks(min(district.households, students)):
        families = _family_names(district, list(homes))
        second = draws.chance("guardians/second", homes, 60)
        for place, home in enumerate(homes):
            members = [number for number in (home, home + district.households) if number < students]
            orgs = sorted({district.cohort_of(number).school.sourced_id for number in members})
            for letter in "ab" if second[place] else "a":
                index = home * 2 + (letter == "b")
                first_names = pools.first_female if letter == "a" else pools.first_male
                given = first_names[draws.one("guardians/given", index, len(first_names))]
                username = f"{plain(given)}.{plain(families[place])}.{index}"
                mail = (
                    "" if draws.one("guardians/no-mail", index, 100) < 10 else f"{username}@{FAMILY_DOMAIN}"
                )
                yield _Person(
                    f"gdn-{home:07d}{letter}", "guardian" if draws.one("guardians/kind", index, 8) == 0 else "parent",
                    given, families[place], "", username, "", mail, _phone(draws.one("guardians/phone", index, 100)),
                    orgs, [student_id(number) for number in members],
                )  # fmt: skip


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
    for number in range(DISTRICT_ADMINISTRATORS + len(district.schools)):
        orgs = [DISTRICT_ID]
        if number >= DISTRICT_ADMINISTRATORS:
            orgs = [district.schools[number - DISTRICT_ADMINISTRATORS].sourced_id]
        yield _staff_member(district, "administrators", number, f"adm-{number:05d}", "administrator", orgs)


def _aides(district: District) -> Iterator[_Person]:
    number = 0
    for school in district.schools:
        pupils = sum(cohort.count for cohort in district.cohorts if cohort.school == school)
        for _ in range(-(-pupils // STUDENTS_PER_AIDE)):
            yield _staff_member(district, "duty", number, f"aid-{number:05d}", "aide", [school.sourced_id])
            number += 1


def teachers_by_school(district: District) -> dict[str, list[str]]:
    """Key of each teacher, in order -> the orgs; a music teacher also serves the next elementary school."""
    found: dict[str, list[str]] = {}
    elementary = [school.sourced_id for school in district.schools if school.level == 0]
    for section in sections(district):
        school = section.cohort.school
        for teacher in filter(None, (section.teacher, section.co_teacher)):
            orgs = found.setdefault(teacher, [school.sourced_id])
            shared = school.level == 0 and section.subject == 5 and school.number % 2 == 1
            if shared and school.number < len(elementary) and len(orgs) == 1 and teacher == section.teacher:
                orgs.append(elementary[school.number])
    return dict(sorted(found.items()))


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


def users(district: District, stamps: Stamps) -> Iterator[dict[str, Any]]:
    """Records of users in order of sourcedId."""
    kinds = (
        ("administrators", _administrators),
        ("aides", _aides),
        ("guardians", _guardians),
        ("students", _students),
        ("teachers", _teachers),
    )
    for kind, people in kinds:
        batch: list[_Person] = []
        start = 0
        for person in people(district):
            batch.append(person)
            if len(batch) == CHUNK:
                yield from map(_record, batch, stamps.of(f"users/{kind}", range(start, start + CHUNK)))
                start, batch = start + CHUNK, []
        yield from map(_record, batch, stamps.of(f"users/{kind}", range(start, start + len(batch))))
