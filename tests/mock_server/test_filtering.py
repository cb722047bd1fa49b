"""Filters of the reference provider equal an evaluation over the whole collection that is written here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.mock_server.conftest import Whole
from tests.mock_server.wire import Wire, ids, status_of

FREE_TEXT = {
    "users": ["familyName", "givenName", "email", "username"],
    "classes": ["title", "classCode", "location"],
}
TOKENS = {"users": ["role", "enabledUser", "sourcedId"], "classes": ["classType", "sourcedId"]}
INSTANTS = ["dateLastModified"]
LISTS = {"users": ["grades"], "classes": ["grades", "subjects", "periods", "subjectCodes"]}
REFERENCES = {
    "users": ["orgs.sourcedId"],
    "classes": ["school.sourcedId", "terms.sourcedId", "course.sourcedId"],
}
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    "~": lambda a, b: b in a,
}
Record = dict[str, Any]


def instant(text: str) -> datetime:
    """A moment of the standard's forms."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def reached(record: Record, path: str) -> list[str]:
    """Texts behind a dotted path."""
    head, _, rest = path.partition(".")
    found = record.get(head)
    items = found if isinstance(found, list) else [] if found is None else [found]
    return [item[rest] if rest else item for item in items]


def holds(collection: str, record: Record, field: str, op: str, value: str) -> bool:
    """Whether one predicate selects a record; != is all that = does not select."""
    if op == "!=":
        return not holds(collection, record, field, "=", value)
    found = reached(record, field)
    if field in LISTS[collection]:
        own, wanted = {one.casefold() for one in found}, {one.casefold() for one in value.split(",")}
        return bool(own & wanted) if op == "~" else wanted <= own
    if field in INSTANTS:
        return any(COMPARE[op](instant(one), instant(value)) for one in found)
    if field in FREE_TEXT[collection]:
        return any(COMPARE[op](one.casefold(), value.casefold()) for one in found)
    return any(COMPARE[op](one, value) for one in found)


@st.composite
def predicates(draw: st.DrawFn, collection: str, records: list[Record]) -> tuple[str, str, str]:
    """Field, operator and a value that some record has, at times changed."""
    lists, instants = LISTS[collection], INSTANTS
    field = draw(
        st.sampled_from(
            [*FREE_TEXT[collection], *TOKENS[collection], *instants, *lists, *REFERENCES[collection]]
        )
    )
    equality = field in lists or field in REFERENCES[collection] or field in TOKENS[collection]
    op = draw(st.sampled_from(["=", "!=", "~"] if equality else ["=", "!=", ">", ">=", "<", "<=", "~"]))
    if op == "~" and field in instants:
        op = ">"
    own = [one for record in records for one in reached(record, field)] or ["x"]
    value = draw(st.sampled_from(own))
    if field in lists and draw(st.booleans()):
        value = f"{value},{draw(st.sampled_from(own))}"
    elif op == "~" and field not in lists:
        start = draw(st.integers(0, max(len(value) - 2, 0)))
        value = value[start : start + draw(st.integers(1, 4))]
    if field in instants and draw(st.booleans()):
        value = value[:10]
    if field in FREE_TEXT[collection] and draw(st.booleans()):
        value = value.swapcase()
    return field, op, value.replace("'", "")


