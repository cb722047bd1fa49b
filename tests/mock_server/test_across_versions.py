"""One gradebook behind both versions: what is written by one is read by the other, where the standard maps it."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from oneroster_standard.schemas import single_schema
from oneroster_standard.standard import VERSIONS
from tests.mock_server.test_writes_1p2 import bare, body_of, key_of, read
from tests.mock_server.versions import Client, minor_of
from tests.mock_server.wire import ids

Body = dict[str, Any]
SHARED = {"Category": "categories", "LineItem": "lineItems", "Result": "results"}
OTHER = {"1.1": "1.2", "1.2": "1.1"}
NEW = "own-1"


def body_in(client: Client, entity: str) -> Body:
    """A body that a version takes."""
    if client.spec == "1.2":
        return body_of(client, entity)
    like = client.whole(SHARED[entity])[0]
    bodies: dict[str, Body] = {
        "Category": {"title": "Debates"},
        "LineItem": {
            "title": "Essay", "assignDate": "2026-10-01", "dueDate": "2026-10-08T00:00:00.000Z", "resultValueMin": 0,
            "resultValueMax": 10, **(bare(like, "class", "category", "gradingPeriod") if entity == "LineItem" else {}),
        },
        "Result": {
            **(bare(like, "lineItem", "student") if entity == "Result" else {}), "score": 80, "scoreStatus": "exempt",
            "scoreDate": "2026-10-09",
        },
    }  # fmt: skip
    return bodies[entity]


@pytest.mark.parametrize("entity", SHARED)
@pytest.mark.parametrize("spec", VERSIONS)
def test_a_written_object_is_read_and_removed_through_the_other_version(
    clients: dict[str, Client], spec: str, entity: str
) -> None:
    one, other = clients[spec], clients[OTHER[spec]]
    body = body_in(one, entity)
    assert one.put(entity, NEW, body).status_code == 201
    mine, theirs = read(one, entity), read(other, entity)
    schema = single_schema(other.standard, key_of(entity))
    assert not list(Draft202012Validator(schema).iter_errors({key_of(entity): theirs}))
    for name in set(mine) & set(theirs):
        if isinstance(mine[name], dict) and "href" in mine[name]:
            assert mine[name]["sourcedId"] == theirs[name]["sourcedId"]
            assert other.send("GET", theirs[name]["href"]).status_code == 200
        else:
            assert mine[name] == theirs[name]
    assert {"sourcedId", "status", "dateLastModified"} | ({"title"} & set(body)) <= set(theirs)
    assert other.call(f"delete{entity}", NEW).status_code == 204
    for client in clients.values():
        assert client.call(f"get{entity}", NEW).status_code == 404


@pytest.mark.parametrize("entity", SHARED)
@pytest.mark.parametrize("spec", VERSIONS)
def test_a_generated_object_is_replaced_and_removed_in_both(clients: dict[str, Client], spec: str, entity: str) -> None:
    one, other = clients[spec], clients[OTHER[spec]]
    before = ids(other.whole(SHARED[entity]))
    sourced_id = one.whole(SHARED[entity])[0]["sourcedId"]
    assert one.put(entity, sourced_id, body_in(one, entity)).status_code == (200 if spec == "1.1" else 201)
    assert read(other, entity, sourced_id)["dateLastModified"] == read(one, entity, sourced_id)["dateLastModified"]
    assert other.call(f"delete{entity}", sourced_id).status_code == 204
    name = f"getAll{'Categories' if entity == 'Category' else entity + 's'}"
    assert ids(one.records(name)) == ids(other.records(name)) == [found for found in before if found != sourced_id]


def test_a_school_and_a_class_are_filled_in_for_1p2(clients: dict[str, Client]) -> None:
    body = body_in(clients["1.1"], "LineItem")
    clients["1.1"].put("LineItem", NEW, body)
    found = read(clients["1.2"], "LineItem")
    (own,) = [one for one in clients["1.2"].whole("classes") if one["sourcedId"] == body["class"]["sourcedId"]]
    assert found["school"] == own["school"]
    clients["1.1"].put("Result", NEW, {**body_in(clients["1.1"], "Result"), "lineItem": {"sourcedId": NEW}})
    assert read(clients["1.2"], "Result")["class"]["sourcedId"] == body["class"]["sourcedId"]


def test_a_line_item_of_1p2_without_a_session_or_bounds_is_whole_in_1p1(clients: dict[str, Client]) -> None:
    body = body_of(clients["1.2"], "LineItem")
    clients["1.2"].put("LineItem", NEW, {name: value for name, value in body.items() if not name.startswith("resultValue")})
    found = read(clients["1.1"], "LineItem")
    assert not list(Draft202012Validator(single_schema(clients["1.1"].standard, "lineItem")).iter_errors({"lineItem": found}))


def test_what_1p1_cannot_say_is_not_there_in_1p1(clients: dict[str, Client]) -> None:
    body = {**body_of(clients["1.2"], "Result"), "score": None, "textScore": "A"}
    assert clients["1.2"].put("Result", NEW, body).status_code == 201
    assert clients["1.1"].call("getResult", NEW).status_code == 404
    assert NEW not in ids(clients["1.1"].records("getAllResults"))
    # A score brings it back, and taking the score away hides it again.
    clients["1.2"].put("Result", NEW, {**body, "score": 1})
    assert read(clients["1.1"], "Result")["score"] == 1
    clients["1.2"].put("Result", NEW, body)
    assert clients["1.1"].call("getResult", NEW).status_code == 404
    assert clients["1.2"].call("deleteResult", NEW).status_code == 204


def test_score_scales_and_assessments_are_of_1p2_only(clients: dict[str, Client]) -> None:
    for entity in ("ScoreScale", "AssessmentLineItem", "AssessmentResult"):
        assert clients["1.2"].put(entity, NEW, body_of(clients["1.2"], entity)).status_code == 201
        path = f"/{clients['1.2'].standard.classes[key_of(entity)].collection}/{NEW}"
        assert clients["1.1"].send("GET", clients["1.1"].root("gradebook") + path).status_code == 404
    assert minor_of(clients["1.2"].call("getScoreScale", "nobody")) == (404, "unknownobject")
