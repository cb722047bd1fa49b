"""Signs of quirks in odd values, keys, people, schools, sessions, classes and enrollments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from urllib.parse import quote

from tests.mock_server.signs import everywhere, sign_of
from tests.mock_server.wire import Wire, ids


def some(quirk: str, collection: str, shows: Callable[[dict], bool]) -> None:  # type: ignore[type-arg]
    """A sign that some record of a collection shows."""
    sign_of(quirk)(lambda wire: any(shows(one) for one in everywhere(wire, collection)))


some("value.empty-array-instead-of-absent", "users", lambda one: one.get("grades") == [])
some("value.grade-codes-local", "users", lambda one: {"K4", "1", "Grade 2"} & set(one.get("grades", ())) != set())
some("value.markup-in-text", "users", lambda one: "&#39;" in one["familyName"])
some("value.masked", "users", lambda one: one.get("email") == "********")
some("value.last-modified-missing", "users", lambda one: "dateLastModified" not in one)
some("people.identifier-apart", "users", lambda one: len(one.get("identifier", "1234")) < 4)
some("org.identifier-blank", "orgs", lambda one: one.get("identifier") == "")
some("people.role-and-roles", "users", lambda one: "role" in one and "roles" in one)
some("people.role-outside-list", "users", lambda one: one["role"] == "staff")
some("people.parents-are-relatives", "users", lambda one: one["role"] == "relative")
some("people.name-blank", "users", lambda one: one["givenName"] == "")
some("people.password-present", "users", lambda one: bool(one.get("password")))
some("people.same-org-twice", "users", lambda one: Counter(ids(one["orgs"])).most_common(1)[0][1] == 2)
some("org.schools-as-local", "orgs", lambda one: one["type"] == "local")
some("org.graduates-school", "orgs", lambda one: one["name"] == "Graduated Students")
some("class.course-missing", "classes", lambda one: "course" not in one)
some("class.terms-empty", "classes", lambda one: one["terms"] == [])
some("class.title-composed", "classes", lambda one: " | " in one["title"])
some("enrollment.role-wide", "enrollments", lambda one: one["role"] == "aide")
some("enrollment.dropped-still-active", "enrollments", lambda one: one["status"] == "active" and one.get("endDate") == one.get("beginDate"))
some("enrollment.school-missing", "enrollments", lambda one: "school" not in one)
some("deletion.tombstone-stripped", "enrollments", lambda one: one["status"] == "tobedeleted" and "user" not in one)
some("deletion.old-tombstones", "enrollments", lambda one: one["status"] == "tobedeleted" and "user" in one)
some("enrollment.ends-before-it-begins", "enrollments", lambda one: one.get("endDate", "9") < one.get("beginDate", "0"))
some("session.ends-before-start", "academicSessions", lambda one: one["endDate"] < one["startDate"])
some("session.parent-is-itself", "academicSessions", lambda one: one.get("parent", {}).get("sourcedId") == one["sourcedId"])
some(
    "session.year-is-start-year", "academicSessions",
    lambda one: one["type"] == "schoolYear" and one["schoolYear"] == one["startDate"][:4],
)  # fmt: skip


@sign_of("value.last-modified-is-now")
def _(wire: Wire) -> bool:
    return wire.first("/orgs")["dateLastModified"] != wire.first("/orgs")["dateLastModified"]


@sign_of("identity.unsafe-in-urls")
def _(wire: Wire) -> bool:
    own = wire.first("/orgs")["sourcedId"]
    return "#" in own and wire.get(f"/orgs/{quote(own, safe='')}").json()["org"]["sourcedId"] == own


@sign_of("reference.id-case")
def _(wire: Wire) -> bool:
    return {one["user"]["sourcedId"] for one in everywhere(wire, "enrollments")}.isdisjoint(ids(everywhere(wire, "users")))


@sign_of("reference.dangling")
def _(wire: Wire) -> bool:
    named = {term["sourcedId"] for one in everywhere(wire, "classes") for term in one["terms"]}
    return bool(named - set(ids(everywhere(wire, "academicSessions"))))


@sign_of("reference.agents-of-another-space")
def _(wire: Wire) -> bool:
    users = everywhere(wire, "users")
    return {agent["sourcedId"] for one in users for agent in one.get("agents", ())}.isdisjoint(ids(users))


@sign_of("people.email-shared")
def _(wire: Wire) -> bool:
    found = Counter(one.get("email") for one in everywhere(wire, "users") if one["role"] in ("parent", "guardian"))
    return len(found) == 1


@sign_of("org.schools-without-parent")
def _(wire: Wire) -> bool:
    return not any("parent" in one for one in everywhere(wire, "orgs"))


@sign_of("session.terms-only")
def _(wire: Wire) -> bool:
    return not wire.records("/gradingPeriods", "academicSessions")


@sign_of("session.no-school-year")
def _(wire: Wire) -> bool:
    return "schoolYear" not in {one["type"] for one in everywhere(wire, "academicSessions")}


@sign_of("class.type-always-scheduled")
def _(wire: Wire) -> bool:
    return {one["classType"] for one in everywhere(wire, "classes")} == {"scheduled"}


@sign_of("enrollment.dates-missing")
def _(wire: Wire) -> bool:
    return not any("beginDate" in one for one in everywhere(wire, "enrollments"))
