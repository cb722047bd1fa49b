"""All records of a district by version and collection, in order of sourcedId, in the JSON shape of the standard.

Called by the writers of CSV and store: both read this one stream.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time
from itertools import islice
from typing import Any

from data_gen.class_rows import class_lines, class_resource_lines, class_rows
from data_gen.classes import classes
from data_gen.columns import Lines
from data_gen.courses import courses
from data_gen.demographics import demographic_lines, demographic_rows, demographics
from data_gen.enrollments import enrollment_lines, enrollment_rows, enrollments
from data_gen.gradebook import categories, line_items
from data_gen.organisations import orgs
from data_gen.people import user_lines, user_rows, users
from data_gen.references import Stamps
from data_gen.resources import resources
from data_gen.result_rows import result_lines, result_rows, results
from data_gen.school_year import academic_sessions
from data_gen.shape import District
from data_gen.v1p2.assessments import assessment_line_items, assessment_results
from data_gen.v1p2.gradebook import categories_1p2, line_items_1p2, results_1p2
from data_gen.v1p2.mapping import mapped, resolver
from data_gen.v1p2.people import users_1p2
from data_gen.v1p2.score_scales import score_scales
from oneroster_standard.marks import render
from oneroster_standard.store import SEPARATOR

Record = dict[str, Any]
Maker = Callable[[District, Stamps], Iterator[Record]]
MAKERS: dict[str, Maker] = {
    "orgs": orgs,
    "academicSessions": academic_sessions,
    "courses": courses,
    "classes": classes,
    "users": users,
    "enrollments": enrollments,
    "demographics": demographics,
    "resources": resources,
    "categories": categories,
    "lineItems": line_items,
    "results": results,
}

"""Collections of 1.1."""


def _courses_1p2(district: District, stamps: Stamps) -> Iterator[Record]:
    return mapped("courses", courses(district, stamps), resolver(district))


def _classes_1p2(district: District, stamps: Stamps) -> Iterator[Record]:
    return mapped("classes", classes(district, stamps), resolver(district))


MAKERS_1P2: dict[str, Maker] = {
    "courses": _courses_1p2,
    "classes": _classes_1p2,
    "users": users_1p2,
    "categories": categories_1p2,
    "lineItems": line_items_1p2,
    "results": results_1p2,
    "scoreScales": score_scales,
    "assessmentLineItems": assessment_line_items,
    "assessmentResults": assessment_results,
}
"""Collections of 1.2 whose records differ from those of 1.1, be it by the service of a reference; the others do not."""


ROWS: dict[tuple[str, str], Callable[[District, Stamps], Iterator[Lines]]] = {
    ("1.1", "enrollments"): enrollment_rows,
    ("1.1", "demographics"): demographic_rows,
    ("1.1", "users"): user_rows,
    ("1.1", "results"): result_rows,
    ("1.1", "classes"): class_rows,
}
"""Version and collection -> its records rendered at once, where there are many; of the others each is rendered."""
LINES: dict[tuple[str, str], Callable[[District], Iterator[Lines]]] = {
    ("1.1", "enrollments.csv"): enrollment_lines,
    ("1.2", "enrollments.csv"): enrollment_lines,
    ("1.1", "demographics.csv"): demographic_lines,
    ("1.1", "users.csv"): user_lines,
    ("1.1", "results.csv"): result_lines,
    ("1.1", "classes.csv"): class_lines,
    ("1.1", "classResources.csv"): class_resource_lines,
    ("1.2", "classResources.csv"): class_resource_lines,
    ("1.2", "demographics.csv"): demographic_lines,
}
"""Version and file -> its rows rendered at once."""
BATCH = 1024


def _stamps(district: District) -> Stamps:
    return Stamps(district.draws, datetime.combine(district.as_of, time(), tzinfo=UTC))


def records(district: District, collection: str, version: str = "1.1") -> Iterator[Record]:
    """Records of one collection as a version has them; KeyError for an unknown name."""
    own = MAKERS_1P2 if version == "1.2" else {}
    return (own.get(collection) or MAKERS[collection])(district, _stamps(district))


def rendered(district: District, collection: str, version: str = "1.1") -> Iterator[Lines]:
    """The same records as the store holds them, each with its separator, many at a time."""
    at_once = ROWS.get((version, collection))
    if at_once:
        yield from at_once(district, _stamps(district))
        return
    found = records(district, collection, version)
    while batch := list(islice(found, BATCH)):
        yield Lines.of([render(record) + SEPARATOR for record in batch])
