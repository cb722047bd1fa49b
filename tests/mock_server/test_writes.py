"""Gradebook writes of the reference provider."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
import requests

from mock_server.mock_process import RunningMock
from tests.mock_server.conftest import Whole
from tests.mock_server.wire import Wire, ids, status_of

Body = dict[str, Any]


def line_item(whole: Whole, **more: Any) -> Body:
    """A line item as lenient clients send it: references hold a sourcedId only, no status, no stamp."""
    first = whole("reference", "lineItems")[0]
    bare = {name: {"sourcedId": first[name]["sourcedId"]} for name in ("class", "category", "gradingPeriod")}
    return {
        "title": "Essay", "assignDate": "2026-10-01", "dueDate": "2026-10-08T00:00:00.000Z", "resultValueMin": 0,
        "resultValueMax": 10, **bare, **more,
    }  # fmt: skip


def put(wire: Wire, path: str, key: str, body: Any, **more: Any) -> requests.Response:
    """PUT a body in its envelope."""
    return wire.call("PUT", path, json={key: body}, **more)


def test_put_creates_with_201_and_replaces_with_200(reference: Wire, whole: Whole) -> None:
    answers = [
        put(reference, "/lineItems/own-1", "lineItem", line_item(whole, title=title))
        for title in ("One", "Two")
    ]
    assert [(answer.status_code, answer.content) for answer in answers] == [(201, b""), (200, b"")]
    assert reference.get("/lineItems/own-1").json()["lineItem"]["title"] == "Two"


def test_what_was_written_is_read_back_complete(reference: Wire, whole: Whole) -> None:
    like = whole("reference", "lineItems")[0]
    put(reference, "/lineItems/own-1", "lineItem", line_item(whole))
    found = reference.get("/lineItems/own-1").json()["lineItem"]
    assert found["status"] == "active" and found["dateLastModified"].endswith("Z")
    for name in ("class", "category", "gradingPeriod"):
        assert found[name] == like[name]
    assert found["assignDate"] == "2026-10-01T00:00:00.000Z"
    assert reference.records("/lineItems", filter="title='Essay'") == [found]
    assert "own-1" in ids(reference.records(f"/classes/{like['class']['sourcedId']}/lineItems", "lineItems"))
    assert reference.get("/lineItems", limit=1).headers["X-Total-Count"] == str(
        len(whole("reference", "lineItems")) + 1
    )


def test_a_category_and_a_result_can_be_written(reference: Wire, whole: Whole) -> None:
    assert put(reference, "/categories/own-1", "category", {"title": "Debates"}).status_code == 201
    result = whole("reference", "results")[0]
    bare = {name: {"sourcedId": result[name]["sourcedId"]} for name in ("lineItem", "student")}
    body = {**bare, "scoreStatus": "exempt", "score": 120.5, "scoreDate": "2026-10-09T12:30:00Z"}
    assert put(reference, "/results/own-1", "result", body).status_code == 201
    found = reference.get("/results/own-1").json()["result"]
    assert (found["score"], found["scoreStatus"], found["scoreDate"]) == (120.5, "exempt", "2026-10-09")


def test_delete_answers_204_and_hides_the_object(reference: Wire, whole: Whole) -> None:
    item = whole("reference", "lineItems")[0]
    path = f"/lineItems/{item['sourcedId']}"
    assert (reference.call("DELETE", path).status_code, reference.get(path).status_code) == (204, 404)
    assert item["sourcedId"] not in ids(reference.records("/lineItems"))
    assert item["sourcedId"] not in ids(
        reference.records(f"/classes/{item['class']['sourcedId']}/lineItems", "lineItems")
    )
    assert status_of(reference.call("DELETE", path)) == (404, "failure", "error", "unknown object")


def test_a_reset_takes_back_what_was_written(
    oneroster_mock: RunningMock, reference: Wire, whole: Whole
) -> None:
    before = whole("reference", "categories")
    put(reference, "/categories/own-1", "category", {"title": "Debates"})
    reference.call("DELETE", f"/categories/{before[0]['sourcedId']}")
    assert reference.records("/categories") != before
    oneroster_mock.reset()
    assert reference.records("/categories") == before


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"sourcedId": "another"}, "sourcedId"),
        ({"title": None}, "title"),
        ({"class": {"sourcedId": "nowhere"}}, "class"),
        ({"class": "cls-1"}, "class"),
        ({"dueDate": "soon"}, "dueDate"),
        ({"resultValueMax": "ten"}, "resultValueMax"),
        ({"status": "gone"}, "status"),
    ],
)
def test_a_body_that_cannot_be_kept_is_422_and_names_the_property(
    reference: Wire, whole: Whole, change: Body, named: str
) -> None:
    answer = put(reference, "/lineItems/own-1", "lineItem", line_item(whole, **change))
    assert status_of(answer) == (422, "failure", "error", "invalid data")
    assert named in answer.json()["imsx_description"]
    assert reference.get("/lineItems/own-1").status_code == 404


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"lineItems": {}}', b'{"lineItem": []}', b"\xff"])
def test_a_body_without_the_envelope_is_400(reference: Wire, body: bytes) -> None:
    answer = reference.call("PUT", "/lineItems/own-1", data=body)
    assert status_of(answer) == (400, "failure", "error", "invalid data")


@pytest.mark.parametrize(
    ("method", "scopes"),
    [
        ("PUT", ("gradebook.readonly",)), ("PUT", ("gradebook.delete",)), ("DELETE", ("gradebook.readonly",)),
        ("DELETE", ("gradebook.createput",)), ("GET", ("gradebook.createput", "gradebook.delete")),
    ],
)  # fmt: skip
def test_each_method_needs_its_own_scope(
    reference: Wire, whole: Whole, method: str, scopes: tuple[str, ...]
) -> None:
    path = f"/categories/{whole('reference', 'categories')[0]['sourcedId']}"
    answer = reference.call(method, path, scopes=scopes, json={"category": {"title": "x"}})
    assert status_of(answer) == (403, "failure", "error", "forbidden")


@pytest.mark.parametrize("vendor", ["powerschool", "infinite-campus", "classlink"])
def test_vendors_that_only_roster_have_no_gradebook(wires: dict[str, Wire], vendor: str) -> None:
    assert wires[vendor].get("/lineItems").status_code == 404


@pytest.mark.parametrize(
    "sourced_id", ["a b", "x?y&z", "100%", "ü-é", "'quoted'", '"', "..", "a%2Fb", "i" * 255]
)
def test_an_id_of_any_letters_can_be_written_read_found_and_removed(reference: Wire, sourced_id: str) -> None:
    path = f"/categories/{quote(sourced_id, safe='')}"
    if sourced_id == "..":
        path = "/categories/%2E%2E"
    assert put(reference, path, "category", {"title": "Odd"}).status_code == 201
    assert reference.get(path).json()["category"]["sourcedId"] == sourced_id
    assert sourced_id in ids(reference.records("/categories", filter="title='Odd'"))
    assert reference.call("DELETE", path).status_code == 204


@pytest.mark.parametrize("path", ["/categories/" + "i" * 256, "/categories/%FF"])
def test_an_id_that_cannot_be_one_is_refused(reference: Wire, path: str) -> None:
    assert put(reference, path, "category", {"title": "Odd"}).status_code in (400, 422)
