"""Rows of the files that have no collection of their own: what the API nests, a bundle holds apart.

Called by the bundle's writer. Each function reads one record and gives cells by column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from oneroster_standard.cells import join_score_values

Record = dict[str, Any]
Row = dict[str, str]

RENAMED = {"preferredGivenName": "preferredFirstName", "preferredFamilyName": "preferredLastName"}
"""Column -> the property that says the same under another name."""
CASE_URN = "urn:uuid:"
"""Head of a CASE identifier in a file; the API has the bare UUID."""


def profile_key(profile_id: str) -> str:
    """Key of a profile's row: a file's key may hold no colon, so it is the last part of the address."""
    return profile_id.rpartition("/")[2]


def _id(reference: Any) -> str:
    return str(reference["sourcedId"]) if reference else ""


def _text(value: Any) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def roles(user: Record) -> Iterator[Row]:
    """One row per role of a user, in the order of the record."""
    for number, role in enumerate(user["roles"], start=1):
        yield {
            "sourcedId": f"{user['sourcedId']}-r{number}",
            "userSourcedId": user["sourcedId"],
            "roleType": role["roleType"],
            "role": role["role"],
            "beginDate": role.get("beginDate", ""),
            "endDate": role.get("endDate", ""),
            "orgSourcedId": _id(role["org"]),
            "userProfileSourcedId": profile_key(role.get("userProfile", "")),
        }


def user_profiles(user: Record) -> Iterator[Row]:
    """One row per profile of a user, with its one credential; a password is never written."""
    for profile in user.get("userProfiles", ()):
        (credential,) = profile["credentials"]
        yield {
            "sourcedId": profile_key(profile["profileId"]),
            "userSourcedId": user["sourcedId"],
            "profileType": profile["profileType"],
            "vendorId": profile["vendorId"],
            "applicationId": profile.get("applicationId", ""),
            "description": profile.get("description", ""),
            "credentialType": credential["type"],
            "username": credential["username"],
        }


def user_resources(user: Record) -> Iterator[Row]:
    """One row per resource of a user."""
    for resource in user.get("resources", ()):
        yield {
            "sourcedId": f"{user['sourcedId']}-{_id(resource)}",
            "userSourcedId": user["sourcedId"],
            "resourceSourcedId": _id(resource),
        }


def score_scales(scales: Iterable[Record], classes: Iterable[Record]) -> Iterator[Row]:
    """One row per scale; the org, which the API does not name, is the school of its class."""
    every = list(scales)
    wanted = {_id(scale["class"]) for scale in every}
    schools = {found["sourcedId"]: _id(found["school"]) for found in classes if found["sourcedId"] in wanted}
    for scale in every:
        yield {
            "sourcedId": scale["sourcedId"],
            "title": scale["title"],
            "type": scale["type"],
            "orgSourcedId": schools.get(_id(scale["class"]), ""),
            "courseSourcedId": _id(scale["course"]),
            "classSourcedId": _id(scale["class"]),
            "scoreScaleValue": join_score_values(scale["scoreScaleValue"]),
        }


def _scale_of(column: str, record: Record) -> Iterator[Row]:
    if "scoreScale" in record:
        own, scale = record["sourcedId"], _id(record["scoreScale"])
        yield {"sourcedId": f"{own}-{scale}", column: own, "scoreScaleSourcedId": scale}


def _objective(source: str, objective: str) -> str:
    return f"{CASE_URN}{objective}" if source == "case" else objective


def line_item_objectives(item: Record) -> Iterator[Row]:
    """One row per learning objective of a line item."""
    number = 0
    for found in item.get("learningObjectiveSet", ()):
        for objective in found["learningObjectiveIds"]:
            number += 1
            yield {
                "sourcedId": f"{item['sourcedId']}-o{number}",
                "lineItemSourcedId": item["sourcedId"],
                "source": found["source"],
                "learningObjectiveId": _objective(found["source"], objective),
            }


def result_objectives(result: Record) -> Iterator[Row]:
    """One row per learning objective of a result, with what was reached."""
    number = 0
    for found in result.get("learningObjectiveSet", ()):
        for reached in found["learningObjectiveResults"]:
            number += 1
            yield {
                "sourcedId": f"{result['sourcedId']}-o{number}",
                "resultSourcedId": result["sourcedId"],
                "source": found["source"],
                "learningObjectiveId": _objective(found["source"], reached["learningObjectiveId"]),
                "score": _text(reached.get("score")),
                "textScore": reached.get("textScore", ""),
            }


def _linked(column: str, record: Record) -> Iterator[Row]:
    for resource in record.get("resources") or ():
        own, linked = str(record["sourcedId"]), _id(resource)
        yield {"sourcedId": f"{own}-{linked}", column: own, "resourceSourcedId": linked}


SCORE_SCALES = "scoreScales.csv"
NESTED: Mapping[str, tuple[str, Callable[[Record], Iterator[Row]]]] = {
    "classResources.csv": ("classes", partial(_linked, "classSourcedId")),
    "courseResources.csv": ("courses", partial(_linked, "courseSourcedId")),
    "roles.csv": ("users", roles),
    "userProfiles.csv": ("users", user_profiles),
    "userResources.csv": ("users", user_resources),
    "lineItemScoreScales.csv": ("lineItems", partial(_scale_of, "lineItemSourcedId")),
    "resultScoreScales.csv": ("results", partial(_scale_of, "resultSourcedId")),
    "lineItemLearningObjectiveIds.csv": ("lineItems", line_item_objectives),
    "resultLearningObjectiveIds.csv": ("results", result_objectives),
}
"""File -> the collection whose records hold its rows, and the rows of one record."""
