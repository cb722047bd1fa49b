"""A district as one vendor shows it: whose ids it uses and who is in scope, told record by record.

Called for the records of later days; whole stores are seen through it in bulk, by seen_rows.py. Reads the `[ids]` and `[scope]`
tables of the vendor's dialect; what a vendor does to a record's values on the wire is the server's affair, not this module's.
"""

from __future__ import annotations

import string
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from data_gen.resources import VENDOR
from oneroster_harness.problems import UsageProblem, unknown
from oneroster_standard.dialects import DialectProblem, dialect_names, load_dialect, load_quirks
from oneroster_standard.marks import refer
from oneroster_standard.standard import load
from oneroster_standard.versions import role_1p1

Record = dict[str, Any]
ROLE_LETTERS = {"adm": "a", "aid": "x", "gdn": "g", "stu": "s", "tch": "t"}
USER_BASES = {"adm": 1, "aid": 2, "gdn": 3, "stu": 4, "tch": 5}
NUMBERED, ENTERED = 10_000, 5_000_000_000
"""First numbers of records that are no users, and of the enrollments of teachers."""
PROFILE = f"https://{VENDOR}/"
NAMESPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")


@dataclass(frozen=True, slots=True)
class Remainder:
    """A choice of some numbers, by what is left of a division."""

    divisor: int
    left: int

    def holds(self, number: Any) -> Any:
        """Whether a number is chosen; of an array which ones."""
        return number % self.divisor == self.left


HIDDEN_STUDENT = Remainder(64, 9)
"""Students without a user account, by the number in their id."""
EMPTY_CLASS = Remainder(50, 16)
"""Classes without students, by the number in their id."""


def number_of(sourced_id: str) -> int:
    """The digits of a generated id as one number; letters count by their place in the alphabet."""
    text = "".join(
        part if part.isdigit() else str(ord(part) - 87) if part.isalpha() else "" for part in sourced_id[4:]
    )
    return int(text or "0")


def _numeric(collection: str, sourced_id: str) -> str:
    if collection in ("users", "demographics"):
        return f"{USER_BASES[sourced_id[:3]]}{number_of(sourced_id):09d}"
    base = ENTERED if sourced_id.startswith("ent") else NUMBERED
    return str(base + number_of(sourced_id))


def _role_letter(collection: str, sourced_id: str) -> str:
    if collection not in ("users", "demographics"):
        return _numeric(collection, sourced_id)
    return f"{ROLE_LETTERS[sourced_id[:3]]}{100_000 + number_of(sourced_id)}"


def _guid(collection: str, sourced_id: str) -> str:
    return str(uuid.uuid5(NAMESPACE, f"{collection}/{sourced_id}")).upper()


def _prefixed(collection: str, sourced_id: str) -> str:
    return (
        f"s{_numeric(collection, sourced_id)}"
        if sourced_id.startswith("enr")
        else _numeric(collection, sourced_id)
    )


def _joined(collection: str, sourced_id: str) -> str:
    number = str(number_of(sourced_id))
    return f"{number[:-1] or '0'}_{'t' if sourced_id.startswith('ent') else 's'}{number[-1]}"


def _case_twins(collection: str, sourced_id: str) -> str:
    """Pairs of keys that differ in the case of their first letter only."""
    number = int(_numeric(collection, sourced_id))
    return f"{'kK'[number % 2]}{number // 2}"


def _same(_collection: str, sourced_id: str) -> str:
    return sourced_id


FORMS: dict[str, Callable[[str, str], str]] = {
    "same": _same,
    "numeric": _numeric,
    "role-letter": _role_letter,
    "guid-upper": _guid,
    "student-letter": _prefixed,
    "joined": _joined,
    "case-twins": _case_twins,
}
"""Forms of an id that a dialect's [ids] table may name per collection."""


