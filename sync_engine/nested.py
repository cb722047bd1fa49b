"""Tables that an API has no collection of: their rows lie inside the records of another collection.

Called by the API source. Gives rows the keys that a bundle gives them, so that both land the same; never drops an
owner's row because of what it holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sync_engine.landing import Table, land_record, text

Record = Mapping[str, Any]
Within = Callable[[Record], Iterable[dict[str, Any]]]
"""Reads an owner's record; gives the nested rows in the JSON shape of their table, sourcedId included."""


@dataclass(frozen=True, slots=True)
class Nested:
    """Where the rows of a table lie: the collection of their owner, and how they are found in one of its records."""

    owner: str
    within: Within

    def rows(self, table: Table, record: Record) -> Iterator[list[Any]]:
        """Landed rows in order of the table's headers; they are deleted when their owner is, and bear no instant."""
        for found in self.within(record):
            yield land_record(table, {**found, "status": record.get("status"), "dateLastModified": None})


def _objects(value: Any) -> Iterator[Record]:
    """The objects of a list, or the one that stands alone; some providers send either."""
    for one in value if isinstance(value, list) else (value,):
        if isinstance(one, Mapping):
            yield one


def _identifier(record: Record) -> str:
    return text(record.get("sourcedId")) or ""


def _links(name: str, owner: str, linked: str) -> Within:
    """Rows that join an owner to the records it refers to, keyed by both ids."""

    def within(record: Record) -> Iterator[dict[str, Any]]:
        for reference in _objects(record.get(name)):
            if other := text(reference.get("sourcedId")):
                own = _identifier(record)
                yield {"sourcedId": f"{own}-{other}", owner: own, linked: other}

    return within


def _roles(user: Record) -> Iterator[dict[str, Any]]:
    for number, role in enumerate(_objects(user.get("roles")), 1):
        profile = _last_part(role.get("userProfile"))
        own = _identifier(user)
        yield {**role, "sourcedId": f"{own}-r{number}", "user": own, "userProfile": profile}


def _profiles(user: Record) -> Iterator[dict[str, Any]]:
    """A file holds one credential of each profile, and only profiles that have one; a password is left behind."""
    for profile in _objects(user.get("userProfiles")):
        credential = next(_objects(profile.get("credentials")), None)
        if credential is not None:
            yield {
                **profile, "sourcedId": _last_part(profile.get("profileId")), "user": _identifier(user),
                "credentialType": credential.get("type"), "username": credential.get("username"),
            }  # fmt: skip


def _last_part(address: Any) -> str | None:
    """A profile is named by an address in an API and by that address's last part in a file."""
    found = text(address)
    return found.rstrip("/").rpartition("/")[2] if found else None


def _objectives(owner: str, ids: str) -> Within:
    """Rows of the learning objectives of a line item (bare ids) or of a result (what was reached of each)."""

    def within(record: Record) -> Iterator[dict[str, Any]]:
        own, number = _identifier(record), 0
        for group in _objects(record.get("learningObjectiveSet")):
            for one in group.get(ids) or ():
                reached = one if isinstance(one, Mapping) else {"learningObjectiveId": one}
                name, number = text(reached.get("learningObjectiveId")) or "", number + 1
                if group.get("source") == "case" and not name.startswith("urn:"):
                    name = f"urn:uuid:{name}"
                row = {"sourcedId": f"{own}-o{number}", owner: own, "source": group.get("source")}
                yield {**reached, **row, "learningObjectiveId": name}

    return within


_OF_BOTH = {
    "classResources": Nested("classes", _links("resources", "class", "resource")),
    "courseResources": Nested("courses", _links("resources", "course", "resource")),
}
_OF_1P2 = {
    "userResources": Nested("users", _links("resources", "user", "resource")),
    "roles": Nested("users", _roles),
    "userProfiles": Nested("users", _profiles),
    "lineItemScoreScales": Nested("lineItems", _links("scoreScale", "lineItem", "scoreScale")),
    "resultScoreScales": Nested("results", _links("scoreScale", "result", "scoreScale")),
    "lineItemLearningObjectiveIds": Nested("lineItems", _objectives("lineItem", "learningObjectiveIds")),
    "resultLearningObjectiveIds": Nested("results", _objectives("result", "learningObjectiveResults")),
}
NESTED: Mapping[str, Mapping[str, Nested]] = {"1.1": _OF_BOTH, "1.2": {**_OF_BOTH, **_OF_1P2}}
"""Version -> table -> where its rows lie."""
