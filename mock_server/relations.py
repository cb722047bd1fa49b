"""Members of related collections: which rows belong to a school, a class, a term, a course or a person.

Called by the provider; one function per operation of the standard, found by its name. Enrollments flagged for
deletion do not count as membership (the standard is silent: our choice).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from mock_server.answers import unknown_object
from mock_server.collections import Numbers, numbers
from mock_server.columns import has_value

if TYPE_CHECKING:
    from mock_server.provider import Provider

Parameters = Mapping[str, str]
Members = Callable[["Provider", Parameters], Numbers]
RELATIONS: dict[str, Members] = {}


def _relation(*names: str) -> Callable[[Members], Members]:
    def register(function: Members) -> Members:
        for name in names:
            RELATIONS[name] = function
        return function

    return register


def require(provider: Provider, segment: str, sourced_id: str) -> int:
    """Row of a parent object, through its typed view.

    Raises Refusal 404.
    """
    collection, item, value = provider.standard.views.get(segment, (segment, "", ""))
    row = provider.rows(collection).find(sourced_id)
    if row is None or (item and not has_value(provider.columns(collection).value(item, row), value)):
        raise unknown_object(f"no such object under /{segment}")
    return row


def _where(provider: Provider, collection: str, path: str, value: str) -> Numbers:
    return provider.columns(collection).rows_with(path, value)


def _ids(provider: Provider, collection: str, path: str, rows: Numbers) -> set[str]:
    found: set[str] = set()
    for value in provider.columns(collection).values(path, rows):
        found.update(str(one) for one in value) if isinstance(value, list) else found.add(str(value))
    return found


def _rows_of(provider: Provider, collection: str, ids: Iterable[str]) -> Numbers:
    rows = provider.rows(collection)
    return numbers(sorted(row for row in map(rows.find, ids) if row is not None))


def _with_value(provider: Provider, collection: str, path: str, value: str, rows: Numbers) -> Numbers:
    held = provider.columns(collection).values(path, rows)
    return rows[np.fromiter((one == value for one in held), np.bool_, len(rows))]


def _live(provider: Provider, rows: Numbers) -> Numbers:
    status = provider.columns("enrollments").values("status", rows)
    return rows[np.fromiter((one != "tobedeleted" for one in status), np.bool_, len(rows))]


def _school(provider: Provider, parameters: Parameters) -> str:
    school = parameters["schoolSourcedId"]
    require(provider, "schools", school)
    return school


def _class_in_school(provider: Provider, parameters: Parameters) -> str:
    school = _school(provider, parameters)
    found = parameters["classSourcedId"]
    row = require(provider, "classes", found)
    if provider.columns("classes").value("school.sourcedId", row) != school:
        raise unknown_object("the class is not of this school")
    return found


def _seated(provider: Provider, class_id: str, role: str) -> Numbers:
    seats = _live(provider, _where(provider, "enrollments", "class.sourcedId", class_id))
    seats = _with_value(provider, "enrollments", "role", role, seats)
    people = _ids(provider, "enrollments", "user.sourcedId", seats)
    return _rows_of(provider, "users", people)


@_relation("getCoursesForSchool")
def _courses_of_school(provider: Provider, parameters: Parameters) -> Numbers:
    # A school's courses are those it owns and those of its classes; the standard does not define it.
    school = _school(provider, parameters)
    taught = _ids(
        provider, "classes", "course.sourcedId", _where(provider, "classes", "school.sourcedId", school)
    )
    return np.union1d(_where(provider, "courses", "org.sourcedId", school), _rows_of(provider, "courses", taught))


@_relation("getClassesForSchool")
def _classes_of_school(provider: Provider, parameters: Parameters) -> Numbers:
    return _where(provider, "classes", "school.sourcedId", _school(provider, parameters))


@_relation("getEnrollmentsForSchool")
def _enrollments_of_school(provider: Provider, parameters: Parameters) -> Numbers:
    return _live(provider, _where(provider, "enrollments", "school.sourcedId", _school(provider, parameters)))


def _people_of_school(provider: Provider, parameters: Parameters, role: str) -> Numbers:
    school = _school(provider, parameters)
    if provider.spec == "1.1":
        return _where(provider, "users", "orgs.sourcedId", school)
    # In 1.2 a person's roles differ by org: the role must be held at this school.
    here = _where(provider, "users", "roles.org.sourcedId", school)
    roles = map(_listed, provider.columns("users").values("roles.role", here))
    orgs = map(_listed, provider.columns("users").values("roles.org.sourcedId", here))
    held = [(role, school) in zip(own, places, strict=True) for own, places in zip(roles, orgs, strict=True)]
    return here[np.array(held, np.bool_)]


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


@_relation("getStudentsForSchool")
def _students_of_school(provider: Provider, parameters: Parameters) -> Numbers:
    return _people_of_school(provider, parameters, "student")


@_relation("getTeachersForSchool")
def _teachers_of_school(provider: Provider, parameters: Parameters) -> Numbers:
    return _people_of_school(provider, parameters, "teacher")


@_relation("getTermsForSchool")
def _terms_of_school(provider: Provider, parameters: Parameters) -> Numbers:
    # Sessions carry no org: a school's terms are those of its classes.
    classes = _where(provider, "classes", "school.sourcedId", _school(provider, parameters))
    return _rows_of(provider, "academicSessions", _ids(provider, "classes", "terms.sourcedId", classes))


@_relation("getEnrollmentsForClassInSchool")
def _enrollments_of_class(provider: Provider, parameters: Parameters) -> Numbers:
    return _live(
        provider, _where(provider, "enrollments", "class.sourcedId", _class_in_school(provider, parameters))
    )


@_relation("getStudentsForClassInSchool")
def _students_of_class_in_school(provider: Provider, parameters: Parameters) -> Numbers:
    return _seated(provider, _class_in_school(provider, parameters), "student")


@_relation("getTeachersForClassInSchool")
def _teachers_of_class_in_school(provider: Provider, parameters: Parameters) -> Numbers:
    return _seated(provider, _class_in_school(provider, parameters), "teacher")


@_relation("getClassesForTerm")
def _classes_of_term(provider: Provider, parameters: Parameters) -> Numbers:
    require(provider, "terms", parameters["termSourcedId"])
    return _where(provider, "classes", "terms.sourcedId", parameters["termSourcedId"])


@_relation("getGradingPeriodsForTerm")
def _grading_periods_of_term(provider: Provider, parameters: Parameters) -> Numbers:
    require(provider, "terms", parameters["termSourcedId"])
    return _where(provider, "academicSessions", "parent.sourcedId", parameters["termSourcedId"])


@_relation("getClassesForCourse")
def _classes_of_course(provider: Provider, parameters: Parameters) -> Numbers:
    require(provider, "courses", parameters["courseSourcedId"])
    return _where(provider, "classes", "course.sourcedId", parameters["courseSourcedId"])


def _classes_of_person(provider: Provider, segment: str, person: str) -> Numbers:
    require(provider, segment, person)
    seats = _live(provider, _where(provider, "enrollments", "user.sourcedId", person))
    return _rows_of(provider, "classes", _ids(provider, "enrollments", "class.sourcedId", seats))


@_relation("getClassesForStudent")
def _classes_of_student(provider: Provider, parameters: Parameters) -> Numbers:
    return _classes_of_person(provider, "students", parameters["studentSourcedId"])


@_relation("getClassesForTeacher")
def _classes_of_teacher(provider: Provider, parameters: Parameters) -> Numbers:
    return _classes_of_person(provider, "teachers", parameters["teacherSourcedId"])


@_relation("getClassesForUser")
def _classes_of_user(provider: Provider, parameters: Parameters) -> Numbers:
    return _classes_of_person(provider, "users", parameters["userSourcedId"])


@_relation("getStudentsForClass")
def _students_of_class(provider: Provider, parameters: Parameters) -> Numbers:
    require(provider, "classes", parameters["classSourcedId"])
    return _seated(provider, parameters["classSourcedId"], "student")


@_relation("getTeachersForClass")
def _teachers_of_class(provider: Provider, parameters: Parameters) -> Numbers:
    require(provider, "classes", parameters["classSourcedId"])
    return _seated(provider, parameters["classSourcedId"], "teacher")


@_relation("getResourcesForCourse")
def _resources_of_course(provider: Provider, parameters: Parameters) -> Numbers:
    row = require(provider, "courses", parameters["courseSourcedId"])
    return _linked_resources(provider, "courses", row)


@_relation("getResourcesForUser")
def _resources_of_user(provider: Provider, parameters: Parameters) -> Numbers:
    row = require(provider, "users", parameters["userSourcedId"])
    return _linked_resources(provider, "users", row)


@_relation("getResourcesForClass")
def _resources_of_class(provider: Provider, parameters: Parameters) -> Numbers:
    row = require(provider, "classes", parameters["classSourcedId"])
    return _linked_resources(provider, "classes", row)


def _linked_resources(provider: Provider, collection: str, row: int) -> Numbers:
    linked = provider.columns(collection).value("resources.sourcedId", row)
    return _rows_of(
        provider, "resources", [str(found) for found in linked] if isinstance(linked, list) else []
    )


@_relation("getCategoriesForClass")
def _categories_of_class(provider: Provider, parameters: Parameters) -> Numbers:
    # A category names no class: whatever the district has can be given to a line item of any class (our choice).
    require(provider, "classes", parameters["classSourcedId"])
    return np.arange(len(provider.rows("categories")), dtype=np.int32)


@_relation("getScoreScalesForClass")
def _score_scales_of_class(provider: Provider, parameters: Parameters) -> Numbers:
    require(provider, "classes", parameters["classSourcedId"])
    return _where(provider, "scoreScales", "class.sourcedId", parameters["classSourcedId"])


@_relation("getScoreScalesForSchool")
def _score_scales_of_school(provider: Provider, parameters: Parameters) -> Numbers:
    # A score scale names a class and no school: a school's scales are those of its classes.
    classes = _where(provider, "classes", "school.sourcedId", _school(provider, parameters))
    return _of_each(provider, "scoreScales", "class.sourcedId", _ids(provider, "classes", "sourcedId", classes))


def _of_each(provider: Provider, collection: str, path: str, values: Iterable[str]) -> Numbers:
    return np.sort(np.concatenate([numbers([]), *(_where(provider, collection, path, value) for value in values)]))


def _items_of_class(provider: Provider, parameters: Parameters) -> Numbers:
    require(provider, "classes", parameters["classSourcedId"])
    return _where(provider, "lineItems", "class.sourcedId", parameters["classSourcedId"])


def _results_of_class_rows(provider: Provider, parameters: Parameters) -> Numbers:
    items = _ids(provider, "lineItems", "sourcedId", _items_of_class(provider, parameters))
    return _of_each(provider, "results", "lineItem.sourcedId", items)


@_relation("getLineItemsForClass")
def _line_items_of_class(provider: Provider, parameters: Parameters) -> Numbers:
    return _items_of_class(provider, parameters)


@_relation("getResultsForClass")
def _results_of_class(provider: Provider, parameters: Parameters) -> Numbers:
    return _results_of_class_rows(provider, parameters)


@_relation("getResultsForLineItemForClass")
def _results_of_line_item(provider: Provider, parameters: Parameters) -> Numbers:
    row = require(provider, "lineItems", parameters["lineItemSourcedId"])
    if row not in _items_of_class(provider, parameters):
        raise unknown_object("the line item is not of this class")
    return _where(provider, "results", "lineItem.sourcedId", parameters["lineItemSourcedId"])


@_relation("getResultsForStudentForClass")
def _results_of_student(provider: Provider, parameters: Parameters) -> Numbers:
    require(provider, "students", parameters["studentSourcedId"])
    own = _where(provider, "results", "student.sourcedId", parameters["studentSourcedId"])
    return np.intersect1d(_results_of_class_rows(provider, parameters), own)
