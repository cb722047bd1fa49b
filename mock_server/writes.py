"""Writing gradebook objects: create or replace, create with ids of ours, remove.

Called by the application for PUT, POST and DELETE. What is written by one version is read by the other where the
standard maps it, and gone from it where it does not.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from mock_server.answers import unknown_object
from mock_server.bodies import check_id, complete, many_of, reference, single_of, unprocessable
from mock_server.provider import Provider
from mock_server.quirks.hooks import acting
from mock_server.relations import require
from oneroster_standard.standard import Operation

Body = dict[str, Any]
Parameters = Mapping[str, str]


def put(provider: Provider, operation: Operation, sourced_id: str, body: bytes) -> int:
    """Create or replace an object; returns the status: 1.1 has 201 and 200, 1.2 has 201 for both.

    Raises Refusal: 400 for a body that is not JSON or has another envelope, 422 for its content.
    """
    given = single_of(body, operation.payload_key)
    check_id(sourced_id)
    if given.get("sourcedId", sourced_id) != sourced_id:
        raise unprocessable("the sourcedId of the body is not the one of the path")
    collection = _collection(provider, operation)
    with provider.vendor.state.writing():
        before = provider.record(collection, sourced_id)
        record: Body | None = complete(provider, operation, sourced_id, given)
        for quirk in acting(provider.quirks, "kept"):
            record = quirk.kept(collection, record, before) if record else None
        _keep(provider, collection, [record] if record else [])
    return 200 if before is not None and provider.spec == "1.1" else 201


def _keep(provider: Provider, collection: str, records: Sequence[Body]) -> None:
    """Keep records, and those that a quirk changes along."""
    along = [found for quirk in acting(provider.quirks, "along") for record in records for found in quirk.along(collection, record, provider)]
    if records or along:
        provider.vendor.keep(provider, collection, [*along, *records])


def delete(provider: Provider, operation: Operation, sourced_id: str) -> None:
    """Take an object out of every read of every version; Refusal 404 when it is not there."""
    collection = _collection(provider, operation)
    with provider.vendor.state.writing():
        if provider.base(collection).find(sourced_id) is None:
            raise unknown_object("no such object")
        if all(quirk.removes(collection) for quirk in acting(provider.quirks, "removes")):
            provider.vendor.remove(collection, sourced_id)


def post(provider: Provider, operation: Operation, parameters: Parameters, body: bytes) -> bytes:
    """Create several objects, all or none, each under an id of ours; returns the pairs of supplied and allocated ids.

    Raises Refusal: 404 for an unknown parent, 400 and 422 as for a PUT; a supplied id occurs once.
    """
    collection = _collection(provider, operation)
    with provider.vendor.state.writing():
        whole = _PARENTS[operation.name](provider, parameters)
        given = many_of(body, collection)
        supplied = [check_id(one.get("sourcedId")) for one in given]
        if len(set(supplied)) != len(supplied):
            raise unprocessable("a sourcedId is supplied more than once")
        records: list[Body] = []
        for temporary, one in zip(supplied, given, strict=True):
            allocated = _allocate(provider, collection, temporary, taken={found["sourcedId"] for found in records})
            records.append(complete(provider, operation, allocated, whole(dict(one))))
        kept: Sequence[Body] = records
        for quirk in acting(provider.quirks, "posted"):
            kept = quirk.posted(collection, kept)
        _keep(provider, collection, kept)
    pairs = [
        {"suppliedSourcedId": temporary, "allocatedSourcedId": record["sourcedId"]}
        for temporary, record in zip(supplied, records, strict=True)
    ]
    return orjson.dumps({operation.payload_key: pairs})


def _collection(provider: Provider, operation: Operation) -> str:
    return str(provider.standard.classes[operation.entity].collection)


def _allocate(provider: Provider, collection: str, temporary: str, taken: set[str]) -> str:
    """A new id: the same requests in the same order get the same ones."""
    rows, seed = provider.base(collection), provider.store.meta["seed"]
    attempt = 0
    while True:
        text = f"{seed}/{provider.name}/{collection}/{temporary}/{attempt}"
        found = str(uuid.UUID(hashlib.sha256(text.encode()).hexdigest()[:32], version=4))
        if found not in taken and rows.find(found) is None:
            return found
        attempt += 1


# What the path of a POST says about its objects: each function checks the parents and returns how they are filled in.


def _fill(provider: Provider, body: Body, name: str, class_name: str, sourced_id: str) -> Body:
    """Set a reference that the path gives; the body may repeat it, and may not contradict it."""
    stated = body.get(name)
    if stated is not None and (not isinstance(stated, Mapping) or stated.get("sourcedId") != sourced_id):
        raise unprocessable(f"{name} is not the one of the path")
    return {**body, name: reference(provider, class_name, sourced_id)}


def _named(provider: Provider, body: Body, name: str, class_name: str) -> Body:
    """The object that a body refers to; Refusal 422 when it is not there."""
    stated = body.get(name)
    sourced_id = stated.get("sourcedId") if isinstance(stated, Mapping) else None
    collection = str(provider.standard.classes[class_name].collection)
    found = provider.record(collection, sourced_id) if isinstance(sourced_id, str) else None
    if found is None:
        raise unprocessable(f"{name} must be a reference to an object that exists")
    return found


def _id_at(record: Mapping[str, Any], name: str) -> str:
    found = record.get(name)
    return str(found["sourcedId"]) if isinstance(found, Mapping) else ""


def _line_items_of_class(provider: Provider, parameters: Parameters) -> Any:
    class_id = parameters["classSourcedId"]
    require(provider, "classes", class_id)
    school = _id_at(provider.record("classes", class_id) or {}, "school")

    def whole(body: Body) -> Body:
        found = _fill(provider, body, "class", "class", class_id)
        return found if found.get("school") or not school else _fill(provider, found, "school", "org", school)

    return whole


def _line_items_of_school(provider: Provider, parameters: Parameters) -> Any:
    school = parameters["schoolSourcedId"]
    require(provider, "schools", school)

    def whole(body: Body) -> Body:
        if _id_at(_named(provider, body, "class", "class"), "school") != school:
            raise unprocessable("class is not of this school")
        return _fill(provider, body, "school", "org", school)

    return whole


def _results_of_line_item(provider: Provider, parameters: Parameters) -> Any:
    item = parameters["lineItemSourcedId"]
    require(provider, "lineItems", item)
    class_id = _id_at(provider.record("lineItems", item) or {}, "class")

    def whole(body: Body) -> Body:
        found = _fill(provider, body, "lineItem", "lineItem", item)
        return _fill(provider, found, "class", "class", class_id) if class_id else found

    return whole


def _results_of_session(provider: Provider, parameters: Parameters) -> Any:
    class_id, session = parameters["classSourcedId"], parameters["academicSessionSourcedId"]
    require(provider, "classes", class_id)
    require(provider, "academicSessions", session)

    def whole(body: Body) -> Body:
        item = _named(provider, body, "lineItem", "lineItem")
        if _id_at(item, "class") != class_id:
            raise unprocessable("lineItem is not of this class")
        held = {_id_at(item, name) for name in ("academicSession", "gradingPeriod")} - {""}
        if held and session not in held:
            raise unprocessable("lineItem is not of this academic session")
        return _fill(provider, body, "class", "class", class_id)

    return whole


_PARENTS = {
    "postLineItemsForClass": _line_items_of_class,
    "postLineItemsForSchool": _line_items_of_school,
    "postResultsForLineItem": _results_of_line_item,
    "postResultsForAcademicSessionForClass": _results_of_session,
}
