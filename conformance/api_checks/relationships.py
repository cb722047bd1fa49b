"""Related collections against what the collections themselves say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from conformance.api_checks.envelopes import escaped
from conformance.notices import Notice
from conformance.registry import Skip, check
from conformance.run import Run, at, has_role, reference_ids, roles_of
from conformance.survey import OPTIONAL, Record, key_of
from oneroster_standard.standard import Operation

SECTION = "REST 1.1, relationship endpoints"


def _role(record: Record) -> str:
    # Another spelling is judged by the schema, and is no other person.
    return str(record.get("role", "")).lower()


@dataclass(frozen=True)
class _Books:
    """The survey's records as look-ups."""

    users: dict[str, Record]
    classes: dict[str, Record]
    courses: dict[str, Record]
    sessions: dict[str, Record]
    enrollments: list[Record]
    others: dict[str, list[Record]]

    def marks(self, collection: str, **references: str) -> set[str]:
        """Records of a gradebook collection by what they refer to."""
        return {
            key_of(record) for record in self.others[collection]
            if all(wanted in reference_ids(record, name) for name, wanted in references.items())
        }  # fmt: skip

    def results(self, class_id: str) -> set[str]:
        """Results of a class, by way of its line items."""
        items = self.marks("lineItems", **{"class": class_id})
        return {key_of(record) for record in self.others["results"] if items & set(reference_ids(record, "lineItem"))}

    def categories_of(self, class_id: str) -> set[str]:
        """Categories that a class's line items name."""
        items = self.marks("lineItems", **{"class": class_id})
        named = {one for row in self.others["lineItems"] if key_of(row) in items for one in reference_ids(row, "category")}
        return named & {key_of(row) for row in self.others["categories"]}

    def seated(self, class_id: str, role: str) -> set[str]:
        return {
            person
            for record in self.enrollments
            if class_id in reference_ids(record, "class") and _role(record) == role
            for person in reference_ids(record, "user")
            if has_role(self.users.get(person, {}), role)
        }

    def classes_of(self, person: str) -> set[str]:
        found = {one for record in self.enrollments if person in reference_ids(record, "user") for one in reference_ids(record, "class")}
        return found & set(self.classes)

    def classes_where(self, name: str, value: str) -> set[str]:
        return {found for found, record in self.classes.items() if value in reference_ids(record, name)}


def _known(run: Run, name: str) -> list[Record]:
    found = run.survey.collections.get(name)
    return [row for row in found.records if row.get("status") != "tobedeleted"] if found and found.is_read else []


def _books(run: Run) -> _Books:
    enrollments = [row for row in run.collection("enrollments").records if row.get("status") != "tobedeleted"]
    return _Books(
        run.collection("users").by_id, run.collection("classes").by_id, run.collection("courses").by_id,
        run.collection("academicSessions").by_id, enrollments, {name: _known(run, name) for name in OPTIONAL},
    )  # fmt: skip


def _people(books: _Books, school: str, role: str) -> set[str]:
    return {found for found, row in books.users.items() if any(role == one and school in orgs for one, orgs in roles_of(row))}


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
    "getLineItemsForClass": _exact(lambda books, ids: books.marks("lineItems", **{"class": ids[0]})),
    "getResultsForClass": _exact(lambda books, ids: books.results(ids[0])),
    "getResultsForLineItemForClass": _exact(lambda books, ids: books.results(ids[0]) & books.marks("results", lineItem=ids[1])),
    "getResultsForStudentForClass": _exact(lambda books, ids: books.results(ids[0]) & books.marks("results", student=ids[1])),
    "getResourcesForCourse": _exact(lambda books, ids: set(reference_ids(books.courses[ids[0]], "resources"))),
    "getResourcesForClass": _exact(lambda books, ids: set(reference_ids(books.classes[ids[0]], "resources"))),
    "getResourcesForUser": _exact(lambda books, ids: set(reference_ids(books.users[ids[0]], "resources"))),
    "getScoreScalesForClass": _exact(lambda books, ids: books.marks("scoreScales", **{"class": ids[0]})),
    "getScoreScalesForSchool": _exact(
        lambda books, ids: {one for found in books.classes_where("school", ids[0]) for one in books.marks("scoreScales", **{"class": found})}
    ),
    # A category names no class: those of its line items at least, whatever the district has at most.
    "getCategoriesForClass": lambda books, ids: (books.categories_of(ids[0]), {key_of(row) for row in books.others["categories"]}),
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
        "studentSourcedId": [found for found, row in books.users.items() if has_role(row, "student")],
        "teacherSourcedId": [found for found, row in books.users.items() if has_role(row, "teacher")],
        "userSourcedId": sorted(books.users),
    }
    count = 10 if run.deep else 1
    if len(operation.parameters) == 2:
        return run.choose(operation.name, _pairs(books, operation), count)
    pool = pools[first]
    if operation.payload_key in OPTIONAL:
        # Most classes have none of them: those that have some are asked.
        holders = _holders(books, operation)
        pool = [found for found in pool if found in holders] or pool
    return [(found,) for found in run.choose(operation.name, pool, count)]


