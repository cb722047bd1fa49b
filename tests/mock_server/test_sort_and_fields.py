"""Order and projection of the reference provider."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.mock_server.conftest import Whole
from tests.mock_server.wire import Wire, ids, status_of

SORTS = [("users", "familyName"), ("users", "email"), ("classes", "title"), ("enrollments", "dateLastModified"), ("results", "score"), ("academicSessions", "startDate")]  # fmt: skip


def folded(value: Any) -> Any:
    """Text without its case; numbers as they are."""
    return value.casefold() if isinstance(value, str) else value


@pytest.mark.parametrize(("collection", "field"), SORTS)
@pytest.mark.parametrize("direction", [None, "asc", "desc"])
def test_records_come_in_order_and_none_is_lost(
    reference: Wire, whole: Whole, collection: str, field: str, direction: str | None
) -> None:
    asked = {"sort": field} | ({"orderBy": direction} if direction else {})
    found = reference.records(f"/{collection}", **asked)
    values = [folded(one[field]) for one in found if one.get(field) is not None]
    assert values == sorted(values, reverse=direction == "desc")
    assert sorted(ids(found)) == sorted(ids(whole("reference", collection)))


def test_pages_of_a_sorted_collection_partition_it(reference: Wire) -> None:
    expected = reference.records("/users", sort="familyName", orderBy="desc")
    pages = [
        reference.records("/users", sort="familyName", orderBy="desc", limit=50, offset=at)
        for at in (0, 50, 100, 150)
    ]
    assert [one for page in pages for one in page] == expected


def test_without_a_sort_records_come_by_sourced_id(whole: Whole) -> None:
    found = ids(whole("reference", "enrollments"))
    assert found == sorted(found, key=str.encode)


def test_an_unknown_sort_field_is_a_warning_beside_the_data(reference: Wire, whole: Whole) -> None:
    answer = reference.get("/orgs", sort="shoeSize")
    assert answer.json()["orgs"] == whole("reference", "orgs")
    assert status_of(answer) == (200, "success", "warning", "invalid_sort_field")


@settings(max_examples=15, deadline=None)
@given(
    names=st.lists(
        st.sampled_from(["sourcedId", "givenName", "orgs", "userIds", "sms", "metadata"]),
        min_size=1,
        unique=True,
    )
)
def test_exactly_the_named_fields_come_back(wires: dict[str, Wire], whole: Whole, names: list[str]) -> None:
    found = wires["reference"].records("/users", fields=",".join(names))
    assert found == [
        {name: value for name, value in one.items() if name in names} for one in whole("reference", "users")
    ]


def test_fields_work_on_a_single_object_and_encoded(reference: Wire) -> None:
    user = reference.first("/users")
    answer = reference.call("GET", f"/users/{user['sourcedId']}?fields=role%2CfamilyName")
    assert answer.json() == {"user": {name: user[name] for name in ("familyName", "role")}}


def test_an_unknown_field_gives_whole_records_and_a_warning(reference: Wire, whole: Whole) -> None:
    answer = reference.get("/orgs", fields="name,shoeSize")
    assert answer.json()["orgs"] == whole("reference", "orgs")
    assert status_of(answer) == (200, "success", "warning", "invalid_selection_field")


@pytest.mark.parametrize("path", ["/orgs?fields=", "/orgs?fields=,", "/orgs/{id}?fields="])
def test_blank_fields_are_refused(reference: Wire, path: str) -> None:
    answer = reference.call("GET", path.format(id=reference.first("/orgs")["sourcedId"]))
    assert status_of(answer) == (400, "failure", "error", "invalid_blank_selection_field")
