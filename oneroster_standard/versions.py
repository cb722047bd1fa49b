"""One record in the other version of the standard: 1.1 as 1.2 says it, and back.

Called by the generator, which writes both versions of one district, and by the server, where what is written by one
version is read by the other. Pure: what a record does not say itself is asked of a resolver. Never invents a value,
except where it says so here, and never drops one that the other version can hold.

Where nothing in a record answers what the other version requires, it has no counterpart there, and None is returned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from oneroster_standard.marks import head
from oneroster_standard.standard import Property, Standard, load

Record = dict[str, Any]
Look = Callable[[str, str], Mapping[str, Any] | None]
"""Resolver: collection and sourcedId -> that record in the version that is mapped from, None when it is not there."""

ADMINISTRATORS = ("districtAdministrator", "principal", "siteAdministrator", "systemAdministrator")
"""Roles of 1.2 that 1.1 calls administrator."""
ROLES_1P1 = {**dict.fromkeys(ADMINISTRATORS, "administrator"), "counselor": "aide"}
"""Role of 1.2 -> role of 1.1, where the word differs. CHOICE: a counselor, whom 1.1 does not know, is an aide."""
SCORE_RANGE = (0.0, 100.0)
"""CHOICE: bounds of a line item that 1.1 requires and 1.2 left out."""
DISTRICTS = ("district", "local", "state", "national")
"""Types of orgs whose administrators are of the district, not of a site."""


def to_1p2(collection: str, record: Mapping[str, Any], look: Look) -> Record | None:
    """A record of 1.1 as 1.2 has it, its properties in the order of the table.

    look: asked for the class of a line item (its school), the line item of a result (its class) and the orgs of an
    administrator (district or site). References of clients that bear a sourcedId only are made whole.
    """
    return _mapped("1.1", "1.2", collection, record, _MORE_1P2, look)


def to_1p1(collection: str, record: Mapping[str, Any], look: Look) -> Record | None:
    """A record of 1.2 as 1.1 has it, its properties in the order of the table.

    Returns None for a collection that 1.1 lacks, a value that its closed vocabularies lack in a required place, a
    user without a role, org or user name, a line item without a session, and a result without a number as score.
    look: asked for the terms of a line item's class when the line item names no session.
    """
    return _mapped("1.2", "1.1", collection, record, _MORE_1P1, look)


Extra = Callable[[Mapping[str, Any], Look], Record | None]
Convert = Callable[[Any], Any]


def _mapped(
    source: str, target: str, collection: str, record: Mapping[str, Any], extras: Mapping[str, Extra], look: Look
) -> Record | None:
    plan = _plan(source, target, collection)
    extra = extras.get(collection)
    more = extra(record, look) if extra else {}
    if plan is None or more is None:
        return None
    found: Record = {}
    for name, required, convert in plan:
        value = more[name] if name in more else record.get(name)
        if value is None:
            continue
        if convert is not None:
            value = convert(value)
            if value is None:
                if required:
                    return None
                continue
        found[name] = value
    return found


@cache
def _plan(source: str, target: str, collection: str) -> tuple[tuple[str, bool, Convert | None], ...] | None:
    """Name, whether it is required, and how its value is converted, for each property; None without a counterpart."""
    standard = load(target)
    if collection not in standard.collections or collection not in load(source).collections:
        return None
    properties = standard.collections[collection].properties
    return tuple((item.name, item.required, _convert(standard, item)) for item in properties)


def _convert(standard: Standard, item: Property) -> Convert | None:
    """How a value becomes one of the target version; None for as it is. It gives None where there is no such word."""
    single = _single(standard, item)
    if single is None or not item.is_list:
        return single

    def each(value: Any) -> Any:
        if not isinstance(value, Sequence) or isinstance(value, str):
            return value
        kept = [found for found in map(single, value) if found is not None]
        return kept if kept or not value else None

    return each


def _single(standard: Standard, item: Property) -> Convert | None:
    match item.kind:
        case "guidref":
            return _reference(standard.version, item.target)
        case "object":
            return _object(standard, item.target)
        case "enum" if item.target not in standard.recommended:
            return _word(standard, item.target)
        case _:
            return None


def _reference(version: str, class_name: str) -> Convert:
    start = head(version, class_name)

    def convert(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        sourced_id = str(value["sourcedId"])
        return {"href": start + sourced_id, "sourcedId": sourced_id, "type": class_name}

    return convert


def _object(standard: Standard, class_name: str) -> Convert | None:
    inner = {item.name: _convert(standard, item) for item in standard.classes[class_name].properties}
    converts = {name: convert for name, convert in inner.items() if convert is not None}
    if not converts:
        return None

    def convert(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: converts[name](one) if name in converts else one for name, one in value.items()}

    return convert


def _word(standard: Standard, enumeration: str) -> Convert:
    known = {*standard.enumerations[enumeration], *standard.legacy.get(enumeration, ())}
    extends = enumeration in standard.extensible

    def convert(value: Any) -> Any:
        return value if value in known or (extends and str(value).startswith("ext:")) else None

    return convert


def _id_of(reference: Any) -> str:
    return str(reference["sourcedId"]) if isinstance(reference, dict) else ""


def _user_1p2(record: Mapping[str, Any], look: Look) -> Record | None:
    orgs = {_id_of(org): org for org in record.get("orgs") or ()}
    roles = [
        {"roleType": "primary", "role": role_1p2(str(record.get("role", "")), org, look), "org": org}
        for org in orgs.values()
    ]
    return {"roles": roles, "primaryOrg": roles[0]["org"]} if roles else None


def role_1p2(role: str, org: Mapping[str, Any], look: Look) -> str:
    """The word of 1.2 for a role of 1.1 at an org: an administrator is one of the district or of a site."""
    if role != "administrator":
        return role
    found = look("orgs", _id_of(org)) or {}
    return "districtAdministrator" if found.get("type") in DISTRICTS else "siteAdministrator"


def role_1p1(role: str) -> str:
    """The word of 1.1 for a role of 1.2; empty when there is none."""
    found = ROLES_1P1.get(role, role)
    return found if found in load("1.1").enumerations["roleType"] else ""


def _user_1p1(record: Mapping[str, Any], _look: Look) -> Record | None:
    roles = [found for found in record.get("roles") or () if role_1p1(str(found.get("role", "")))]
    primary = _id_of(record.get("primaryOrg"))
    leading = sorted(
        roles, key=lambda found: (found.get("roleType") != "primary", _id_of(found["org"]) != primary)
    )
    username = record.get("username") or next(_usernames(record), None) or record.get("identifier")
    if not leading or not username:
        return None
    orgs = {_id_of(found["org"]): found["org"] for found in roles}
    ordered = sorted(orgs, key=lambda org: org != primary)
    return {
        "username": username,
        "role": role_1p1(leading[0]["role"]),
        "orgs": [orgs[org] for org in ordered],
    }


def _usernames(record: Mapping[str, Any]) -> Iterator[str]:
    for profile in record.get("userProfiles") or ():
        for credential in profile.get("credentials") or ():
            if credential.get("username"):
                yield str(credential["username"])


def _line_item_1p2(record: Mapping[str, Any], look: Look) -> Record | None:
    school = record.get("school") or (look("classes", _id_of(record.get("class"))) or {}).get("school")
    return {"school": school, "academicSession": record.get("gradingPeriod")} if school else None


def _line_item_1p1(record: Mapping[str, Any], look: Look) -> Record | None:
    session = record.get("gradingPeriod") or record.get("academicSession")
    if not session:
        terms = (look("classes", _id_of(record.get("class"))) or {}).get("terms")
        session = terms[0] if terms else None
    if not session:
        return None
    low, high = record.get("resultValueMin"), record.get("resultValueMax")
    return {
        "gradingPeriod": session,
        "resultValueMin": SCORE_RANGE[0] if low is None else low,
        "resultValueMax": max(SCORE_RANGE[1], low or 0.0) if high is None else high,
    }


def _result_1p2(record: Mapping[str, Any], look: Look) -> Record | None:
    return {"class": (look("lineItems", _id_of(record.get("lineItem"))) or {}).get("class")}


def _result_1p1(record: Mapping[str, Any], _look: Look) -> Record | None:
    return {} if record.get("score") is not None else None


def _org_1p2(record: Mapping[str, Any], _look: Look) -> Record | None:
    return {"identifier": record.get("identifier") or record["sourcedId"]}


def _course_1p2(record: Mapping[str, Any], _look: Look) -> Record | None:
    return {"courseCode": record.get("courseCode") or record["sourcedId"]}


def _class_1p1(record: Mapping[str, Any], _look: Look) -> Record | None:
    return {"classType": record.get("classType") or "scheduled"}


_MORE_1P2: Mapping[str, Extra] = {
    "users": _user_1p2,
    "lineItems": _line_item_1p2,
    "results": _result_1p2,
    "orgs": _org_1p2,
    "courses": _course_1p2,
}
_MORE_1P1: Mapping[str, Extra] = {
    "users": _user_1p1,
    "lineItems": _line_item_1p1,
    "results": _result_1p1,
    "classes": _class_1p1,
}
