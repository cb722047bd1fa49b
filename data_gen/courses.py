"""Courses: seven per grade, owned by the district, with SCED subject codes.

Called by records.py and by the classes, which take their title, subjects and grades from their course.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from data_gen.organisations import DISTRICT_ID
from data_gen.references import Stamps, refer
from data_gen.resources import resources_of_course
from data_gen.shape import GRADES, SUBJECTS, District

_ELEMENTARY = (
    "Homeroom",
    "Reading and Writing",
    "Mathematics",
    "Science",
    "Social Studies",
    "Music",
    "Physical Education",
)
_SECONDARY = (
    "English",
    "Mathematics",
    "Science",
    "Social Studies",
    "World Language",
    "Physical Education",
    "Elective",
)
_BY_GRADE: dict[str, tuple[str, ...]] = {
    "English": ("English 6", "English 7", "English 8", "English I", "English II", "English III", "English IV"),
    "Mathematics": ("Math 6", "Math 7", "Pre-Algebra", "Algebra I", "Geometry", "Algebra II", "Precalculus"),
    "Science": ("Science 6", "Science 7", "Science 8", "Biology", "Chemistry", "Physics", "Environmental Science"),
    "Social Studies": (
        "Ancient History", "World Geography", "State History", "World History", "US History", "Government", "Economics",
    ),
    "World Language": (
        "Spanish Explorations", "Spanish A", "Spanish B", "Spanish I", "Spanish II", "Spanish III", "French I",
    ),
    "Elective": ("Art 6", "Band 7", "Chorus 8", "Ceramics", "Theater", "Computer Science", "Photography"),
}  # fmt: skip
_SUBJECT_CODES = {
    "Homeroom": "22991", "Reading and Writing": "51029", "Mathematics": "02051", "Science": "03051", "Social Studies": "04431",
    "Music": "05101", "Physical Education": "08001", "English": "01001", "World Language": "06101", "Elective": "05154",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Course:
    """One course: place in its grade (subject 0 to 6), title, code, subject and SCED code."""

    sourced_id: str
    grade: int
    subject: int
    title: str
    code: str
    subject_name: str
    subject_code: str


def course(grade: int, subject: int) -> Course:
    """The course of a grade (index into GRADES) and a subject (0 to 6)."""
    name = _ELEMENTARY[subject] if grade < 6 else _SECONDARY[subject]
    if grade < 6:
        title = f"{'Kindergarten' if grade == 0 else f'Grade {grade}'} {name}"
    else:
        title = _BY_GRADE[name][grade - 6] if name in _BY_GRADE else f"{name} {grade}"
    return Course(
        f"crs-{grade:02d}{subject}", grade, subject, title, f"{_SUBJECT_CODES[name]}{GRADES[grade]}", name,
        _SUBJECT_CODES[name],
    )  # fmt: skip


def courses(district: District, stamps: Stamps) -> Iterator[dict[str, Any]]:
    """Records of courses in order of sourcedId."""
    taught = sorted({cohort.grade for cohort in district.cohorts if cohort.count})
    every = [course(grade, subject) for grade in taught for subject in range(SUBJECTS)]
    for found, modified in zip(every, stamps.of("courses", range(len(every))), strict=True):
        record: dict[str, Any] = {
            "sourcedId": found.sourced_id,
            "status": "active",
            "dateLastModified": modified,
            "title": found.title,
            "schoolYear": refer("academicSession", f"ses-{district.year_ends}"),
            "courseCode": found.code,
            "grades": [GRADES[found.grade]],
            "subjects": [found.subject_name],
            "org": refer("org", DISTRICT_ID),
            "subjectCodes": [found.subject_code],
        }
        linked = resources_of_course(found.grade, found.subject)
        if linked:
            record["resources"] = [refer("resource", resource) for resource in linked]
        yield record
