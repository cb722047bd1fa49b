"""Landed rows of files that have no collection of their own: what an API nests in its records, a bundle holds apart.

Called by truth.py. Each function reads one record and gives the row's values by header, without status and stamp.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Record = Mapping[str, Any]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Nested:
    """A file's rows: the collection whose records hold them, and how."""

    collection: str
    rows: Callable[[Record], Iterator[Row]]


def _id(reference: Any) -> str | None:
    return str(reference["sourcedId"]) if reference else None


def _key(profile_id: str | None) -> str | None:
    # A profile is known by an address in the API and by a key in a file: the address ends in the key.
    return profile_id.rsplit("/", 1)[-1] if profile_id else None


def _numbered(record: Record, letter: str, rows: Iterator[Row]) -> Iterator[Row]:
    for number, row in enumerate(rows, 1):
        yield {"sourcedId": f"{record['sourcedId']}-{letter}{number}", **row}


def _links(name: str, header: str, linked_header: str) -> Callable[[Record], Iterator[Row]]:
    """Rows that join a record to others that it refers to, by its own key and theirs."""

    def rows(record: Record) -> Iterator[Row]:
        found = record.get(name) or ()
        for linked in [found] if isinstance(found, Mapping) else found:
            own, other = str(record["sourcedId"]), _id(linked)
            yield {"sourcedId": f"{own}-{other}", header: own, linked_header: other}

    return rows


def _roles(user: Record) -> Iterator[Row]:
    def each() -> Iterator[Row]:
        for role in user.get("roles") or ():
            yield {
                **{name: role.get(name) for name in ("roleType", "role", "beginDate", "endDate")},
                "userSourcedId": user["sourcedId"],
                "orgSourcedId": _id(role["org"]),
                "userProfileSourcedId": _key(role.get("userProfile")),
            }

    return _numbered(user, "r", each())


def _profiles(user: Record) -> Iterator[Row]:
    for profile in user.get("userProfiles") or ():
        for credential in (profile.get("credentials") or ())[:1]:
            yield {
                **{name: profile.get(name) for name in ("profileType", "vendorId", "applicationId", "description")},
                "sourcedId": _key(profile["profileId"]),
                "userSourcedId": user["sourcedId"],
                "credentialType": credential["type"],
                "username": credential["username"],
            }


def _objectives(header: str, ids: str) -> Callable[[Record], Iterator[Row]]:
    """Rows of learning objectives: bare names of a line item, or what a result reached of each."""

    def each(record: Record) -> Iterator[Row]:
        for group in record.get("learningObjectiveSet") or ():
            for one in group[ids]:
                reached = one if isinstance(one, Mapping) else {"learningObjectiveId": one}
                name = reached["learningObjectiveId"]
                row = {header: record["sourcedId"], "source": group["source"], "learningObjectiveId": name}
                # A file names a CASE identifier by its URN.
                yield {**reached, **row, **({"learningObjectiveId": f"urn:uuid:{name}"} if group["source"] == "case" else {})}

    return lambda record: _numbered(record, "o", each(record))


NESTED: Mapping[str, Nested] = {
    "classResources": Nested("classes", _links("resources", "classSourcedId", "resourceSourcedId")),
    "courseResources": Nested("courses", _links("resources", "courseSourcedId", "resourceSourcedId")),
    "userResources": Nested("users", _links("resources", "userSourcedId", "resourceSourcedId")),
    "lineItemScoreScales": Nested("lineItems", _links("scoreScale", "lineItemSourcedId", "scoreScaleSourcedId")),
    "resultScoreScales": Nested("results", _links("scoreScale", "resultSourcedId", "scoreScaleSourcedId")),
    "roles": Nested("users", _roles),
    "userProfiles": Nested("users", _profiles),
    "lineItemLearningObjectiveIds": Nested("lineItems", _objectives("lineItemSourcedId", "learningObjectiveIds")),
    "resultLearningObjectiveIds": Nested("results", _objectives("resultSourcedId", "learningObjectiveResults")),
}
"""File's entity -> where its rows lie."""
