"""What the collections of a version say about its relationships, worked out by going through whole records.

Written apart from the server's own way, which keeps look-ups: the two are compared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.mock_server.versions import Client
from tests.mock_server.wire import Records

Record = dict[str, Any]


def _id(found: Any) -> str:
    return str(found["sourcedId"]) if isinstance(found, dict) else ""


def _ids(found: Any) -> set[str]:
    return {_id(one) for one in found or ()}


class Implied:
    """Members of every related collection of a version."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._spec = client.spec

    def _all(self, collection: str) -> Records:
        return self._client.whole(collection)

    def _where(self, collection: str, holds: Callable[[Record], bool]) -> Records:
        return [one for one in self._all(collection) if holds(one)]

    def has_role(self, user: Record, role: str, school: str = "") -> bool:
        """Whether a user holds a role, at a school when one is named."""
        if self._spec == "1.1":
            return user["role"] == role and (not school or school in _ids(user["orgs"]))
        return any(one["role"] == role and school in ("", _id(one["org"])) for one in user["roles"])

    def _seated(self, class_id: str, role: str) -> Records:
        people = {
            _id(one["user"]) for one in self._all("enrollments")
            if _id(one["class"]) == class_id and one["role"] == role and one["status"] == "active"
        }  # fmt: skip
        return self._where("users", lambda one: one["sourcedId"] in people and self.has_role(one, role))

    def _classes_of(self, person: str) -> Records:
        held = {_id(one["class"]) for one in self._all("enrollments") if _id(one["user"]) == person}
        return self._where("classes", lambda one: one["sourcedId"] in held)

    def _linked(self, collection: str, sourced_id: str) -> Records:
        (found,) = (one for one in self._all(collection) if one["sourcedId"] == sourced_id)
        return self._where("resources", lambda one: one["sourcedId"] in _ids(found.get("resources")))

    def _items(self, class_id: str) -> Records:
        return self._where("lineItems", lambda one: _id(one["class"]) == class_id)

    def _results(self, class_id: str) -> Records:
        items = {one["sourcedId"] for one in self._items(class_id)}
        return self._where("results", lambda one: _id(one["lineItem"]) in items)

    def of(self, name: str, *ids: str) -> Records:
        """Records of a related collection; ids in the order of the path."""
        first, last = ids[0], ids[-1]
        here = [one["sourcedId"] for one in self._all("classes") if _id(one["school"]) == first]
        match name:
            case "getCoursesForSchool":
                taught = {_id(one["course"]) for one in self._all("classes") if _id(one["school"]) == first}
                return self._where("courses", lambda one: one["sourcedId"] in taught or _id(one.get("org")) == first)
            case "getClassesForSchool":
                return self._where("classes", lambda one: _id(one["school"]) == first)
            case "getEnrollmentsForSchool":
                return self._where("enrollments", lambda one: _id(one["school"]) == first)
            case "getStudentsForSchool":
                return self._where("users", lambda one: self.has_role(one, "student", first))
            case "getTeachersForSchool":
                return self._where("users", lambda one: self.has_role(one, "teacher", first))
            case "getTermsForSchool":
                terms = {term for one in self._all("classes") if one["sourcedId"] in here for term in _ids(one["terms"])}
                return self._where("academicSessions", lambda one: one["type"] == "term" and one["sourcedId"] in terms)
            case "getEnrollmentsForClassInSchool":
                return self._where("enrollments", lambda one: _id(one["class"]) == last)
            case "getStudentsForClassInSchool" | "getStudentsForClass":
                return self._seated(last, "student")
            case "getTeachersForClassInSchool" | "getTeachersForClass":
                return self._seated(last, "teacher")
            case "getClassesForTerm":
                return self._where("classes", lambda one: first in _ids(one["terms"]))
            case "getGradingPeriodsForTerm":
                return self._where(
                    "academicSessions", lambda one: one["type"] == "gradingPeriod" and _id(one.get("parent")) == first
                )
            case "getClassesForCourse":
                return self._where("classes", lambda one: _id(one["course"]) == first)
            case "getClassesForStudent" | "getClassesForTeacher" | "getClassesForUser":
                return self._classes_of(first)
            case "getResourcesForClass":
                return self._linked("classes", first)
            case "getResourcesForCourse":
                return self._linked("courses", first)
            case "getResourcesForUser":
                return self._linked("users", first)
            case "getCategoriesForClass":
                return self._all("categories")
            case "getScoreScalesForClass":
                return self._where("scoreScales", lambda one: _id(one["class"]) == first)
            case "getScoreScalesForSchool":
                return self._where("scoreScales", lambda one: _id(one["class"]) in here)
            case "getLineItemsForClass":
                return self._items(first)
            case "getResultsForClass":
                return self._results(first)
            case "getResultsForLineItemForClass":
                return self._where("results", lambda one: _id(one["lineItem"]) == last)
            case "getResultsForStudentForClass":
                return [one for one in self._results(first) if _id(one["student"]) == last]
        raise KeyError(name)
