"""Related collections against what the collections themselves say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from conformance.api_checks.envelopes import escaped
from conformance.notices import Notice
from conformance.registry import Skip, check
from conformance.run import Run, at, reference_ids
from conformance.survey import Record, key_of
from oneroster_standard.standard import Operation

SECTION = "REST 1.1, relationship endpoints"


@dataclass(frozen=True)
class _Books:
    """The survey's records as look-ups."""

    users: dict[str, Record]
    classes: dict[str, Record]
    courses: dict[str, Record]
    sessions: dict[str, Record]
    enrollments: list[Record]

    def seated(self, class_id: str, role: str) -> set[str]:
        return {
            person
            for record in self.enrollments
            if class_id in reference_ids(record, "class") and record.get("role") == role
            for person in reference_ids(record, "user")
            if self.users.get(person, {}).get("role") == role
        }

    def classes_of(self, person: str) -> set[str]:
        found = {one for record in self.enrollments if person in reference_ids(record, "user") for one in reference_ids(record, "class")}
        return found & set(self.classes)

    def classes_where(self, name: str, value: str) -> set[str]:
        return {found for found, record in self.classes.items() if value in reference_ids(record, name)}


def _books(run: Run) -> _Books:
    enrollments = [row for row in run.collection("enrollments").records if row.get("status") != "tobedeleted"]
    return _Books(
        run.collection("users").by_id, run.collection("classes").by_id, run.collection("courses").by_id,
        run.collection("academicSessions").by_id, enrollments,
    )  # fmt: skip


def _people(books: _Books, school: str, role: str) -> set[str]:
    return {found for found, row in books.users.items() if row.get("role") == role and school in reference_ids(row, "orgs")}


Expect = Callable[[_Books, tuple[str, ...]], tuple[set[str], set[str]]]


def _exact(function: Callable[[_Books, tuple[str, ...]], set[str]]) -> Expect:
    def both(books: _Books, ids: tuple[str, ...]) -> tuple[set[str], set[str]]:
        found = function(books, ids)
        return found, found

    return both


def _courses_of_school(books: _Books, ids: tuple[str, ...]) -> tuple[set[str], set[str]]:
    # Owned by the school at least; those of its classes as well at most: the text leaves it open.
    owned = {found for found, row in books.courses.items() if ids[0] in reference_ids(row, "org")}
    taught = {one for found in books.classes_where("school", ids[0]) for one in reference_ids(books.classes[found], "course")}
    return owned, (owned | taught) & set(books.courses)


def _terms_of_school(books: _Books, ids: tuple[str, ...]) -> tuple[set[str], set[str]]:
    used = {one for found in books.classes_where("school", ids[0]) for one in reference_ids(books.classes[found], "terms")}
    terms = {found for found, row in books.sessions.items() if row.get("type") == "term"}
    return used & terms, terms


EXPECTED: dict[str, Expect] = {
    "getCoursesForSchool": _courses_of_school,
    "getTermsForSchool": _terms_of_school,
    "getClassesForSchool": _exact(lambda books, ids: books.classes_where("school", ids[0])),
    "getEnrollmentsForSchool": _exact(
        lambda books, ids: {key_of(row) for row in books.enrollments if ids[0] in reference_ids(row, "school")}
    ),
    "getStudentsForSchool": _exact(lambda books, ids: _people(books, ids[0], "student")),
    "getTeachersForSchool": _exact(lambda books, ids: _people(books, ids[0], "teacher")),
    "getEnrollmentsForClassInSchool": _exact(
        lambda books, ids: {key_of(row) for row in books.enrollments if ids[1] in reference_ids(row, "class")}
    ),
    "getStudentsForClassInSchool": _exact(lambda books, ids: books.seated(ids[1], "student")),
    "getTeachersForClassInSchool": _exact(lambda books, ids: books.seated(ids[1], "teacher")),
    "getClassesForTerm": _exact(lambda books, ids: books.classes_where("terms", ids[0])),
    "getGradingPeriodsForTerm": _exact(
        lambda books, ids: {
            found for found, row in books.sessions.items() if row.get("type") == "gradingPeriod" and ids[0] in reference_ids(row, "parent")
        }
    ),
    "getClassesForCourse": _exact(lambda books, ids: books.classes_where("course", ids[0])),
    "getClassesForStudent": _exact(lambda books, ids: books.classes_of(ids[0])),
    "getClassesForTeacher": _exact(lambda books, ids: books.classes_of(ids[0])),
    "getClassesForUser": _exact(lambda books, ids: books.classes_of(ids[0])),
    "getStudentsForClass": _exact(lambda books, ids: books.seated(ids[0], "student")),
    "getTeachersForClass": _exact(lambda books, ids: books.seated(ids[0], "teacher")),
}


