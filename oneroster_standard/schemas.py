"""JSON Schemas (Draft 2020-12) of OneRoster payloads, derived from the tables.

Called by the suite and by tests of the mock; never adds a rule that the tables do not hold.
"""

from __future__ import annotations

from typing import Any, Literal

from oneroster_standard.standard import Property, Standard
from oneroster_standard.status_info import CODE_MAJORS, CODE_MINORS, SEVERITIES

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Booleans = Literal["string", "either"]

DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
INSTANT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z$"
YEAR = r"^[0-9]{4}$"


def _token(standard: Standard, enumeration: str) -> dict[str, Any]:
    tokens = list(standard.enumerations[enumeration])
    if enumeration in standard.recommended:
        return {"type": "string", "minLength": 1}
    if enumeration in standard.extensible:
        return {
            "type": "string",
            "anyOf": [{"enum": tokens}, {"pattern": r"^ext:[A-Za-z0-9._-]+$"}],
        }
    return {"type": "string", "enum": tokens}


def reference_schema(standard: Standard, class_name: str) -> dict[str, Any]:
    """A reference to one object: href, sourcedId and type, and nothing else."""
    return {
        "type": "object",
        "properties": {
            "href": {"type": "string", "minLength": 1},
            "sourcedId": {"type": "string", "minLength": 1, "maxLength": 255},
            "type": {"type": "string", "enum": list(standard.enumerations["guidType"])},
        },
        "required": ["href", "sourcedId", "type"],
        "additionalProperties": False,
    }


def component_name(class_name: str, *, is_reference: bool = False) -> str:
    """Name of a class's schema among the components of an OpenAPI document."""
    name = class_name[0].upper() + class_name[1:]
    return f"{name}Ref" if is_reference else name


def _value_schema(
    standard: Standard, item: Property, booleans: Booleans, by_name: bool = False
) -> dict[str, Any]:
    if by_name and item.kind in ("guidref", "object"):
        name = component_name(item.target, is_reference=item.kind == "guidref")
        return {"$ref": f"#/components/schemas/{name}"}
    match item.kind:
        case "guidref":
            return reference_schema(standard, item.target)
        case "object":
            return entity_schema(standard, item.target, booleans)
        case "enum":
            return _token(standard, item.target)
        case "booleanToken":
            tokens: dict[str, Any] = {"type": "string", "enum": ["true", "false"]}
            return (
                tokens
                if booleans == "string"
                else {"anyOf": [tokens, {"type": "boolean"}]}
            )
        case "metadata":
            return {"type": "object"}
        case "float":
            return {"type": "number"}
        case "integer":
            return {"type": "integer"}
        case "date":
            return {"type": "string", "pattern": DATE}
        case "dateTime":
            return {"type": "string", "pattern": INSTANT}
        case "year":
            return {"type": "string", "pattern": YEAR}
        case "guid":
            return {"type": "string", "minLength": 1, "maxLength": 255}
        case _:
            return {"type": "string", "minLength": 1}


def property_schema(
    standard: Standard, item: Property, booleans: Booleans = "string", *, by_name: bool = False
) -> dict[str, Any]:
    """Schema of one property's value, as an array when it is a list.

    by_name: nested objects and references are named components instead of being written out.
    """
    value = _value_schema(standard, item, booleans, by_name)
    if not item.is_list:
        return value
    return {"type": "array", "items": value, "minItems": 1 if item.required else 0}


def entity_schema(
    standard: Standard, class_name: str, booleans: Booleans = "string"
) -> dict[str, Any]:
    """Schema of one object of a class; unknown properties are refused.

    booleans: "string" takes the words true and false only, "either" JSON booleans as well.
    """
    entity = standard.classes[class_name]
    return {
        "$schema": DIALECT,
        "type": "object",
        "properties": {
            item.name: property_schema(standard, item, booleans)
            for item in entity.properties
        },
        "required": [item.name for item in entity.properties if item.required],
        "additionalProperties": False,
    }


def status_info_schema(standard: Standard) -> dict[str, Any]:
    """Schema of the status payload of 1.1: an array of entries with the closed code lists."""
    return {
        "$schema": DIALECT,
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "properties": {
                "imsx_codeMajor": {"enum": list(CODE_MAJORS)},
                "imsx_severity": {"enum": list(SEVERITIES)},
                "imsx_codeMinor": {"enum": list(CODE_MINORS)},
                "imsx_description": {"type": "string"},
                "imsx_messageRefIdentifier": {"type": "string"},
                "imsx_operationRefIdentifier": {"type": "string"},
            },
            "required": ["imsx_codeMajor", "imsx_severity", "imsx_codeMinor"],
        },
    }


def _envelope(standard: Standard, key: str, value: dict[str, Any]) -> dict[str, Any]:
    return {
        "$schema": DIALECT,
        "type": "object",
        "properties": {key: value, "statusInfoSet": status_info_schema(standard)},
        "required": [key],
        "additionalProperties": False,
    }


def collection_schema(
    standard: Standard, class_name: str, booleans: Booleans = "string"
) -> dict[str, Any]:
    """Schema of a collection's page."""
    key = standard.classes[class_name].collection
    if key is None:
        raise ValueError(f"{class_name} has no collection")
    return _envelope(
        standard,
        key,
        {"type": "array", "items": entity_schema(standard, class_name, booleans)},
    )


def single_schema(
    standard: Standard, class_name: str, booleans: Booleans = "string"
) -> dict[str, Any]:
    """Schema of the answer to a single-object read."""
    key = standard.classes[class_name].single
    if key is None:
        raise ValueError(f"{class_name} has no single form")
    return _envelope(standard, key, entity_schema(standard, class_name, booleans))
