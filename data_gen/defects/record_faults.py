"""Defects of single records: required, typed, enumerated, and where their references lead."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from data_gen.defects.record_registry import Others, Record, record_defect, second_id, unknown_id

ONLY_1P2 = ("1.2",)


def _elsewhere(reference: dict[str, str]) -> dict[str, str]:
    """The reference with an id that nothing has, its href too."""
    old, new = reference["sourcedId"], unknown_id(reference["sourcedId"])
    return {**reference, "sourcedId": new, "href": reference["href"].removesuffix(old) + new}


def dangling(record: Record, name: str) -> Record | None:
    found: Any = record.get(name)
    if isinstance(found, list) and found:
        return {**record, name: [_elsewhere(found[0]), *found[1:]]}
    return {**record, name: _elsewhere(found)} if isinstance(found, dict) else None


def _without(record: Record, name: str) -> Record | None:
    return {key: value for key, value in record.items() if key != name} if name in record else None


def earlier(day: str, days: int) -> str:
    return (date.fromisoformat(day) - timedelta(days=days)).isoformat()


@record_defect("users.blank-required", trips="schema.required", collection="users", field="familyName")
def no_family_name(record: Record, version: str, others: Others) -> Record | None:
    """A user has no family name."""
    return _without(record, "familyName")


@record_defect("users.null", trips="schema.no-null", collection="users", field="middleName")
def null(record: Record, version: str, others: Others) -> Record | None:
    """A user's middle name is null instead of left out."""
    return {**record, "middleName": None} if "middleName" not in record else None


@record_defect("users.empty-text", trips="schema.no-empty-string", collection="users", field="phone")
def empty_text(record: Record, version: str, others: Others) -> Record | None:
    """A user's phone number is an empty text instead of left out."""
    return {**record, "phone": ""} if "phone" not in record else None


@record_defect("users.enabled-boolean", trips="schema.boolean-token", collection="users", field="enabledUser")
def enabled_boolean(record: Record, version: str, others: Others) -> Record | None:
    """enabledUser is a JSON boolean instead of a word."""
    return {**record, "enabledUser": record["enabledUser"] == "true"}


@record_defect("users.user-ids-text", trips="schema.array", collection="users", field="userIds")
def user_ids_text(record: Record, version: str, others: Others) -> Record | None:
    """User ids are one text, as a CSV file has them, instead of a list."""
    found = record.get("userIds")
    return {**record, "userIds": ",".join(f"{{{one['type']}:{one['identifier']}}}" for one in found)} if found else None


@record_defect("users.bad-role", trips="schema.enumeration", collection="users", field="role", source="D110")
def bad_role(record: Record, version: str, others: Others) -> Record | None:
    """A user has a role that the vocabulary lacks; in 1.2 one of the user's roles."""
    if version == "1.1":
        return {**record, "role": "pupil"} if record["role"] == "student" else None
    roles = record["roles"]
    return {**record, "roles": [{**roles[0], "role": "pupil"}, *roles[1:]]} if roles[0]["role"] == "student" else None


@record_defect("users.dangling-agent", trips="reference.resolves", collection="users", field="agents", source="D101")
def dangling_agent(record: Record, version: str, others: Others) -> Record | None:
    """A user names an agent who is not there."""
    return dangling(record, "agents")


@record_defect("users.password", trips="data.password-present", collection="users", field="password", source="D93")
def password(record: Record, version: str, others: Others) -> Record | None:
    """A user carries a password."""
    return {**record, "password": "not-a-real-password"}


@record_defect("users.extra-property", trips="schema.unknown-property", collection="users", field="relation")
def extra_property(record: Record, version: str, others: Others) -> Record | None:
    """A user has a property beside the standard's, and not under metadata."""
    return {**record, "relation": "guardian"}


@record_defect("users.local-grade", trips="schema.grade-code", collection="users", field="grades", source="D86")
def local_grade(record: Record, version: str, others: Others) -> Record | None:
    """A grade is written as the school calls it."""
    return {**record, "grades": [f"Grade {found}" for found in record["grades"]]} if record.get("grades") else None


@record_defect("users.duplicate-id", trips="data.unique-id", collection="users", field="sourcedId", source="D100", adds=True)
def duplicate_id(record: Record, version: str, others: Others) -> Record | None:
    """A user comes twice, the second time under another given name."""
    return {**record, "givenName": f"{record['givenName']} B"}


