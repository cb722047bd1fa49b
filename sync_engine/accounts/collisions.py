"""Addresses and user names that several people of a roster share, and what kind of sharing it looks like.

Called by `sync accounts`. Tells and never merges: two rows with one address may be one person or two.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sync_engine.accounts.deciding import folded
from sync_engine.accounts.people import Person

STAFF = {
    "administrator",
    "aide",
    "counselor",
    "districtAdministrator",
    "principal",
    "proctor",
    "siteAdministrator",
    "systemAdministrator",
    "teacher",
}
FAMILY = {"guardian", "parent", "relative"}
KINDS = {
    "parent-and-staff": "a guardian and a member of the staff share an address: likely one person with two rows",
    "family": "a student and a guardian share an address",
    "shared-mail": "people of one kind share an address",
    "same-username": "people share a user name",
}
"""Kinds of sharing: id -> what it means."""


@dataclass(frozen=True, slots=True)
class Collision:
    """People who share something. people: redacted ids. by_case_only: what they share is written in different cases."""

    kind: str
    people: tuple[str, ...]
    by_case_only: bool

    def document(self) -> dict[str, object]:
        """The machine form."""
        return {"kind": self.kind, "people": list(self.people), "by_case_only": self.by_case_only}


def redacted(tenant: str, id: str) -> str:
    """A person in a report: the same sign each time, from which nobody reads an id."""
    return hashlib.sha256(f"{tenant}\0{id}".encode()).hexdigest()[:10]


def collisions(tenant: str, people: Iterable[Person]) -> list[Collision]:
    """All sharing among live people, in order of its kind and its people."""
    mails: dict[str, list[Person]] = defaultdict(list)
    names: dict[str, list[Person]] = defaultdict(list)
    for person in people:
        if person.is_live:
            if person.email:
                mails[folded(person.email)].append(person)
            if person.username:
                names[folded(person.username)].append(person)
    found = [
        _collision(tenant, _kind(sharing), sharing, {one.email for one in sharing})
        for sharing in mails.values() if len(sharing) > 1
    ]  # fmt: skip
    found += [
        _collision(tenant, "same-username", sharing, {one.username for one in sharing})
        for sharing in names.values() if len(sharing) > 1
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.kind, one.people))


def _collision(tenant: str, kind: str, sharing: Sequence[Person], written: set[str]) -> Collision:
    return Collision(
        kind, tuple(sorted(redacted(tenant, one.id) for one in sharing)), len(written) == len(sharing)
    )


def _kind(sharing: Sequence[Person]) -> str:
    kinds = [{role.name for role in person.roles} for person in sharing]
    has_family, has_staff = any(kind & FAMILY for kind in kinds), any(kind & STAFF for kind in kinds)
    if has_family and has_staff:
        return "parent-and-staff"
    return "family" if has_family and any("student" in kind for kind in kinds) else "shared-mail"