@dataclass(frozen=True)
class Lens:
    """One vendor's ids and scope.

    forms: collection -> name of FORMS. hidden_roles: roles of 1.1 whose users are not shown, their references
    included. old_id_key: metadata key under which a user of 1.2 bears the number of the 1.1 id; empty for none.
    """

    vendor: str
    version: str = "1.1"
    forms: Mapping[str, str] = field(default_factory=dict)
    hidden_roles: frozenset[str] = frozenset()
    accounts_needed: bool = False
    hide_co_teachers: bool = False
    staff_row_per_school: bool = False
    empty_classes: bool = False
    active_year_only: bool = False
    old_forms: Mapping[str, str] = field(default_factory=dict)
    old_id_key: str = ""

    def sees_like(self, other: Lens) -> bool:
        """Whether a record that is the same in both versions is seen the same."""
        return replace(self, version=other.version, old_forms=other.old_forms, old_id_key=other.old_id_key) == other

    def new_id(self, collection: str, sourced_id: str) -> str:
        """The vendor's id of a record."""
        return _new_id(self.forms, collection, sourced_id)

    def _reference(self, reference: Mapping[str, str]) -> dict[str, str]:
        kind = reference["type"]
        collection = load(self.version).classes[kind].collection or ""
        return refer(self.version, kind, self.new_id(collection, reference["sourcedId"]))

    def _value(self, value: Any, old: str, new: str) -> Any:
        if isinstance(value, str):
            return value.replace(old, new) if value.startswith(PROFILE) else value
        if isinstance(value, list):
            return [self._value(item, old, new) for item in value]
        if isinstance(value, dict):
            if "href" in value:
                return self._reference(value)
            if "sourcedId" in value and "type" in value:  # a reference that a defect has spoilt
                return {**value, "sourcedId": self._reference(value)["sourcedId"]}
            return {name: self._value(inner, old, new) for name, inner in value.items()}
        return value

    def _translate(self, collection: str, record: Record) -> Record:
        old = record["sourcedId"]
        new = self.new_id(collection, old)
        found: Record = {name: self._value(value, old, new) for name, value in record.items()}
        found["sourcedId"] = new
        if self.old_id_key and collection == "users":
            before = _new_id(self.old_forms, collection, old)
            found["metadata"] = {**found.get("metadata", {}), self.old_id_key: before.lstrip(string.ascii_letters)}
        return found

    def _hidden(self, collection: str, record: Record) -> bool:
        if collection == "users":
            role = _role_of(record)
            return role in self.hidden_roles or (self.accounts_needed and _lacks_account(role, record))
        if collection == "enrollments":
            teaches = record["role"] == "teacher"
            if self.hide_co_teachers and teaches and record.get("primary") == "false":
                return True
            return bool(self.empty_classes and not teaches and _class_is_empty(record["class"]["sourcedId"]))
        if collection == "results" and self.empty_classes:
            return _class_is_empty("cls-" + record["lineItem"]["sourcedId"][4:11])
        return False

    def shown(self, name: str, record: Record) -> Iterator[Record]:
        """What the vendor shows of one record of this version: nothing, one record, or several."""
        if not self._hidden(name, record):
            for row in self._split(name, record):
                yield self._translate(name, row)

    def _split(self, name: str, record: Record) -> Iterator[Record]:
        if name != "users" or not self.staff_row_per_school or _role_of(record) != "teacher":
            yield record
            return
        orgs = list(dict.fromkeys(org["sourcedId"] for org in _orgs_of(record)))
        for place, org in enumerate(orgs):
            yield record if len(orgs) == 1 else _at_org(record, org, "" if place == 0 else f"9{place}")


def form_of(forms: Mapping[str, str], collection: str) -> str:
    """Name of the form of a collection's ids."""
    return forms.get(collection, forms.get("default", "same"))


def _new_id(forms: Mapping[str, str], collection: str, sourced_id: str) -> str:
    kind = "users" if collection == "demographics" else collection
    return FORMS[form_of(forms, kind)](kind, sourced_id)


def _role_of(record: Record) -> str:
    """A user's role in the words of 1.1."""
    return str(record["role"]) if "role" in record else role_1p1(record["roles"][0]["role"])


def _orgs_of(record: Record) -> list[dict[str, str]]:
    return list(record["orgs"]) if "orgs" in record else [role["org"] for role in record["roles"]]


def _at_org(record: Record, org: str, suffix: str) -> Record:
    """A user as seen from one org only, under a key of its own."""
    own = {**record, "sourcedId": record["sourcedId"] + suffix}
    if "orgs" in record:
        own["orgs"] = [found for found in record["orgs"] if found["sourcedId"] == org]
        return own
    own["roles"] = [dict(found) for found in record["roles"] if found["org"]["sourcedId"] == org]
    own["primaryOrg"] = own["roles"][0]["org"]
    old, new = f"upf-{record['sourcedId']}", f"upf-{own['sourcedId']}"
    if "userProfiles" in own:
        own["userProfiles"] = [
            {**found, "profileId": found["profileId"].replace(old, new)} for found in own["userProfiles"]
        ]
    for role in own["roles"]:
        if "userProfile" in role:
            role["userProfile"] = role["userProfile"].replace(old, new)
    return own


def _lacks_account(role: str, record: Record) -> bool:
    return role == "student" and bool(HIDDEN_STUDENT.holds(number_of(record["sourcedId"])))


def _class_is_empty(class_id: str) -> bool:
    return bool(EMPTY_CLASS.holds(number_of(class_id)))


def lens_of(vendor: str, quirks: Iterable[str] = (), version: str = "1.1") -> Lens:
    """The lens of a vendor's dialect in one version; quirks: ids of the catalogue that widen its scope table.

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
    if version == "1.2":
        scope |= dialect.scope_1p2
    return Lens(
        vendor=dialect.name,
        version=version,
        forms=dict(dialect.ids_1p2 if version == "1.2" else dialect.ids),
        old_forms=dict(dialect.ids),
        old_id_key=dialect.old_id_key if version == "1.2" else "",
        hidden_roles=frozenset(scope.get("hidden_roles", ())),
        accounts_needed=bool(scope.get("accounts_needed", False)),
        hide_co_teachers=bool(scope.get("hide_co_teachers", False)),
        staff_row_per_school=bool(scope.get("staff_row_per_school", False)),
        empty_classes=bool(scope.get("empty_classes", False)),
        active_year_only=bool(scope.get("active_year_only", False)),
    )
