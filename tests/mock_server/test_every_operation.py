"""Every operation of both versions' tables answers as its row says, over real ids; relationships and hrefs agree."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from oneroster_standard.schemas import collection_schema, single_schema
from oneroster_standard.scopes import ALL, IMPLIED
from oneroster_standard.standard import VERSIONS, Operation, load
from tests.mock_server.implied import Implied
from tests.mock_server.versions import Client, minor_of
from tests.mock_server.wire import Records, ids, status_of

OPERATIONS = [(spec, found.name) for spec in VERSIONS for found in load(spec).operations]
READS = [(spec, name) for spec, name in OPERATIONS if load(spec).operation(name).method == "GET"]
RELATED = [(spec, name) for spec, name in READS if load(spec).operation(name).kind == "related"]
COLLECTIONS = [(spec, name) for spec in VERSIONS for name in load(spec).collections]
PARENTS = {"classSourcedId": "classes", "courseSourcedId": "courses", "userSourcedId": "users", "lineItemSourcedId": "lineItems",
           "academicSessionSourcedId": "academicSessions", "schoolSourcedId": "schools", "studentSourcedId": "students",
           "teacherSourcedId": "teachers", "termSourcedId": "terms"}  # fmt: skip
EXAMPLES = 4


def view_of(client: Client, segment: str) -> Records:
    """Records of a collection or of a typed view, worked out from the collection."""
    if segment not in client.standard.views:
        return client.whole(segment)
    collection, _, value = client.standard.views[segment]
    if collection == "users":
        return [one for one in client.whole("users") if Implied(client).has_role(one, value)]
    return [one for one in client.whole(collection) if one["type"] == value]


def drawn_ids(data: st.DataObject, client: Client, operation: Operation) -> list[str]:
    """Ids for an operation's path, such that each belongs to the one before it."""
    if operation.kind == "single":
        segment = operation.path.split("/")[1]
        return [data.draw(st.sampled_from(ids(view_of(client, segment))))]
    found: list[str] = []
    for name in operation.parameters:
        choices = view_of(client, PARENTS[name])
        if name == "classSourcedId" and found:
            choices = [one for one in choices if one["school"]["sourcedId"] == found[0]]
        if name == "lineItemSourcedId":
            choices = [one for one in choices if one["class"]["sourcedId"] == found[0]]
        if name == "classSourcedId" and operation.parameters[-1] == "lineItemSourcedId":
            held = {one["class"]["sourcedId"] for one in client.whole("lineItems")}
            choices = [one for one in choices if one["sourcedId"] in held]
        if name == "schoolSourcedId" and "classSourcedId" in operation.parameters:
            held = {one["school"]["sourcedId"] for one in client.whole("classes")}
            choices = [one for one in choices if one["sourcedId"] in held]
        found.append(data.draw(st.sampled_from(ids(choices))))
    return found


def test_the_tables_have_every_operation_of_both_versions() -> None:
    assert [len(load(spec).operations) for spec in VERSIONS] == [61, 81]


@pytest.mark.parametrize(("spec", "name"), READS)
@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data())
def test_a_read_answers_as_its_row_says(
    clients: dict[str, Client], spec: str, name: str, data: st.DataObject
) -> None:
    client, operation = clients[spec], load(spec).operation(name)
    answer = client.call(name, *drawn_ids(data, client, operation), params={"limit": 3} if operation.kind != "single" else {})
    assert (answer.status_code, answer.headers["Content-Type"]) == (operation.success, "application/json")
    document = answer.json()
    assert list(document) == [operation.payload_key]
    schema = single_schema if operation.kind == "single" else collection_schema
    errors = list(Draft202012Validator(schema(client.standard, operation.entity)).iter_errors(document))
    assert not errors, errors[0].message
    if operation.kind != "single":
        total = int(answer.headers["X-Total-Count"])
        assert len(document[operation.payload_key]) == min(3, total)
        assert ('rel="next"' in answer.headers.get("Link", "")) == (total > 3)
        assert ('rel="first"' in answer.headers.get("Link", "")) == (total > 0)


@pytest.mark.parametrize(("spec", "name"), RELATED)
@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data())
def test_a_relationship_is_what_the_collections_imply(
    clients: dict[str, Client], spec: str, name: str, data: st.DataObject
) -> None:
    client = clients[spec]
    chosen = drawn_ids(data, client, load(spec).operation(name))
    expected = Implied(client).of(name, *chosen)
    answer = client.call(name, *chosen, params={"limit": 5000})
    assert answer.json()[load(spec).operation(name).payload_key] == expected
    assert answer.headers["X-Total-Count"] == str(len(expected))


