"""Signs of quirks in values, references, people, classes, and in the collections that are served."""

from __future__ import annotations

import re
from collections import Counter

from tests.mock_server.signs import everywhere, sign_of
from tests.mock_server.wire import Wire, ids


@sign_of("value.null-instead-of-absent")
def _(wire: Wire) -> bool:
    return any(value is None for one in everywhere(wire, "users") for value in one.values())


@sign_of("value.empty-string-instead-of-absent")
def _(wire: Wire) -> bool:
    found = everywhere(wire, "users", "orgs")
    return any(one.get("sms") == "" for one in found) and not any("metadata" in one for one in found)


@sign_of("value.boolean-json")
def _(wire: Wire) -> bool:
    users, seats = wire.records("/users"), wire.records("/enrollments", filter="role='teacher'")
    return all(isinstance(one["enabledUser"], bool) for one in users) and all(
        isinstance(one["primary"], bool) for one in seats
    )


@sign_of("value.number-instead-of-string")
def _(wire: Wire) -> bool:
    return all(isinstance(one["schoolYear"], int) for one in everywhere(wire, "academicSessions"))


@sign_of("value.date-with-time")
def _(wire: Wire) -> bool:
    return (
        "T" in wire.first("/academicSessions")["startDate"]
        and "T" in wire.first("/demographics")["birthDate"]
    )


@sign_of("value.instant-without-zone")
def _(wire: Wire) -> bool:
    return bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", wire.first("/users")["dateLastModified"]))


@sign_of("value.enumeration-case")
def _(wire: Wire) -> bool:
    return {one["role"] for one in everywhere(wire, "enrollments")} == {"Student", "Teacher"}


@sign_of("value.padded")
def _(wire: Wire) -> bool:
    padded = [one for one in ids(wire.records("/users")) if one != one.strip()]
    return 0 < len(padded) < 20


@sign_of("value.scalar-instead-of-array")
def _(wire: Wire) -> bool:
    return isinstance(wire.first("/classes")["grades"], str)


@sign_of("reference.href-other-host")
def _(wire: Wire) -> bool:
    return not wire.first("/classes")["school"]["href"].startswith(wire.provider.base_url)


@sign_of("reference.href-missing")
def _(wire: Wire) -> bool:
    return set(wire.first("/classes")["school"]) == {"sourcedId", "type"}


@sign_of("reference.type-narrow")
def _(wire: Wire) -> bool:
    found = wire.first("/classes")
    return (found["school"]["type"], found["terms"][0]["type"]) == ("school", "term")


@sign_of("value.last-modified-is-import-time")
def _(wire: Wire) -> bool:
    return len({one["dateLastModified"] for one in everywhere(wire, "users", "classes", "orgs")}) == 1


@sign_of("value.grades-unsorted")
def _(wire: Wire) -> bool:
    return any(
        len(one["grades"]) > 1 and one["grades"] != sorted(one["grades"])
        for one in everywhere(wire, "classes")
    )


@sign_of("value.user-id-type-spelling")
def _(wire: Wire) -> bool:
    return {"Fed", "FED"} <= {
        item["type"] for one in everywhere(wire, "users") for item in one.get("userIds", ())
    }


@sign_of("view.students-mixed")
def _(wire: Wire) -> bool:
    seat = wire.records("/enrollments", filter="role='student'", limit=1)[0]
    found = wire.records(f"/classes/{seat['class']['sourcedId']}/students", "users")
    return {one["role"] for one in found} == {"student", "teacher"}


@sign_of("class.same-titles")
def _(wire: Wire) -> bool:
    titles = Counter((one["course"]["sourcedId"], one["title"]) for one in everywhere(wire, "classes"))
    bare = {one["title"] for one in everywhere(wire, "courses")}
    return all(title in bare for _, title in titles)


@sign_of("class.code-is-a-name")
def _(wire: Wire) -> bool:
    return bool(re.fullmatch(r"\w+, \w+", wire.first("/classes")["classCode"]))


@sign_of("class.subjects-unpaired")
def _(wire: Wire) -> bool:
    return any(len(one["subjects"]) != len(one["subjectCodes"]) for one in everywhere(wire, "classes"))


@sign_of("enrollment.no-primary-teacher")
def _(wire: Wire) -> bool:
    return {one["primary"] for one in wire.records("/enrollments", filter="role='teacher'")} == {"false"}


@sign_of("people.username-numeric")
def _(wire: Wire) -> bool:
    return all(one["username"].isdigit() for one in wire.records("/students", "users"))


@sign_of("course.year-missing")
def _(wire: Wire) -> bool:
    return not any({"schoolYear", "grades"} & set(one) for one in everywhere(wire, "courses"))


@sign_of("course.per-school")
def _(wire: Wire) -> bool:
    return max(Counter(one["courseCode"] for one in everywhere(wire, "courses")).values()) > 1


@sign_of("endpoint.split-enrollments")
def _(wire: Wire) -> bool:
    answers = {role: wire.get(f"/{role}Enrollments", limit=1000) for role in ("student", "teacher")}
    return all(
        answer.ok and {one["role"] for one in answer.json()["enrollments"]} == {role}
        for role, answer in answers.items()
    )


@sign_of("permission.forbidden-as-empty")
def _(wire: Wire) -> bool:
    answer = wire.get("/enrollments")
    return (answer.status_code, answer.json(), answer.headers["X-Total-Count"]) == (
        200,
        {"enrollments": []},
        "0",
    )
