"""Signs of quirks in writes to the gradebook."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.mock_server.signs import sign_of
from tests.mock_server.wire import PREFIX_1P2, Wire

ITEM = {"assignDate": "2026-10-01", "dueDate": "2026-10-08", "resultValueMin": 0, "resultValueMax": 10}


def put(wire: Wire, path: str, **body: Any) -> int:
    single = path.strip("/").partition("/")[0].removesuffix("s") if not path.startswith("/categories") else "category"
    return wire.call("PUT", path, json={single: body}).status_code


def removed(wire: Wire, *paths: str) -> None:
    for path in paths:
        wire.call("DELETE", path)


def class_of(wire: Wire) -> str:
    return str(wire.first("/lineItems")["class"]["sourcedId"])


def item(wire: Wire, key: str, **more: Any) -> int:
    return put(wire, f"/lineItems/{key}", title="New", **{"class": {"sourcedId": class_of(wire)}}, **ITEM, **more)


@sign_of("gradebook.put-replaces-nothing")
def _(wire: Wire) -> bool:
    put(wire, "/categories/sign-1", title="First")
    status = put(wire, "/categories/sign-1", title="Second")
    title = wire.get("/categories/sign-1").json()["category"]["title"]
    removed(wire, "/categories/sign-1")
    return (status, title) == (200, "First")


@sign_of("gradebook.put-merges")
def _(wire: Wire) -> bool:
    item(wire, "sign-2", description="first")
    item(wire, "sign-2")
    found = wire.get("/lineItems/sign-2").json()["lineItem"]
    removed(wire, "/lineItems/sign-2")
    return found.get("description") == "first"


@sign_of("gradebook.put-lost")
def _(wire: Wire) -> bool:
    status = item(wire, "sign-3")
    read = wire.get("/lineItems/sign-3").status_code
    removed(wire, "/lineItems/sign-3")
    return (status, read) == (201, 404)


@sign_of("gradebook.score-lost")
def _(wire: Wire) -> bool:
    old = wire.first("/results")
    body = {name: old[name] for name in ("lineItem", "student", "scoreStatus", "scoreDate")}
    put(wire, "/results/sign-4", score=7, **body)
    found = wire.get("/results/sign-4").json()["result"]
    removed(wire, "/results/sign-4")
    return "score" not in found


@sign_of("gradebook.delete-ignored")
def _(wire: Wire) -> bool:
    item(wire, "sign-5")
    status = wire.call("DELETE", "/lineItems/sign-5").status_code
    return (status, wire.get("/lineItems/sign-5").status_code) == (204, 200)


@sign_of("gradebook.neighbour-changed")
def _(wire: Wire) -> bool:
    path = f"/classes/{class_of(wire)}/lineItems"
    before = {one["sourcedId"]: one["title"] for one in wire.records(path, "lineItems")}
    item(wire, "sign-6")
    after = {one["sourcedId"]: one["title"] for one in wire.records(path, "lineItems")}
    removed(wire, "/lineItems/sign-6")
    return bool(before) and any(after[key] != title for key, title in before.items())


@sign_of("gradebook.post-loses-last")
def _(wire: Wire) -> bool:
    form = {"grant_type": "client_credentials", "scope": " ".join(PREFIX_1P2 + one for one in ("gradebook.createpost", "gradebook.readonly", "gradebook.delete"))}
    token = wire.token_answer(data=form).json()["access_token"]
    root = wire.provider.base_urls["1.2"]["gradebook"]
    newer = Wire(replace(wire.provider, base_url=root, bearer=token))
    first = newer.first("/lineItems")
    body = {name: first[name] for name in ("category", "school")} | {"title": "New", "assignDate": "2026-10-01", "dueDate": "2026-10-08"}
    posted = {"lineItems": [{"sourcedId": one, **body} for one in ("a", "b")]}
    answer = newer.call("POST", f"/classes/{first['class']['sourcedId']}/lineItems", json=posted)
    paths = [f"/lineItems/{pair['allocatedSourcedId']}" for pair in answer.json()["sourcedIdPairs"]]
    read = [newer.get(path).status_code for path in paths]
    removed(newer, *paths)
    return read == [200, 404]
