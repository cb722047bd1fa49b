"""The people of a landed roster with their roles, of either version.

Called by the decision. 1.1 says one role and the organisations beside it, 1.2 has a table of roles. Reads in batches.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sync_engine.landing import ACTIVE, PRESENT
from sync_engine.live_rows import is_landed, live
from sync_engine.sql_text import quoted
from sync_engine.targets.session import Session

_BATCH = 50_000
_COLUMNS = (
    "sourcedId", "status", "_state", "enabledUser", "username", "email", "identifier", "userIds", "givenName", "familyName",
    "role", "orgSourcedIds",
)  # fmt: skip
_OFF = ("false", "0", "no")


@dataclass(frozen=True, slots=True)
class Role:
    """One role at one organisation. is_now: it counts today."""

    name: str
    org: str
    is_now: bool = True


@dataclass(frozen=True, slots=True)
class Person:
    """One user row. is_live: it was not removed. roles: of today and of the past."""

    id: str
    is_live: bool
    is_enabled: bool
    username: str
    email: str
    identifier: str
    user_ids: tuple[str, ...]
    given_name: str
    family_name: str
    roles: tuple[Role, ...]

    def field(self, name: str) -> str:
        """A field by which an identity provider may know the person; empty when it is blank."""
        kind, colon, wanted = name.partition(":")
        if colon:
            heads = (f"{{{wanted}:", f"{wanted}:")
            return next(
                (
                    one.removeprefix(head).removesuffix("}")
                    for one in self.user_ids
                    for head in heads
                    if one.startswith(head)
                ),
                "",
            )
        return {
            "username": self.username,
            "email": self.email,
            "identifier": self.identifier,
            "sourcedId": self.id,
        }[kind]


class Organisations:
    """Live organisations and what lies above each."""

    def __init__(self, session: Session, tenant: str) -> None:
        rows = []
        if is_landed(session, "orgs"):
            rows = session.query(
                f'SELECT "sourcedId", "parentSourcedId" FROM "orgs" WHERE "tenant" = ? AND {live()}',
                (tenant,),
            )
        self._parents = {str(id): parent for id, parent in rows}

    def __contains__(self, org: str) -> bool:
        return org in self._parents

    def is_within(self, org: str, wanted: str) -> bool:
        """Whether an organisation is another one, or lies below it."""
        seen: set[str] = set()
        at: str | None = org
        while at in self._parents and at not in seen:
            if at == wanted:
                return True
            seen.add(at)
            at = self._parents[at]
        return False


def people(session: Session, tenant: str, today: str) -> Iterator[Person]:
    """All user rows of a tenant in order of their ids. today: ISO date for roles that begin and end."""
    there = session.columns("users")
    cells = ", ".join(quoted(name) if name in there else f"NULL AS {quoted(name)}" for name in _COLUMNS)
    roles = _roles(session, tenant, today)
    last = ""
    key = '"sourcedId" COLLATE "C"'
    while True:
        rows = session.query(
            f'SELECT {cells} FROM "users" WHERE "tenant" = ? AND {key} > ? ORDER BY {key} LIMIT {_BATCH}',
            (tenant, last),
        )
        for row in rows:
            yield _person(dict(zip(_COLUMNS, row, strict=True)), roles)
        if len(rows) < _BATCH:
            return
        last = str(rows[-1][0])


def _person(cells: dict[str, Any], roles: dict[str, list[Role]]) -> Person:
    id = str(cells["sourcedId"])
    is_live = (cells["status"], cells["_state"]) == (ACTIVE, PRESENT)
    own = (
        [
            Role(cells["role"], org)
            for org in cells["orgSourcedIds"]
            or [
                "",
            ]
        ]
        if cells["role"]
        else []
    )
    return Person(
        id, is_live, str(cells["enabledUser"] or "").lower() not in _OFF, cells["username"] or "", cells["email"] or "",
        cells["identifier"] or "", tuple(cells["userIds"] or ()), cells["givenName"] or "", cells["familyName"] or "",
        (*own, *roles.get(id, ())),
    )  # fmt: skip


def _roles(session: Session, tenant: str, today: str) -> dict[str, list[Role]]:
    """User -> roles of the table that 1.2 has; the end of a role is exclusive there."""
    found: dict[str, list[Role]] = defaultdict(list)
    if is_landed(session, "roles"):
        counts = f"{live()} AND coalesce(\"beginDate\", '') <= ? AND coalesce(\"endDate\", '9999') > ?"
        rows = session.query(
            f'SELECT "userSourcedId", "role", "orgSourcedId", {counts} FROM "roles" WHERE "tenant" = ?',
            (today, today, tenant),
        )
        for user, role, org, is_now in rows:
            found[str(user)].append(Role(role or "", org or "", bool(is_now)))
    return {
        user: sorted(listed, key=lambda one: (one.name, one.org, one.is_now))
        for user, listed in found.items()
    }
