"""All records of a district by collection, in order of sourcedId, in the JSON shape of the standard.

Called by the writers of CSV and store: both read this one stream.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time
from typing import Any

from data_gen.classes import classes
from data_gen.courses import courses
from data_gen.demographics import demographics
from data_gen.enrollments import enrollments
from data_gen.gradebook import categories, line_items, results
from data_gen.organisations import orgs
from data_gen.people import users
from data_gen.references import Stamps
from data_gen.resources import resources
from data_gen.school_year import academic_sessions
from data_gen.shape import District

Record = dict[str, Any]
MAKERS: dict[str, Callable[[District, Stamps], Iterator[Record]]] = {
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


def records(district: District, collection: str) -> Iterator[Record]:
    """Records of one collection; KeyError for an unknown name."""
    as_of = datetime.combine(district.as_of, time(), tzinfo=UTC)
    return MAKERS[collection](district, Stamps(district.draws, as_of))