@pytest.mark.parametrize(("spec", "name"), RELATED)
def test_some_parent_has_members(clients: dict[str, Client], spec: str, name: str) -> None:
    client, operation = clients[spec], load(spec).operation(name)
    first = view_of(client, PARENTS[operation.parameters[0]])
    sizes = []
    for parent in ids(first):
        rest = [[parent]]
        for parameter in operation.parameters[1:]:
            choices = view_of(client, PARENTS[parameter])
            if parameter == "classSourcedId":
                choices = [one for one in choices if one["school"]["sourcedId"] == parent]
            if parameter == "lineItemSourcedId":
                choices = [one for one in choices if one["class"]["sourcedId"] == parent]
            rest = [[*head, one] for head in rest for one in ids(choices)]
        sizes += [len(Implied(client).of(name, *chosen)) for chosen in rest[:50]]
    assert max(sizes) > 0


@pytest.mark.parametrize(("spec", "name"), [row for row in READS if load(row[0]).operation(row[1]).parameters])
def test_an_unknown_id_is_a_404(clients: dict[str, Client], spec: str, name: str) -> None:
    client, operation = clients[spec], load(spec).operation(name)
    known = [view_of(client, PARENTS[found])[0]["sourcedId"] for found in operation.parameters[:-1]]
    answer = client.call(name, *known, "nobody")
    if spec == "1.1":
        assert status_of(answer) == (404, "failure", "error", "unknown object")
    else:
        assert minor_of(answer) == (404, "unknownobject")


@pytest.mark.parametrize(("spec", "name"), OPERATIONS)
def test_each_scope_of_a_row_opens_it_and_all_the_others_do_not(clients: dict[str, Client], spec: str, name: str) -> None:
    client, operation = clients[spec], load(spec).operation(name)
    unknown = ["nobody"] * len(operation.parameters)
    opening = {wide for wide, more in IMPLIED.items() if set(more) & set(operation.scopes)} | set(operation.scopes)
    body: dict[str, Any] = {"json": {}} if operation.method in ("PUT", "POST") else {}
    for scope in operation.scopes:
        assert client.call(name, *unknown, scopes=(scope,), **body).status_code not in (401, 403, 405)
    others = tuple(scope for scope in ALL[spec] if scope not in opening)
    assert client.call(name, *unknown, scopes=others, **body).status_code == 403


def references(value: Any) -> list[dict[str, str]]:
    """Every reference in a JSON value."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found = [one for part in inner for one in references(part)]
    return [*found, value] if isinstance(value, dict) and "href" in value else found


@pytest.mark.parametrize(("spec", "collection"), COLLECTIONS)
def test_every_kind_of_reference_leads_to_its_object(clients: dict[str, Client], spec: str, collection: str) -> None:
    client = clients[spec]
    seen: dict[tuple[str, str], dict[str, str]] = {}
    for found in references(client.whole(collection)):
        assert set(found) == {"href", "sourcedId", "type"}
        seen.setdefault((found["type"], found["href"].rpartition("/")[0]), found)
    for (kind, _), found in seen.items():
        document = client.send("GET", found["href"]).json()
        assert list(document) == [client.standard.classes[kind].single]
        assert document[kind]["sourcedId"] == found["sourcedId"]
        assert document[kind] in client.whole(str(client.standard.classes[kind].collection))


@pytest.mark.parametrize(("spec", "collection"), COLLECTIONS)
@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data())
def test_any_reference_leads_to_its_object(
    clients: dict[str, Client], spec: str, collection: str, data: st.DataObject
) -> None:
    client = clients[spec]
    all_of_them = references(client.whole(collection))
    if all_of_them:
        found = data.draw(st.sampled_from(all_of_them))
        answer = client.send("GET", found["href"])
        assert answer.json()[found["type"]]["sourcedId"] == found["sourcedId"]


@pytest.mark.parametrize("path", sorted({(spec, found.service, found.path) for spec in VERSIONS for found in load(spec).operations}))
def test_head_and_refused_methods(clients: dict[str, Client], path: tuple[str, str, str]) -> None:
    spec, service, template = path
    client = clients[spec]
    offered = {found.method for found in client.standard.operations if (found.service, found.path) == (service, template)}
    url = client.root(service) + "/".join("nobody" if part.startswith("{") else part for part in template.split("/"))
    refused = client.send("PATCH", url)
    assert refused.status_code == 405
    allowed = set(refused.headers["Allow"].split(", "))
    assert allowed == offered | ({"HEAD"} if "GET" in offered else set())
    head = client.send("HEAD", url)
    if "GET" in offered:
        like = client.send("GET", url)
        assert (head.status_code, head.content) == (like.status_code, b"")
        assert head.headers.get("X-Total-Count") == like.headers.get("X-Total-Count")
    else:
        assert head.status_code == 405