@pytest.mark.parametrize("collection", ["users", "classes"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_filter_selects_what_its_meaning_says(
    wires: dict[str, Wire], whole: Whole, collection: str, data: st.DataObject
) -> None:
    records = whole("reference", collection)
    drawn = data.draw(st.lists(predicates(collection, records), min_size=1, max_size=2))
    joined = data.draw(st.sampled_from(["AND", "OR"]))
    text = f" {joined} ".join(f"{field}{op}'{value}'" for field, op, value in drawn)
    every = all if joined == "AND" else any
    expected = [
        record["sourcedId"]
        for record in records
        if every(holds(collection, record, *predicate) for predicate in drawn)
    ]
    answer = wires["reference"].get(f"/{collection}", filter=text, limit=5000)
    assert ids(answer.json()[collection]) == expected, text
    assert answer.headers["X-Total-Count"] == str(len(expected))


@settings(max_examples=15, deadline=None)
@given(data=st.data(), limit=st.integers(1, 20))
def test_pages_of_a_filtered_collection_partition_it(
    wires: dict[str, Wire], whole: Whole, data: st.DataObject, limit: int
) -> None:
    enrollments = whole("reference", "enrollments")
    school = data.draw(st.sampled_from(sorted({one["school"]["sourcedId"] for one in enrollments})))
    asked = f"school.sourcedId='{school}' AND role='teacher'"
    expected = [
        one for one in enrollments if one["school"]["sourcedId"] == school and one["role"] == "teacher"
    ]
    seen = []
    for offset in range(0, len(expected) + 1, limit):
        page = wires["reference"].get("/enrollments", filter=asked, limit=limit, offset=offset)
        seen += page.json()["enrollments"]
        assert page.headers["X-Total-Count"] == str(len(expected))
    assert seen == expected


@pytest.mark.parametrize("op", [">", ">=", "<", "<=", "=", "!="])
def test_numbers_are_compared_as_numbers(reference: Wire, whole: Whole, op: str) -> None:
    results = whole("reference", "results")
    bound = 9.5
    expected = [
        one for one in results if (one["score"] != bound if op == "!=" else COMPARE[op](one["score"], bound))
    ]
    assert reference.records("/results", filter=f"score{op}'9.5'") == expected


def test_dates_are_compared_as_days(reference: Wire, whole: Whole) -> None:
    expected = [one for one in whole("reference", "academicSessions") if one["startDate"] > "2026-09-01"]
    assert expected
    assert reference.records("/academicSessions", filter="startDate>'2026-09-01'") == expected


def test_a_metadata_key_with_dots_can_be_filtered(reference: Wire, whole: Whole) -> None:
    marked = [one for one in whole("reference", "orgs") if "metadata" in one]
    key, value = next(iter(marked[0]["metadata"].items()))
    assert reference.records("/orgs", filter=f"metadata.{key}='{value}'") == marked


@pytest.mark.parametrize(
    "raw",
    [
        "filter=role='teacher'%20AND%20status='active'",
        "filter=role%3D%27teacher%27+AND+status%3D%27active%27",
        "filter=role%3D'teacher' AND status='active'",
    ],
)
def test_quotes_and_blanks_may_be_raw_or_encoded(reference: Wire, whole: Whole, raw: str) -> None:
    expected = [one for one in whole("reference", "users") if one["role"] == "teacher"]
    assert reference.call("GET", f"/users?limit=1000&{raw}").json()["users"] == expected


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("shoeSize='42'", "invalid_filter_field"),
        ("school.shoeSize='42'", "invalid_filter_field"),
        ("role=teacher", "invalid data"),
        ("role = 'teacher'", "invalid data"),
        ("role='teacher' and status='active'", "invalid data"),
        ("role='a' OR role='b' OR role='c'", "invalid data"),
        ("dateLastModified>'yesterday'", "invalid data"),
        ("", "invalid data"),
    ],
)
def test_a_filter_that_cannot_be_carried_out_is_refused(reference: Wire, text: str, minor: str) -> None:
    answer = reference.get("/classes", filter=text)
    assert status_of(answer) == (400, "failure", "error", minor)


def test_a_filter_narrows_a_typed_view_and_a_relationship(reference: Wire, whole: Whole) -> None:
    students = [
        one
        for one in whole("reference", "users")
        if one["role"] == "student" and "09" in one.get("grades", [])
    ]
    assert students
    assert reference.records("/students", "users", filter="grades~'09'") == students
    school = students[0]["orgs"][0]["sourcedId"]
    expected = [one for one in students if school in reached(one, "orgs.sourcedId")]
    assert reference.records(f"/schools/{school}/students", "users", filter="grades~'09'") == expected
