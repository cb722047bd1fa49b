"""Quirks of keys: letters that urls need encoded, other case, other spaces, keys that lead nowhere."""

from __future__ import annotations

from urllib.parse import quote

from mock_server.quirks.families.references import each_reference
from mock_server.quirks.hooks import Quirk, Record, RecordContext, quirk

UNSAFE = " #%+|1"
"""Sorts before every letter and digit, so that keys keep their order."""
NOWHERE = "not-shared"


def renamed(reference: dict[str, str], sourced_id: str) -> dict[str, str]:
    """The reference with another key, in its href as well."""
    base = reference["href"].rpartition("/")[0] if "href" in reference else ""
    return {**reference, "href": f"{base}/{quote(sourced_id, safe='')}", "sourcedId": sourced_id}


@quirk("identity.unsafe-in-urls")
class UnsafeInUrls(Quirk):
    """Keys of orgs hold blanks, #, % and | (D99)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Append the letters to orgs and to what refers to them."""
        found = each_reference(record, lambda _, one: renamed(one, one["sourcedId"] + UNSAFE) if one["type"] == "org" else one)
        return {**found, "sourcedId": record["sourcedId"] + UNSAFE} if collection == "orgs" else found


@quirk("reference.id-case")
class IdCase(Quirk):
    """Enrollments refer to users in upper case (D96)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Change the case of the user's key."""
        if collection != "enrollments":
            return record
        own = record["user"]["sourcedId"]
        other = own.lower() if own == own.upper() else own.upper()
        return {**record, "user": renamed(record["user"], other)}


@quirk("reference.dangling")
class Dangling(Quirk):
    """Every twentieth class names a term that is not shared (D101)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Lead the first term nowhere."""
        if collection != "classes" or context.row % 20:
            return record
        return {**record, "terms": [renamed(record["terms"][0], NOWHERE), *record["terms"][1:]]}


@quirk("reference.agents-of-another-space")
class AgentsOfAnotherSpace(Quirk):
    """Agents are named by another kind of key than users are (D103)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Put a letter before every agent's key."""
        if collection != "users" or "agents" not in record:
            return record
        return {**record, "agents": [renamed(one, f"p{one['sourcedId']}") for one in record["agents"]]}


@quirk("people.identifier-apart")
class IdentifierApart(Quirk):
    """identifier is a third number, neither the key nor one of userIds (D104)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Number the users."""
        return {**record, "identifier": str(context.row + 1)} if collection == "users" and "identifier" in record else record


@quirk("org.identifier-blank")
class OrgIdentifierBlank(Quirk):
    """Schools have an empty identifier (D106)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Blank it."""
        return {**record, "identifier": ""} if collection == "orgs" and record["type"] == "school" else record