@record_defect("users.second-record", trips="data.person-twice", collection="users", field="identifier", source="D100", adds=True)
def second_record(record: Record, version: str, others: Others) -> Record | None:
    """One person comes as two users with two ids."""
    if not (record.get("identifier") and record.get("email")):
        return None
    return {**record, "sourcedId": second_id(record["sourcedId"]), "username": f"{record['username']}.b"}


@record_defect(
    "orgs.unknown-parent", trips="reference.resolves", collection="orgs", field="parent", source="D101", also=("reference.parent-child",)
)
def unknown_parent(record: Record, version: str, others: Others) -> Record | None:
    """A school belongs to a district that is not there."""
    return dangling(record, "parent")


@record_defect("orgs.parent-cycle", trips="reference.parent-cycle", collection="orgs", field="parent", source="D102")
def parent_cycle(record: Record, version: str, others: Others) -> Record | None:
    """An organisation is its own ancestor."""
    return _own_parent(record) if "parent" in record else None


def _own_parent(record: Record) -> Record:
    parent = record["parent"]
    href = parent["href"].removesuffix(parent["sourcedId"]) + record["sourcedId"]
    return {**record, "parent": {**parent, "sourcedId": record["sourcedId"], "href": href}}


@record_defect("orgs.bad-type", trips="schema.enumeration", collection="orgs", field="type")
def bad_org_type(record: Record, version: str, others: Others) -> Record | None:
    """An organisation is of a type that the vocabulary lacks."""
    return {**record, "type": "departments"} if record["type"] == "school" else None


@record_defect("orgs.local-instant", trips="schema.instant", collection="orgs", field="dateLastModified")
def local_instant(record: Record, version: str, others: Others) -> Record | None:
    """A change is told in local time, without its zone."""
    return {**record, "dateLastModified": record["dateLastModified"].removesuffix("Z")}


@record_defect("academicSessions.end-before-start", trips="data.session-dates", collection="academicSessions", field="endDate", source="D125")
def end_before_start(record: Record, version: str, others: Others) -> Record | None:
    """A session ends before it begins."""
    return {**record, "endDate": earlier(record["startDate"], 1)} if record["type"] == "gradingPeriod" else None


@record_defect("academicSessions.bad-date", trips="schema.date", collection="academicSessions", field="startDate", source="D178")
def bad_date(record: Record, version: str, others: Others) -> Record | None:
    """A date bears a time."""
    return {**record, "startDate": f"{record['startDate']}T00:00:00.000Z"} if record["type"] == "gradingPeriod" else None


@record_defect("academicSessions.bad-year", trips="schema.year", collection="academicSessions", field="schoolYear")
def bad_year(record: Record, version: str, others: Others) -> Record | None:
    """The school year is written as a pair of years."""
    year = str(record["schoolYear"])
    return {**record, "schoolYear": f"{int(year) - 1}-{year[2:]}"} if record["type"] != "schoolYear" else None


@record_defect("academicSessions.wrong-year", trips="data.school-year-ends", collection="academicSessions", field="schoolYear")
def wrong_year(record: Record, version: str, others: Others) -> Record | None:
    """A school year is named by the year in which it begins."""
    return {**record, "schoolYear": str(int(record["schoolYear"]) - 1)} if record["type"] == "schoolYear" else None


@record_defect("academicSessions.outside-parent", trips="data.session-nesting", collection="academicSessions", field="startDate", source="D125")
def outside_parent(record: Record, version: str, others: Others) -> Record | None:
    """A grading period begins before its term."""
    if record["type"] != "gradingPeriod" or "parent" not in record:
        return None
    above = others.record("academicSessions", version, record["parent"]["sourcedId"])
    return {**record, "startDate": earlier(above["startDate"], 30)} if above else None


@record_defect("academicSessions.parent-cycle", trips="reference.parent-cycle", collection="academicSessions", field="parent", source="D102")
def session_cycle(record: Record, version: str, others: Others) -> Record | None:
    """A term is its own parent."""
    return _own_parent(record) if record["type"] == "term" and "parent" in record else None


@record_defect("courses.unknown-org", trips="reference.resolves", collection="courses", field="org", source="D101")
def unknown_org(record: Record, version: str, others: Others) -> Record | None:
    """A course belongs to an organisation that is not there."""
    return dangling(record, "org")


@record_defect("courses.unpaired-subjects", trips="data.subject-pairs", collection="courses", field="subjectCodes", source="D136")
def unpaired_subjects(record: Record, version: str, others: Others) -> Record | None:
    """A course has more subject codes than subjects."""
    return {**record, "subjectCodes": [*record["subjectCodes"], "02999"]} if record.get("subjectCodes") else None


