"""Gradebook and assessment writes of 1.2: lenient input, strict output, errors that name the property."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from oneroster_standard.schemas import single_schema
from tests.mock_server.versions import Client, minor_of
from tests.mock_server.wire import ids

Body = dict[str, Any]
NEW = "own-1"
WRITABLE = ("Category", "LineItem", "Result", "ScoreScale", "AssessmentLineItem", "AssessmentResult")


@pytest.fixture
def client(clients: dict[str, Client]) -> Client:
    """The reference provider's 1.2."""
    return clients["1.2"]


def key_of(entity: str) -> str:
    """LineItem -> lineItem."""
    return entity[0].lower() + entity[1:]


def bare(record: Body, *names: str) -> Body:
    """References with nothing but their sourcedId, as clients send them."""
    return {name: {"sourcedId": record[name]["sourcedId"]} for name in names}


def body_of(client: Client, entity: str, **more: Any) -> Body:
    """A body as lenient clients send it: no status, no stamp, a sourcedId for each reference."""
    key = key_of(entity)
    like = client.whole(str(client.standard.classes[key].collection))[0]
    bodies: dict[str, Body] = {
        "Category": {"title": "Debates", "weight": 0.25},
        "LineItem": {
            "title": "Essay", "assignDate": "2026-10-01", "dueDate": "2026-10-08T00:00:00.000Z", "resultValueMin": 0,
            "resultValueMax": 10, **(bare(like, "class", "school", "category") if entity == "LineItem" else {}),
        },
        "Result": {
            **(bare(like, "lineItem", "student") if entity == "Result" else {}), "score": 80, "comment": "",
            "scoreStatus": "fully graded", "scoreDate": "2026-10-09T12:30:00.123Z",
        },
        "ScoreScale": {
            "title": "Stars", "type": "stars", **(bare(like, "class") if entity == "ScoreScale" else {}),
            "scoreScaleValue": [{"itemValueLHS": "0", "itemValueRHS": "none"}, {"itemValueLHS": "1", "itemValueRHS": "one"}],
        },
        "AssessmentLineItem": {
            "title": "Winter", "learningObjectiveSet": [{"source": "unknown", "learningObjectiveIds": ["a", "b"]}],
        },
        "AssessmentResult": {
            **(bare(like, "assessmentLineItem", "student") if entity == "AssessmentResult" else {}),
            "scoreDate": "2026-10-09", "scoreStatus": "submitted", "late": True, "missing": "false", "scorePercentile": 12,
        },
    }  # fmt: skip
    return {**bodies[entity], **more}


def read(client: Client, entity: str, sourced_id: str = NEW) -> Body:
    """One object, read back."""
    found: Body = client.call(f"get{entity}", sourced_id).json()[key_of(entity)]
    return found


@pytest.mark.parametrize("entity", WRITABLE)
def test_put_answers_201_for_both_and_is_read_back_whole(client: Client, entity: str) -> None:
    body = body_of(client, entity)
    for text in ("One", "Two"):
        change = {"title": text} if "title" in body else {"comment": text}
        answer = client.put(entity, NEW, {**body, **change})
        assert (answer.status_code, answer.content) == (201, b"")
        found = read(client, entity)
        assert change.items() <= found.items()
    schema = single_schema(client.standard, key_of(entity))
    assert not list(Draft202012Validator(schema).iter_errors({key_of(entity): found}))
    assert found["status"] == "active" and found["sourcedId"] == NEW
    for name, value in body.items():
        if isinstance(value, dict):
            assert set(found[name]) == {"href", "sourcedId", "type"}
            assert client.send("GET", found[name]["href"]).status_code == 200
    assert NEW in ids(client.records(f"getAll{entity.removesuffix('y')}{'ies' if entity == 'Category' else 's'}"))


@pytest.mark.parametrize("entity", WRITABLE)
def test_delete_answers_204_once_and_the_object_is_nowhere(client: Client, entity: str) -> None:
    collection = str(client.standard.classes[key_of(entity)].collection)
    sourced_id = client.whole(collection)[0]["sourcedId"]
    answer = client.call(f"delete{entity}", sourced_id)
    assert (answer.status_code, answer.content) == (204, b"")
    assert minor_of(client.call(f"get{entity}", sourced_id)) == (404, "unknownobject")
    assert minor_of(client.call(f"delete{entity}", sourced_id)) == (404, "unknownobject")
    listed = client.records(f"getAll{entity.removesuffix('y')}{'ies' if entity == 'Category' else 's'}")
    assert ids(listed) == ids(client.whole(collection))[1:]


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"score": 300}, {"score": 300.0}),
        ({"score": -1.5}, {"score": -1.5}),
        ({"scoreStatus": "exempt", "score": 80}, {"scoreStatus": "exempt", "score": 80.0}),
        ({"scoreStatus": "ext:excused"}, {"scoreStatus": "ext:excused"}),
        ({"scoreDate": "2026-10-09T23:30:00-02:00"}, {"scoreDate": "2026-10-10"}),
        ({"score": None, "textScore": "A"}, {"textScore": "A"}),
        ({"late": True, "incomplete": "false"}, {"late": "true", "incomplete": "false"}),
        ({"status": "active", "dateLastModified": "1999-01-01T00:00:00.000Z"}, {"status": "active"}),
        ({"metadata": {"own": {"x": [1, None]}}}, {"metadata": {"own": {"x": [1, None]}}}),
    ],
)  # fmt: skip
def test_what_clients_send_is_kept(client: Client, change: Body, kept: Body) -> None:
    assert client.put("Result", NEW, body_of(client, "Result", **change)).status_code == 201
    found = read(client, "Result")
    assert kept.items() <= found.items()
    assert "comment" not in found and found["dateLastModified"] > "2000"
    assert ("score" in found) == (change.get("score", 80) is not None)


