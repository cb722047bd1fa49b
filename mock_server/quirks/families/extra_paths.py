"""Quirks that the application itself reads: paths beside the standard's, and withheld resources that look empty."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import orjson

from mock_server.quirks.hooks import ApiRequest, Query, Quirk, WholeAnswer, quirk

if TYPE_CHECKING:
    from mock_server.provider import Provider

CAMPUS_VERSION = "2235"


@quirk("endpoint.split-enrollments")
class SplitEnrollments(Quirk):
    """/studentEnrollments and /teacherEnrollments are served (D146), each with the enrollments of its role; the application routes them."""


@quirk("permission.forbidden-as-empty")
class ForbiddenAsEmpty(Quirk):
    """A withheld resource answers 200 and nothing (D33); without a withheld setting enrollments look empty."""

    def query(self, query: Query, collection: str, provider: Provider) -> Query:
        """Hide the enrollments when no setting says which collection is withheld."""
        if collection == "enrollments" and not provider.vendor.withheld:
            return replace(query, filter="sourcedId='no such record'")
        return query


@quirk("endpoint.people-by-kind")
class PeopleByKind(Quirk):
    """/administrators, /guardians, /relatives and /districts are served beside the standard's views; the application routes them.

    So is /campusVersion, whose form is assumed; a version that has no OneRoster API answers it as little as anything else.
    """

    def answer(self, asked: ApiRequest, answer: WholeAnswer) -> WholeAnswer:
        """Tell the version where the API has no such path."""
        if asked.segment != "campusVersion" or answer.status != 404 or b"no such path" not in answer.body:
            return answer
        return WholeAnswer(200, answer.headers, orjson.dumps({"campusVersion": CAMPUS_VERSION}))
