"""Resources: textbooks and applications, linked from some courses and classes.

Called by records.py, courses.py, classes.py and the users of 1.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from data_gen.references import Stamps
from data_gen.shape import District

_TITLES = (
    "Reading Workshop", "Number Sense", "Lab Notebook", "World Atlas", "Songbook", "Grammar Practice", "Algebra Online",
    "Biology Interactive", "Primary Sources", "Spanish Stories", "Sketchbook", "Teacher Planner",
)  # fmt: skip
VENDOR = "vendor.example"


def resource_id(number: int) -> str:
    """Key of a resource, number from 0."""
    return f"res-{number:04d}"


def resources_of_course(grade: int, subject: int) -> list[str]:
    """Resources linked from a course: reading, mathematics and science have one each."""
    return [resource_id((grade + 3 * subject) % len(_TITLES))] if subject in (1, 2) else []


def resources_of_class(number: int) -> list[str]:
    """Resources linked from a class; every fortieth class has two."""
    return [resource_id(number % 11), resource_id(11)] if number % 40 == 3 else []


def resources_of_user(kind: str, number: int) -> list[str]:
    """Resources linked from a user, in 1.2 only: some teachers plan, some students practise, each by their role."""
    if kind == "teachers" and number % 5 == 0:
        return [resource_id(11)]
    return [resource_id(number % 11)] if kind == "students" and number % 25 == 4 else []


def resources(district: District, stamps: Stamps) -> Iterator[dict[str, Any]]:
    """Records of resources in order of sourcedId."""
    for number, modified in enumerate(stamps.of("resources", range(len(_TITLES)))):
        yield {
            "sourcedId": resource_id(number),
            "status": "active",
            "dateLastModified": modified,
            "title": _TITLES[number],
            "roles": ["teacher"] if number == len(_TITLES) - 1 else ["student", "teacher"],
            "importance": "primary" if number % 3 else "secondary",
            "vendorResourceId": f"vr-{1000 + number}",
            "vendorId": VENDOR,
            "applicationId": f"app-{number % 4}",
        }
