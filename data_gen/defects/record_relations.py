"""Defects of what records say of each other: enrollments against people and classes, roles of 1.2."""

from __future__ import annotations

from typing import Any

from data_gen.defects.record_faults import ONLY_1P2, dangling, earlier
from data_gen.defects.record_registry import Others, Record, record_defect, second_id

ENROLLMENTS = "enrollments"


def _pointing(reference: dict[str, str], to: str) -> dict[str, str]:
    return {**reference, "sourcedId": to, "href": reference["href"].removesuffix(reference["sourcedId"]) + to}


@record_defect("enrollments.dangling-user", trips="reference.resolves", collection=ENROLLMENTS, field="user", source="D101, D180")
def dangling_user(record: Record, version: str, others: Others) -> Record | None:
    """A class has a student who is not there."""
    return dangling(record, "user") if record["role"] == "student" else None


@record_defect("enrollments.unknown-class", trips="reference.resolves", collection=ENROLLMENTS, field="class", source="D101")
def unknown_class(record: Record, version: str, others: Others) -> Record | None:
    """A student is enrolled in a class that is not there."""
    return dangling(record, "class") if record["role"] == "student" else None


@record_defect("enrollments.bad-role", trips="schema.enumeration", collection=ENROLLMENTS, field="role", source="D139")
def bad_role(record: Record, version: str, others: Others) -> Record | None:
    """A role in a class is one of the vendor's own."""
    return {**record, "role": "co-teacher"} if record["role"] == "teacher" and record.get("primary") != "true" else None


@record_defect("enrollments.bad-primary", trips="schema.boolean-token", collection=ENROLLMENTS, field="primary", source="D177")
def bad_primary(record: Record, version: str, others: Others) -> Record | None:
    """Whether a teacher is primary is written in capitals."""
    return {**record, "primary": record["primary"].upper()} if "primary" in record else None


@record_defect("enrollments.role-conflict", trips="data.enrollment-role", collection=ENROLLMENTS, field="role", source="D139")
def role_conflict(record: Record, version: str, others: Others) -> Record | None:
    """A student is enrolled as a teacher."""
    return {**record, "role": "teacher"} if record["role"] == "student" else None


@record_defect("enrollments.teacher-as-student", trips="data.enrollment-role", collection=ENROLLMENTS, field="role", source="pain list, row 39")
def teacher_as_student(record: Record, version: str, others: Others) -> Record | None:
    """A teacher is enrolled as a student, and so stands among the students of the class."""
    if record["role"] != "teacher" or record.get("primary") == "true":
        return None
    return {**record, "role": "student"}


@record_defect("enrollments.other-school", trips="data.enrollment-school", collection=ENROLLMENTS, field="school", source="D145")
def other_school(record: Record, version: str, others: Others) -> Record | None:
    """An enrollment names another school than its class."""
    own = record["school"]["sourcedId"]
    found = others.first("orgs", version, lambda org: org["type"] == "school" and org["sourcedId"] != own)
    return {**record, "school": _pointing(record["school"], found["sourcedId"])} if found else None


@record_defect("enrollments.end-before-begin", trips="data.enrollment-dates", collection=ENROLLMENTS, field="endDate", source="D140")
def end_before_begin(record: Record, version: str, others: Others) -> Record | None:
    """An enrollment ends before it begins."""
    return {**record, "endDate": earlier(record["beginDate"], 1)} if record.get("beginDate") else None


@record_defect("enrollments.two-primaries", trips="data.primary-teacher", collection=ENROLLMENTS, field="primary", source="D137", adds=True)
def two_primaries(record: Record, version: str, others: Others) -> Record | None:
    """A class has two primary teachers at a time."""
    if record.get("primary") != "true":
        return None
    own = record["user"]["sourcedId"]
    found = others.first("users", version, lambda user: user["sourcedId"] != own and _teaches(user))
    if found is None:
        return None
    return {**record, "sourcedId": second_id(record["sourcedId"]), "user": _pointing(record["user"], found["sourcedId"])}


def _teaches(user: Record) -> bool:
    roles: list[Any] = [user.get("role"), *(one.get("role") for one in user.get("roles", ()))]
    return "teacher" in roles


@record_defect("roles.two-primaries", trips="data.primary-role", collection="users", field="roles", specs=ONLY_1P2, source="1.2, roles of users")
def two_primary_roles(record: Record, version: str, others: Others) -> Record | None:
    """A user has two primary roles at one organisation."""
    first = record["roles"][0]
    return {**record, "roles": [*record["roles"], dict(first)]} if first["roleType"] == "primary" else None


@record_defect("roles.foreign-profile", trips="data.role-profile", collection="users", field="roles", specs=ONLY_1P2, source="1.2, roles of users")
def foreign_profile(record: Record, version: str, others: Others) -> Record | None:
    """A role is carried out with a profile that the user does not have."""
    first = record["roles"][0]
    if "userProfile" not in first:
        return None
    return {**record, "roles": [{**first, "userProfile": f"{first['userProfile']}-other"}, *record["roles"][1:]]}


@record_defect(
    "roles.unknown-org", trips="reference.resolves", collection="users", field="roles", source="D101", specs=ONLY_1P2,
    also=("data.primary-role",),
)  # fmt: skip
def role_at_no_org(record: Record, version: str, others: Others) -> Record | None:
    """A role is held at an organisation that is not there."""
    if record.get("primaryOrg", {}).get("sourcedId") == record["roles"][-1]["org"]["sourcedId"] and len(record["roles"]) == 1:
        return None
    found = dangling(record["roles"][-1], "org")
    return {**record, "roles": [*record["roles"][:-1], found]} if found else None


@record_defect("users.primary-org-without-role", trips="data.primary-org", collection="users", field="primaryOrg", specs=ONLY_1P2, source="1.2, users")
def primary_org_without_role(record: Record, version: str, others: Others) -> Record | None:
    """A user's primary organisation is one at which the user has no role."""
    if "primaryOrg" not in record:
        return None
    own = {one["org"]["sourcedId"] for one in record["roles"]}
    found = others.first("orgs", version, lambda org: org["sourcedId"] not in own)
    return {**record, "primaryOrg": _pointing(record["primaryOrg"], found["sourcedId"])} if found else None