@pytest.mark.parametrize(
    ("entity", "change", "named"),
    [
        ("Result", {"sourcedId": "another"}, "sourcedId"),
        ("Result", {"student": None}, "student"),
        ("Result", {"lineItem": {"sourcedId": "nowhere"}}, "lineItem"),
        ("Result", {"lineItem": "lin-1"}, "lineItem"),
        ("Result", {"score": "80"}, "score"),
        ("Result", {"score": True}, "score"),
        ("Result", {"scoreDate": "soon"}, "scoreDate"),
        ("Result", {"scoreStatus": "perfect"}, "scoreStatus"),
        ("Result", {"late": "perhaps"}, "late"),
        ("Result", {"status": "inactive"}, "status"),
        ("Result", {"comment": 7}, "comment"),
        ("Result", {"metadata": "x"}, "metadata"),
        ("LineItem", {"title": ""}, "title"),
        ("LineItem", {"school": None}, "school"),
        ("LineItem", {"learningObjectiveSet": {"source": "case"}}, "learningObjectiveSet"),
        ("LineItem", {"learningObjectiveSet": ["case"]}, "learningObjectiveSet"),
        ("LineItem", {"learningObjectiveSet": [{"source": "case"}]}, "learningObjectiveSet.learningObjectiveIds"),
        ("ScoreScale", {"scoreScaleValue": []}, "scoreScaleValue"),
        ("ScoreScale", {"scoreScaleValue": [{"itemValueLHS": "1"}]}, "scoreScaleValue.itemValueRHS"),
        ("ScoreScale", {"class": None}, "class"),
        ("AssessmentLineItem", {"parentAssessmentLineItem": {"sourcedId": "nowhere"}}, "parentAssessmentLineItem"),
        ("AssessmentResult", {"assessmentLineItem": None}, "assessmentLineItem"),
        ("Category", {"weight": "much"}, "weight"),
    ],
)  # fmt: skip
def test_what_cannot_be_processed_is_422_and_named(client: Client, entity: str, change: Body, named: str) -> None:
    answer = client.put(entity, NEW, body_of(client, entity, **change))
    assert minor_of(answer) == (422, "invaliddata")
    assert named in answer.json()["imsx_description"]
    assert client.call(f"get{entity}", NEW).status_code == 404


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"results": {}}', b'{"result": []}', b"\xff", b'{"result": {"score": 1e999}}'])
def test_1p2_lists_no_400_for_a_write(client: Client, body: bytes) -> None:
    assert minor_of(client.call("putResult", NEW, data=body)) == (422, "invaliddata")
    answer = client.send("PUT", client.root("gradebook") + "/results/%FF", data=body)
    assert minor_of(answer) == (404, "unknownobject")


@pytest.mark.parametrize("title", ["\x01/orgs/x", "\x02\x03", "\\u0001", 'a"href":"\\u0001', '"href":"\x01/orgs/x"'])
def test_control_characters_and_their_escapes_survive(clients: dict[str, Client], title: str) -> None:
    body = body_of(clients["1.2"], "Category", title=title, metadata={"own": title, title: title})
    assert clients["1.2"].put("Category", NEW, body).status_code == 201
    for client in clients.values():
        found = read(client, "Category")
        assert (found["title"], found["metadata"]) == (title, {"own": title, title: title})


@pytest.mark.parametrize("sourced_id", ["a b", "x?y&z", "100%", "ü-é", '"', "a+b", "i" * 255])
def test_a_reference_to_an_id_of_any_letters_resolves(client: Client, sourced_id: str) -> None:
    assert client.put("Category", sourced_id, body_of(client, "Category")).status_code == 201
    body = body_of(client, "LineItem", category={"sourcedId": sourced_id})
    assert client.put("LineItem", NEW, body).status_code == 201
    for one in (read(client, "LineItem"),):
        assert client.send("GET", one["category"]["href"]).json()["category"]["sourcedId"] == sourced_id
