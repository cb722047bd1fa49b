"""POST of 1.2: several objects under a parent, all or none, each with an id that the server gives."""

from __future__ import annotations

from typing import Any

import pytest

from mock_server.mock_process import RunningMock
from tests.mock_server.test_writes_1p2 import bare, body_of
from tests.mock_server.versions import Client, minor_of
from tests.mock_server.wire import ids

Body = dict[str, Any]
OPERATIONS = {
    "postLineItemsForClass": "lineItems",
    "postLineItemsForSchool": "lineItems",
    "postResultsForLineItem": "results",
    "postResultsForAcademicSessionForClass": "results",
}


@pytest.fixture
def client(clients: dict[str, Client]) -> Client:
    """The reference provider's 1.2."""
    return clients["1.2"]


def parents(client: Client, name: str) -> list[str]:
    """Ids of an operation's path that fit the first line item."""
    item = client.whole("lineItems")[0]
    class_id = item["class"]["sourcedId"]
    return {
        "postLineItemsForClass": [class_id],
        "postLineItemsForSchool": [item["school"]["sourcedId"]],
        "postResultsForLineItem": [item["sourcedId"]],
        "postResultsForAcademicSessionForClass": [class_id, item["academicSession"]["sourcedId"]],
    }[name]


def body_for(client: Client, name: str, sourced_id: str, **more: Any) -> Body:
    """An object as a client posts it; what the path says is left out."""
    item = client.whole("lineItems")[0]
    own: Body = {"sourcedId": sourced_id}
    if OPERATIONS[name] == "lineItems":
        own |= {**body_of(client, "LineItem"), **bare(item, "class", "category")}
        own.pop("school")
        if name == "postLineItemsForClass":
            own.pop("class")
    else:
        own |= {**body_of(client, "Result"), "lineItem": {"sourcedId": item["sourcedId"]}}
        if name == "postResultsForLineItem":
            own.pop("lineItem")
    return {**own, **more}


def pairs_of(answer: Any) -> dict[str, str]:
    """Supplied id -> allocated id."""
    assert list(answer.json()) == ["sourcedIdPairs"]
    for pair in answer.json()["sourcedIdPairs"]:
        assert set(pair) == {"suppliedSourcedId", "allocatedSourcedId"}
    return {one["suppliedSourcedId"]: one["allocatedSourcedId"] for one in answer.json()["sourcedIdPairs"]}


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_object_gets_an_id_and_is_listed_under_its_parents(
    clients: dict[str, Client], oneroster_mock: RunningMock, name: str
) -> None:
    client, collection = clients["1.2"], OPERATIONS[name]
    item = client.whole("lineItems")[0]
    bodies = [body_for(client, name, one) for one in ("t-2", "t-1")]
    first = client.call(name, *parents(client, name), json={collection: bodies})
    pairs = pairs_of(first)
    assert (first.status_code, list(pairs)) == (201, ["t-2", "t-1"])
    allocated = set(pairs.values())
    assert len(allocated) == 2 and not allocated & {"t-1", "t-2", *ids(client.whole(collection))}
    listed = (
        client.records("getLineItemsForClass", item["class"]["sourcedId"])
        if collection == "lineItems"
        else client.records("getResultsForLineItemForClass", item["class"]["sourcedId"], item["sourcedId"])
    )
    written = [one for one in listed if one["sourcedId"] in allocated]
    assert len(written) == 2
    for one in written:
        assert one["class"]["sourcedId"] == item["class"]["sourcedId"]
        if collection == "lineItems":
            assert one["school"] == item["school"]
    assert {one["sourcedId"] for one in clients["1.1"].records(f"getAll{collection[0].upper()}{collection[1:]}")} >= allocated
    again = pairs_of(client.call(name, *parents(client, name), json={collection: bodies}))
    assert not set(again.values()) & allocated
    oneroster_mock.reset()
    assert pairs_of(client.call(name, *parents(client, name), json={collection: bodies})) == pairs


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"sourcedId": None}, "sourcedId"),
        ({"sourcedId": "t-1"}, "sourcedId"),
        ({"sourcedId": 7}, "sourcedId"),
        ({"class": {"sourcedId": "nowhere"}}, "class"),
        ({"title": 7, "scoreStatus": 7}, ""),
    ],
)
def test_one_bad_object_keeps_all_out(client: Client, name: str, change: Body, named: str) -> None:
    collection = OPERATIONS[name]
    bodies = [body_for(client, name, "t-1"), body_for(client, name, "t-2", **change)]
    answer = client.call(name, *parents(client, name), json={collection: bodies})
    assert minor_of(answer) == (422, "invaliddata")
    assert named in answer.json()["imsx_description"]
    assert client.records(f"getAll{collection[0].upper()}{collection[1:]}") == client.whole(collection)


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("document", [{}, [], {"lineItems": [], "results": []}, {"lineItems": {}, "results": {}},
                                      {"lineItems": [1], "results": [1]}, {"sourcedIdPairs": []}])  # fmt: skip
def test_a_body_without_objects_is_422(client: Client, name: str, document: Any) -> None:
    answer = client.call(name, *parents(client, name), json=document)
    assert minor_of(answer) == (422, "invaliddata")


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_unknown_parent_is_404(client: Client, name: str) -> None:
    known = parents(client, name)
    body = {OPERATIONS[name]: [body_for(client, name, "t-1")]}
    for place in range(len(known)):
        asked = [*known[:place], "nobody", *known[place + 1 :]]
        assert minor_of(client.call(name, *asked, json=body)) == (404, "unknownobject")


def test_what_the_path_says_may_be_repeated_and_not_contradicted(client: Client) -> None:
    first, *others = client.whole("classes")
    name = "postLineItemsForClass"
    repeated = body_for(client, name, "t-1", **{"class": {"sourcedId": first["sourcedId"]}})
    assert client.call(name, first["sourcedId"], json={"lineItems": [repeated]}).status_code == 201
    other = body_for(client, name, "t-1", **{"class": {"sourcedId": others[0]["sourcedId"]}})
    answer = client.call(name, first["sourcedId"], json={"lineItems": [other]})
    assert minor_of(answer) == (422, "invaliddata") and "class" in answer.json()["imsx_description"]


def test_a_class_of_another_school_and_an_item_of_another_session_are_refused(client: Client) -> None:
    item = client.whole("lineItems")[0]
    far = next(one for one in client.whole("classes") if one["school"] != item["school"])
    body = body_for(client, "postLineItemsForSchool", "t-1", **{"class": {"sourcedId": far["sourcedId"]}})
    answer = client.call("postLineItemsForSchool", item["school"]["sourcedId"], json={"lineItems": [body]})
    assert minor_of(answer) == (422, "invaliddata") and "class" in answer.json()["imsx_description"]
    session = next(one for one in client.whole("academicSessions") if one["sourcedId"] != item["academicSession"]["sourcedId"])
    asked = (item["class"]["sourcedId"], session["sourcedId"])
    body = body_for(client, "postResultsForAcademicSessionForClass", "t-1")
    answer = client.call("postResultsForAcademicSessionForClass", *asked, json={"results": [body]})
    assert minor_of(answer) == (422, "invaliddata") and "lineItem" in answer.json()["imsx_description"]
