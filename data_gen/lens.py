"""A district as one vendor shows it: whose ids it uses and who is in scope.

Called by districts.view. Reads the `[ids]` and `[scope]` tables of the vendor's dialect; what a vendor does to a
record's values on the wire is the server's affair, not this module's.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from data_gen.references import MARK
from data_gen.rendering import json_bytes
from oneroster_harness.problems import UsageProblem, unknown
from oneroster_standard.dialects import DialectProblem, dialect_names, load_dialect, load_quirks
from oneroster_standard.store import ROOT, Store

Record = dict[str, Any]
_ESCAPED = orjson.dumps(MARK)[1:-1]
_COLLECTION_OF = {
    "org": "orgs", "academicSession": "academicSessions", "course": "courses", "class": "classes", "user": "users",
    "resource": "resources", "category": "categories", "lineItem": "lineItems",
}  # fmt: skip
_ROLE_LETTERS = {
    "student": "s",
    "teacher": "t",
    "guardian": "g",
    "parent": "g",
    "administrator": "a",
    "aide": "x",
}
_USER_BASES = {"adm": 1, "aid": 2, "gdn": 3, "stu": 4, "tch": 5}
_NAMESPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")


def number_of(sourced_id: str) -> int:
    """The digits of a generated id as one number; letters count by their place in the alphabet."""
    text = "".join(
        part if part.isdigit() else str(ord(part) - 87) if part.isalpha() else "" for part in sourced_id[4:]
    )
    return int(text or "0")


def _numeric(collection: str, sourced_id: str) -> str:
    if collection in ("users", "demographics"):
        return f"{_USER_BASES[sourced_id[:3]]}{number_of(sourced_id):09d}"
    base = 5_000_000_000 if sourced_id.startswith("ent") else 10_000
    return str(base + number_of(sourced_id))


def _role_letter(collection: str, sourced_id: str) -> str:
    if collection not in ("users", "demographics"):
        return _numeric(collection, sourced_id)
    letter = {"adm": "a", "aid": "x", "gdn": "g", "stu": "s", "tch": "t"}[sourced_id[:3]]
    return f"{letter}{100_000 + number_of(sourced_id)}"


def _guid(collection: str, sourced_id: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"{collection}/{sourced_id}")).upper()


def _prefixed(collection: str, sourced_id: str) -> str:
    return (
        f"s{_numeric(collection, sourced_id)}"
        if sourced_id.startswith("enr")
        else _numeric(collection, sourced_id)
    )


def _joined(collection: str, sourced_id: str) -> str:
    number = str(number_of(sourced_id))
    return f"{number[:-1] or '0'}_{'t' if sourced_id.startswith('ent') else 's'}{number[-1]}"


def _same(_collection: str, sourced_id: str) -> str:
    return sourced_id


FORMS: dict[str, Callable[[str, str], str]] = {
    "same": _same,
    "numeric": _numeric,
    "role-letter": _role_letter,
    "guid-upper": _guid,
    "student-letter": _prefixed,
    "joined": _joined,
}
"""Forms of an id that a dialect's [ids] table may name per collection."""