@record_defect("courses.reference-type", trips="reference.type-fits", collection="courses", field="org")
def reference_type(record: Record, version: str, others: Others) -> Record | None:
    """A reference to an organisation calls it a course."""
    return {**record, "org": {**record["org"], "type": "course"}}


@record_defect("classes.without-course", trips="schema.required", collection="classes", field="course")
def without_course(record: Record, version: str, others: Others) -> Record | None:
    """A class does not say of which course it is."""
    return _without(record, "course")


@record_defect("classes.unknown-term", trips="reference.resolves", collection="classes", field="terms", source="D97, D101")
def unknown_term(record: Record, version: str, others: Others) -> Record | None:
    """A class runs in a term that is not there."""
    return dangling(record, "terms")


@record_defect("classes.bad-type", trips="schema.enumeration", collection="classes", field="classType", source="D88")
def bad_class_type(record: Record, version: str, others: Others) -> Record | None:
    """A class type is capitalised."""
    return {**record, "classType": record["classType"].capitalize()}


@record_defect("classes.bare-reference", trips="reference.complete", collection="classes", field="school")
def bare_reference(record: Record, version: str, others: Others) -> Record | None:
    """A reference to the school has no href."""
    return {**record, "school": {name: value for name, value in record["school"].items() if name != "href"}}


@record_defect("demographics.bad-sex", trips="schema.enumeration", collection="demographics", field="sex", source="D88")
def bad_sex(record: Record, version: str, others: Others) -> Record | None:
    """Sex is one letter instead of a token of the vocabulary."""
    return {**record, "sex": record["sex"][:1].upper()} if record.get("sex") else None


@record_defect("lineItems.unknown-class", trips="reference.resolves", collection="lineItems", field="class", source="D101")
def unknown_class(record: Record, version: str, others: Others) -> Record | None:
    """A line item belongs to a class that is not there."""
    return dangling(record, "class")


@record_defect("lineItems.bad-number", trips="schema.type", collection="lineItems", field="resultValueMax")
def bad_number(record: Record, version: str, others: Others) -> Record | None:
    """The highest result is a text with a decimal comma."""
    return {**record, "resultValueMax": f"{int(record['resultValueMax'])},0"} if "resultValueMax" in record else None


@record_defect("results.bad-score", trips="schema.type", collection="results", field="score")
def bad_score(record: Record, version: str, others: Others) -> Record | None:
    """A score is a letter grade."""
    return {**record, "score": "B+"} if "score" in record else None


@record_defect("results.unknown-student", trips="reference.resolves", collection="results", field="student", source="D101")
def unknown_student(record: Record, version: str, others: Others) -> Record | None:
    """A result belongs to nobody."""
    return dangling(record, "student")


@record_defect("results.bad-status", trips="schema.enumeration", collection="results", field="scoreStatus", source="D88")
def bad_status(record: Record, version: str, others: Others) -> Record | None:
    """The state of a score is a word of the vendor's own."""
    return {**record, "scoreStatus": "graded"}


@record_defect("results.bad-flag", trips="schema.boolean-token", collection="results", field="late", source="D177", specs=ONLY_1P2)
def bad_flag(record: Record, version: str, others: Others) -> Record | None:
    """Whether a result is late is a JSON boolean."""
    return {**record, "late": record["late"] == "true"} if "late" in record else None


@record_defect("resources.blank-vendor-resource-id", trips="schema.required", collection="resources", field="vendorResourceId")
def blank_vendor_resource_id(record: Record, version: str, others: Others) -> Record | None:
    """A resource has no id at its vendor."""
    return _without(record, "vendorResourceId")


@record_defect("categories.blank-title", trips="schema.required", collection="categories", field="title")
def blank_title(record: Record, version: str, others: Others) -> Record | None:
    """A category has no title."""
    return _without(record, "title")


@record_defect("scoreScales.unknown-class", trips="reference.resolves", collection="scoreScales", field="class", source="D101", specs=ONLY_1P2)
def scale_of_no_class(record: Record, version: str, others: Others) -> Record | None:
    """A score scale belongs to a class that is not there."""
    return dangling(record, "class")


@record_defect("assessmentResults.unknown-student", trips="reference.resolves", collection="assessmentResults", field="student", source="D101", specs=ONLY_1P2)
def assessed_nobody(record: Record, version: str, others: Others) -> Record | None:
    """The result of an assessment belongs to nobody."""
    return dangling(record, "student")