def _holders(books: _Books, operation: Operation) -> set[str]:
    """Classes or courses that have line items, results or resources."""
    if operation.payload_key == "resources":
        records = {"getResourcesForCourse": books.courses, "getResourcesForUser": books.users}.get(operation.name, books.classes)
        return {found for found, record in records.items() if record.get("resources")}
    owners = _owners(books)
    if operation.payload_key in ("lineItems", "categories"):
        return set(owners.values())
    if operation.payload_key == "scoreScales":
        return {owner for row in books.others["scoreScales"] for owner in reference_ids(row, "class")}
    return {owners[item] for row in books.others["results"] for item in reference_ids(row, "lineItem") if item in owners}


def _owners(books: _Books) -> dict[str, str]:
    """Line item -> its class."""
    return {key_of(row): owner for row in books.others["lineItems"] for owner in reference_ids(row, "class")[:1]}


def _pairs(books: _Books, operation: Operation) -> list[tuple[str, ...]]:
    """Parents that belong together, for paths with two of them."""
    owners = _owners(books)
    if operation.name == "getResultsForLineItemForClass":
        return sorted((owner, item) for item, owner in owners.items())
    if operation.name == "getResultsForStudentForClass":
        marks = [(item, who) for row in books.others["results"] for item in reference_ids(row, "lineItem") for who in reference_ids(row, "student")]
        return sorted({(owners[item], who) for item, who in marks if item in owners})
    return [(school, found) for found in sorted(books.classes) for school in reference_ids(books.classes[found], "school")[:1]]


Related = tuple[Operation, str, set[str], set[str]]
"""A related collection: operation, path, members at least and at most."""


def related_paths(run: Run) -> list[Related]:
    """Related collections that this run may read; worked out once per run."""
    if "related" not in run.worked_out:
        run.worked_out["related"] = list(_related(run))
    found: list[Related] = run.worked_out["related"]
    return found


def _related(run: Run) -> Iterator[Related]:
    books = _books(run)
    for name, expect in EXPECTED.items():
        operation = next((found for found in run.standard.operations if found.name == name), None)
        if operation is None:
            continue
        collection = run.survey.collections.get(operation.payload_key)
        if operation.payload_key in OPTIONAL and (collection is None or not collection.is_read):
            continue
        for ids in _parents(run, books, operation):
            path = operation.path
            for parameter, value in zip(operation.parameters, ids, strict=True):
                path = path.replace(f"{{{parameter}}}", escaped(value))
            yield operation, path, *expect(books, ids)


@check(
    "relationship.members", severity="error", section=SECTION,
    why="A class list that differs from the enrollments shows a lesson to the wrong people.",
)  # fmt: skip
def related_collections_hold_their_members(run: Run) -> Iterator[Notice]:
    """A related collection holds what the collections say belongs there."""
    if not run.sign_in.may("roster.readonly"):
        raise Skip("the token lacks roster.readonly")
    for operation, path, least, most in related_paths(run):
        found = run.ids(path, operation.payload_key)
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


@check(
    "relationship.unknown-parent-status", severity="info", section=SECTION + " (UNCONFIRMED)",
    why="A misspelt school and a school without classes look the same.", remedy="read the parent first",
)  # fmt: skip
def an_unknown_parent_is_told(run: Run) -> Iterator[Notice]:
    """A related collection of an unknown parent is not an empty list."""
    run.collection("orgs")
    page = run.get("/schools/no-such-school-1000000/classes", {"limit": 1})
    if page.status == 200 and b'"sourcedId"' not in page.body:
        yield at(page, "an unknown parent looks empty", expected="404", observed="200 and an empty list")