@dataclass(frozen=True)
class Lens:
    """One vendor's ids and scope.

    forms: collection -> name of FORMS. hidden_roles: roles of users that are not shown, their references included.
    """

    vendor: str
    forms: Mapping[str, str] = field(default_factory=dict)
    hidden_roles: frozenset[str] = frozenset()
    accounts_needed: bool = False
    hide_co_teachers: bool = False
    staff_row_per_school: bool = False
    empty_classes: bool = False

    def new_id(self, collection: str, sourced_id: str) -> str:
        """The vendor's id of a record."""
        kind = "users" if collection == "demographics" else collection
        return FORMS[self.forms.get(kind, self.forms.get("default", "same"))](collection, sourced_id)

    def _reference(self, reference: Mapping[str, str]) -> dict[str, str]:
        collection = _COLLECTION_OF[reference["type"]]
        new = self.new_id(collection, reference["sourcedId"])
        return {"href": f"{MARK}/{collection}/{new}", "sourcedId": new, "type": reference["type"]}

    def _translate(self, collection: str, record: Record) -> Record:
        found: Record = {}
        for name, value in record.items():
            if isinstance(value, dict) and "href" in value:
                found[name] = self._reference(value)
            elif isinstance(value, list) and value and isinstance(value[0], dict) and "href" in value[0]:
                found[name] = [self._reference(item) for item in value]
            else:
                found[name] = value
        found["sourcedId"] = self.new_id(collection, record["sourcedId"])
        return found

    def _hidden(self, collection: str, record: Record) -> bool:
        if collection == "users":
            role = record["role"]
            return role in self.hidden_roles or (self.accounts_needed and _lacks_account(record))
        if collection == "enrollments":
            teaches = record["role"] == "teacher"
            if self.hide_co_teachers and teaches and record.get("primary") == "false":
                return True
            return bool(self.empty_classes and not teaches and _class_is_empty(record["class"]["sourcedId"]))
        if collection == "results" and self.empty_classes:
            return _class_is_empty("cls-" + record["lineItem"]["sourcedId"][4:11])
        return False

    def collection(self, source: Store, name: str) -> Iterator[bytes]:
        """Rendered records of one collection as the vendor has them, in order of the vendor's sourcedId.

        They are kept rendered while they are put in order: as objects they take five times the memory.
        """
        found: list[tuple[bytes, bytes]] = []
        for raw in source.collection(name).iter_bytes():
            record = orjson.loads(raw.replace(ROOT, _ESCAPED))
            if self._hidden(name, record):
                continue
            for row in self._split(name, record):
                shown = self._translate(name, row)
                found.append((shown["sourcedId"].encode("utf-8"), json_bytes(shown)))
        found.sort()
        yield from (rendered for _, rendered in found)

    def _split(self, name: str, record: Record) -> Iterator[Record]:
        orgs = record.get("orgs", [])
        if name != "users" or not self.staff_row_per_school or record["role"] != "teacher" or len(orgs) < 2:
            yield record
            return
        for place, org in enumerate(orgs):
            suffix = "" if place == 0 else f"9{place}"
            yield {**record, "sourcedId": record["sourcedId"] + suffix, "orgs": [org]}


def _lacks_account(record: Record) -> bool:
    """About one student in 64 has no user account; decided by the number in the id."""
    return bool(record["role"] == "student" and number_of(record["sourcedId"]) % 64 == 9)


def _class_is_empty(class_id: str) -> bool:
    return number_of(class_id) % 50 == 16


def lens_of(vendor: str, quirks: Iterable[str] = ()) -> Lens:
    """The lens of a vendor's dialect; quirks: ids of the catalogue that widen its scope table.

    Raises UsageProblem for an unknown name and for a dialect file that cannot be read.
    """
    if vendor not in dialect_names() and not vendor.endswith(".toml"):
        raise unknown("vendor", vendor, dialect_names())
    try:
        dialect = load_dialect(vendor)
    except DialectProblem as error:
        raise UsageProblem(str(error), "a vendor's name or a dialect file") from error
    known = load_quirks()
    scope = dict(dialect.scope)
    for quirk in (*dialect.default_quirks, *quirks):
        scope |= known[quirk].scope if quirk in known else {}
    return Lens(
        vendor=dialect.name,
        forms=dict(dialect.ids),
        hidden_roles=frozenset(scope.get("hidden_roles", ())),
        accounts_needed=bool(scope.get("accounts_needed", False)),
        hide_co_teachers=bool(scope.get("hide_co_teachers", False)),
        staff_row_per_school=bool(scope.get("staff_row_per_school", False)),
        empty_classes=bool(scope.get("empty_classes", False)),
    )