def _parents(run: Run, books: _Books, operation: Operation) -> list[tuple[str, ...]]:
    first = operation.parameters[0]
    pools: dict[str, list[str]] = {
        "schoolSourcedId": [key_of(row) for row in run.collection("orgs").records if row.get("type") == "school"],
        "termSourcedId": [found for found, row in books.sessions.items() if row.get("type") == "term"],
        "courseSourcedId": sorted({one for row in books.classes.values() for one in reference_ids(row, "course")} & set(books.courses)),
        "classSourcedId": sorted(books.classes),
        "studentSourcedId": [found for found, row in books.users.items() if row.get("role") == "student"],
        "teacherSourcedId": [found for found, row in books.users.items() if row.get("role") == "teacher"],
        "userSourcedId": sorted(books.users),
    }
    count = 3 if run.deep else 1
    if len(operation.parameters) == 2:
        chosen = run.choose(operation.name, sorted(books.classes), count)
        return [(school, found) for found in chosen for school in reference_ids(books.classes[found], "school")[:1]]
    return [(found,) for found in run.choose(operation.name, pools[first], count)]


@check(
    "relationship.members", severity="error", section=SECTION,
    why="A class list that differs from the enrollments shows a lesson to the wrong people.",
)  # fmt: skip
def related_collections_hold_their_members(run: Run) -> Iterator[Notice]:
    """A related collection holds what the collections say belongs there."""
    books = _books(run)
    if not run.sign_in.may("roster.readonly"):
        raise Skip("the token lacks roster.readonly")
    for name, expect in EXPECTED.items():
        operation = run.standard.operation(name)
        for ids in _parents(run, books, operation):
            path = operation.path
            for parameter, value in zip(operation.parameters, ids, strict=True):
                path = path.replace(f"{{{parameter}}}", escaped(value))
            found = run.ids(path, operation.payload_key)
            least, most = expect(books, ids)
            if found is None:
                yield at(run.get(path, {"limit": 1}), f"{operation.path} cannot be read", expected="200 and a list")
                continue
            members, page = found
            lost, strange = least - set(members), set(members) - most
            if lost or strange or len(members) != len(set(members)):
                yield at(page, f"{operation.path} differs from the collections", expected=f"{len(least)} members",
                         observed=f"{len(members)}: {len(lost)} missing, {len(strange)} strange")  # fmt: skip


@check(
    "relationship.unknown-parent", severity="warning", section=SECTION + " (UNCONFIRMED)",
    why="An unknown school that looks empty hides a typing error.",
)  # fmt: skip
def an_unknown_parent_is_404_or_empty(run: Run) -> Iterator[Notice]:
    """A related collection of an unknown parent is a 404, or an empty list."""
    run.collection("orgs")
    page = run.get("/schools/no-such-school-1000000/classes", {"limit": 1})
    if page.status not in (200, 404) or (page.status == 200 and b'"sourcedId"' in page.body):
        yield at(page, "an unknown parent is answered otherwise", expected="404, or 200 and an empty list", observed=str(page.status))
