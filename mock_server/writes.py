"""Writing gradebook objects: create or replace, and remove.

Called by the application for PUT and DELETE of the reference provider. Lenient on input, as published clients need:
references with only a sourcedId, no status, no dateLastModified; what is read back is complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from mock_server.answers import Refusal, bad_request, unknown_object
from mock_server.collections import render
from mock_server.provider import Provider
from oneroster_standard.moments import format_instant, parse_instant
from oneroster_standard.standard import Operation, Property

_MARK = "\x01"


def _unprocessable(description: str) -> Refusal:
    return Refusal(422, "invalid data", description)


def _reference(provider: Provider, item: Property, value: Any) -> dict[str, str]:
    if (
        not isinstance(value, Mapping)
        or not isinstance(value.get("sourcedId"), str)
        or not value["sourcedId"]
    ):
        raise _unprocessable(f"{item.name} must be a reference with a sourcedId")
    collection = provider.standard.classes[item.target].collection
    if provider.rows(str(collection)).find(value["sourcedId"]) is None:
        raise _unprocessable(f"{item.name} refers to an object that does not exist")
    return {
        "href": f"{_MARK}/{collection}/{value['sourcedId']}",
        "sourcedId": value["sourcedId"],
        "type": item.target,
    }


def _value(provider: Provider, item: Property, value: Any) -> Any:
    match item.kind:
        case "guidref":
            return _reference(provider, item, value)
        case "float":
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise _unprocessable(f"{item.name} must be a number")
            return float(value)
        case "enum":
            if value not in provider.standard.enumerations[item.target]:
                raise _unprocessable(f"{item.name} is not one of the standard's tokens")
            return value
        case "date" | "dateTime":
            try:
                moment = parse_instant(str(value))
            except ValueError as error:
                raise _unprocessable(f"{item.name} must be a {item.kind}") from error
            return moment.date().isoformat() if item.kind == "date" else format_instant(moment)
        case "metadata":
            if not isinstance(value, Mapping):
                raise _unprocessable("metadata must be an object")
            return dict(value)
        case _:
            if not isinstance(value, str):
                raise _unprocessable(f"{item.name} must be text")
            return value


def complete(
    provider: Provider, operation: Operation, sourced_id: str, given: Mapping[str, Any]
) -> dict[str, Any]:
    """The record to keep: every known property checked, status, stamp and references filled in.

    Raises Refusal 422 naming the property.
    """
    if given.get("sourcedId", sourced_id) != sourced_id:
        raise _unprocessable("the sourcedId of the body is not the one of the path")
    record: dict[str, Any] = {"sourcedId": sourced_id, "status": "active"}
    record["dateLastModified"] = format_instant(datetime.now(UTC))
    for item in provider.standard.classes[operation.entity].properties:
        if item.name in ("sourcedId", "dateLastModified"):
            continue
        value = given.get(item.name)
        if value is None or value == "":
            if item.required and item.name != "status":
                raise _unprocessable(f"{item.name} is required")
            continue
        record[item.name] = _value(provider, item, value)
    return record


def put(provider: Provider, operation: Operation, sourced_id: str, body: bytes) -> int:
    """Create or replace an object; returns 201 or 200.

    Raises Refusal: 400 for a body that is not JSON or has another envelope, 422 for its content.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise bad_request("the body is not JSON") from error
    given = document.get(operation.payload_key) if isinstance(document, dict) else None
    if not isinstance(given, dict):
        raise bad_request(f'the body must be an object with the key "{operation.payload_key}"')
    if not sourced_id or len(sourced_id) > 255:
        raise _unprocessable("a sourcedId has 1 to 255 characters")
    collection = str(provider.standard.classes[operation.entity].collection)
    existed = provider.rows(collection).find(sourced_id) is not None
    record = complete(provider, operation, sourced_id, given)
    if record["status"] == "tobedeleted":
        provider.write(collection, sourced_id, b"")
    else:
        provider.write(collection, sourced_id, render(record))
    return 200 if existed else 201


def delete(provider: Provider, operation: Operation, sourced_id: str) -> None:
    """Take an object out of every read; Refusal 404 when it is not there."""
    collection = str(provider.standard.classes[operation.entity].collection)
    if provider.rows(collection).find(sourced_id) is None:
        raise unknown_object("no such object")
    provider.write(collection, sourced_id, b"")
