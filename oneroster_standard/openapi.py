"""OpenAPI documents (3.0.3) of OneRoster services, derived from the tables.

Called by servers that describe themselves and by whoever generates clients or tests; never adds an operation, a field
or a scope that the tables do not hold.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from oneroster_standard.schemas import component_name, property_schema, reference_schema
from oneroster_standard.scopes import expand, short
from oneroster_standard.standard import Operation, Property, Standard
from oneroster_standard.status_info import CODE_MAJORS, CODE_MINORS, SEVERITIES

Document = dict[str, Any]
OAUTH2, BEARER = "OAuth2CC", "Bearer"
COLLECTION_PARAMETERS = ("limit", "offset", "sort", "orderBy", "filter", "fields")
_PARAMETERS: dict[str, Document] = {
    "limit": {"description": "Records of a page, at least 1", "schema": {"type": "integer", "minimum": 1, "default": 100}},
    "offset": {"description": "Place of the page's first record, from 0", "schema": {"type": "integer", "minimum": 0, "default": 0}},
    "sort": {"description": "Field to sort by", "schema": {"type": "string", "minLength": 1}},
    "orderBy": {"description": "Direction of the sort", "schema": {"type": "string", "enum": ["asc", "desc"]}},
    "filter": {"description": "One predicate, or two joined by AND or OR: field, operator, value in single quotes", "schema": {"type": "string", "minLength": 1}},
    "fields": {
        "description": "Names of the properties to return, joined by commas", "style": "form", "explode": False,
        "schema": {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
    },
}  # fmt: skip
_ERRORS = {
    "400": "The request cannot be read",
    "401": "Not signed in",
    "403": "Signed in, but not allowed",
    "404": "No object behind the path",
    "422": "The content cannot be processed",
    "429": "Too many requests",
    "500": "A fault of the server",
}
_READ_ERRORS = ("400", "401", "403", "404", "422", "429", "500")
_WRITE_ERRORS = ("401", "403", "404", "422", "429", "500")


def openapi(
    standard: Standard, services: Collection[str], *, server_url: str, token_url: str | None = None, title: str = "OneRoster"
) -> Document:
    """The document of some services under one root.

    services: names of one or more services; 1.1 serves all under one root, 1.2 one under each. server_url: that root.
    token_url: where tokens are asked for; None for a server without a token endpoint.
    """
    operations = [found for found in standard.operations if found.service in services]
    used = _used_classes(standard, operations)
    paths: Document = {}
    for found in operations:
        paths.setdefault(found.path, {})[found.method.lower()] = _operation(standard, found, has_token_url=token_url is not None)
    return {
        "openapi": "3.0.3",
        "info": {"title": f"{title} {standard.version}, {', '.join(services)}", "version": standard.version},
        "servers": [{"url": server_url}],
        "tags": [{"name": name} for name in services],
        "paths": paths,
        "components": {
            "parameters": {name: {"name": name, "in": "query", "required": False, **found} for name, found in _PARAMETERS.items()},
            "headers": {
                "X-Total-Count": {"description": "Records that match, over all pages", "schema": {"type": "integer", "minimum": 0}},
                "Link": {"description": "Pages around this one: next, prev, first, last (RFC 8288)", "schema": {"type": "string"}},
            },
            "responses": {f"Error{code}": _error(text) for code, text in _ERRORS.items()},
            "schemas": _schemas(standard, used),
            "securitySchemes": _security(standard, operations, token_url),
        },
    }  # fmt: skip


def _used_classes(standard: Standard, operations: Collection[Operation]) -> list[str]:
    wanted = [found.entity for found in operations]
    if any(found.kind == "create" for found in operations):
        wanted.append("guidPair")
    seen: list[str] = []
    while wanted:
        name = wanted.pop(0)
        if name not in seen:
            seen.append(name)
            wanted += [item.target for item in standard.classes[name].properties if item.kind == "object"]
    return seen


def _schemas(standard: Standard, names: Collection[str]) -> Document:
    found: Document = {}
    for name in names:
        items = standard.classes[name].properties
        found[component_name(name)] = _object(standard, items, [item.name for item in items if item.required])
        for item in items:
            if item.kind == "guidref":
                found[component_name(item.target, is_reference=True)] = reference_schema(standard, item.target)
    found["StatusInfo"] = _status_info(standard)
    return dict(sorted(found.items()))


def _object(standard: Standard, items: Collection[Property], required: list[str]) -> Document:
    document: Document = {
        "type": "object",
        "properties": {item.name: property_schema(standard, item, by_name=True) for item in items},
        "additionalProperties": False,
    }
    return {**document, "required": required} if required else document


def _status_info(standard: Standard) -> Document:
    if standard.version != "1.1":
        field: Document = {
            "type": "object",
            "properties": {"imsx_codeMinorFieldName": {"type": "string"}, "imsx_codeMinorFieldValue": {"type": "string"}},
            "required": ["imsx_codeMinorFieldName", "imsx_codeMinorFieldValue"],
        }
        minor: Document = {
            "type": "object",
            "properties": {"imsx_codeMinorField": {"type": "array", "minItems": 1, "items": field}},
            "required": ["imsx_codeMinorField"],
        }
        return {
            "type": "object",
            "properties": {
                "imsx_codeMajor": {"type": "string", "enum": list(standard.enumerations["imsx_codeMajor"])},
                "imsx_severity": {"type": "string", "enum": list(standard.enumerations["imsx_severity"])},
                "imsx_description": {"type": "string"},
                "imsx_CodeMinor": minor,
            },
            "required": ["imsx_codeMajor", "imsx_severity"],
        }
    entry: Document = {
        "type": "object",
        "properties": {
            "imsx_codeMajor": {"type": "string", "enum": list(CODE_MAJORS)},
            "imsx_severity": {"type": "string", "enum": list(SEVERITIES)},
            "imsx_codeMinor": {"type": "string", "enum": list(CODE_MINORS)},
            "imsx_description": {"type": "string"},
        },
        "required": ["imsx_codeMajor", "imsx_severity", "imsx_codeMinor"],
    }
    return {
        "type": "object",
        "properties": {"statusInfoSet": {"type": "array", "minItems": 1, "items": entry}},
        "required": ["statusInfoSet"],
    }


def _json(schema: Document) -> Document:
    return {"application/json": {"schema": schema}}


def _error(description: str) -> Document:
    return {"description": description, "content": _json({"$ref": "#/components/schemas/StatusInfo"})}


def _envelope(key: str, value: Document, *, with_status: bool = False) -> Document:
    properties: Document = {key: value}
    if with_status:
        # 1.1 tells of an unknown sort or selection field beside the data.
        status = {"$ref": "#/components/schemas/StatusInfo/properties/statusInfoSet"}
        properties["statusInfoSet"] = status
    return {"type": "object", "properties": properties, "required": [key], "additionalProperties": False}


def _operation(standard: Standard, found: Operation, *, has_token_url: bool) -> Document:
    record: Document = {"$ref": f"#/components/schemas/{component_name(found.entity)}"}
    document: Document = {
        "operationId": found.name,
        "tags": [found.service],
        "summary": _summary(found),
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
            for name in found.parameters
        ],
        "security": [{OAUTH2: [expand(scope, standard.version)]} for scope in found.scopes] if has_token_url else [{BEARER: []}],
    }
    # 1.1 knows a 400 for a body that cannot be read; 1.2 lists none for a write.
    errors: tuple[str, ...] = _WRITE_ERRORS if standard.version != "1.1" else ("400", *_WRITE_ERRORS)
    success: Document = {"description": "Done"}
    if found.kind in ("collection", "related"):
        document["parameters"] += [_parameter(name) for name in COLLECTION_PARAMETERS]
        many: Document = {"type": "array", "items": record}
        headers = {name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Total-Count", "Link")}
        success = {
            "description": "A page of the records that match",
            "headers": headers,
            "content": _json(_envelope(found.payload_key, many, with_status=standard.version == "1.1")),
        }
        errors = _READ_ERRORS
    elif found.kind == "single":
        document["parameters"].append(_parameter("fields"))
        content = _json(_envelope(found.payload_key, record, with_status=standard.version == "1.1"))
        success = {"description": "The object", "content": content}
        errors = _READ_ERRORS
    elif found.kind == "write":
        document["requestBody"] = {"required": True, "content": _json(_envelope(found.payload_key, record))}
    elif found.kind == "create":
        key = str(standard.classes[found.entity].collection)
        body = _envelope(key, {"type": "array", "items": record})
        document["requestBody"] = {"required": True, "content": _json(body)}
        pairs: Document = {"type": "array", "items": {"$ref": f"#/components/schemas/{component_name('guidPair')}"}}
        success = {"description": "Created", "content": _json(_envelope(found.payload_key, pairs))}
    codes = {str(found.success): success}
    if found.kind == "write" and standard.version == "1.1":
        codes = {"200": {"description": "Replaced"}, "201": {"description": "Created"}}
    document["responses"] = {**codes, **{code: {"$ref": f"#/components/responses/Error{code}"} for code in errors}}
    return document


def _parameter(name: str) -> Document:
    return {"$ref": f"#/components/parameters/{name}"}


def _summary(found: Operation) -> str:
    """getClassesForSchool -> Get classes for school."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", found.name).lower()
    return words[0].upper() + words[1:]


def _security(standard: Standard, operations: Collection[Operation], token_url: str | None) -> Document:
    if token_url is None:
        return {BEARER: {"type": "http", "scheme": "bearer"}}
    scopes = sorted({expand(scope, standard.version) for found in operations for scope in found.scopes})
    flow = {"tokenUrl": token_url, "scopes": {scope: short(scope) for scope in scopes}}
    return {OAUTH2: {"type": "oauth2", "flows": {"clientCredentials": flow}}}
