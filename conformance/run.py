"""One run against one provider: what every check may use.

Made by the runner, handed to each check.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.notices import Notice
from conformance.probe import Exchange, NotJson, Probe, encode
from conformance.registry import Skip
from conformance.sign_in import SignIn
from conformance.survey import CORE, PAGE, Collection, Record, Survey, key_of, records_in
from oneroster_standard.dialects import Dialect
from oneroster_standard.standard import Standard

SCOPES = {
    "demographics": "roster-demographics.readonly",
    "resources": "resource.readonly",
    "categories": "gradebook.readonly",
    "lineItems": "gradebook.readonly",
    "results": "gradebook.readonly",
    "scoreScales": "gradebook.readonly",
    "assessmentLineItems": "assessment.readonly",
    "assessmentResults": "assessment.readonly",
}


@dataclass
class Run:
    """Target, sign-in, survey and settings of a run.

    seed: of every generated choice; patience_s: how long may be waited for a token to run out; worked_out: what several checks share, by the name of who made it; covered: what the
    laws were put to, by subject.
    """

    probe: Probe
    sign_in: SignIn
    survey: Survey
    standard: Standard
    dialect: Dialect
    seed: int
    deep: bool = False
    patience_s: float = 0.0
    worked_out: dict[str, Any] = field(default_factory=dict)
    covered: dict[str, set[str]] = field(default_factory=dict)

    def get(
        self, path: str, parameters: Mapping[str, Any] | None = None, *, raw_query: str = "", fresh: bool = False, service: str = ""
    ) -> Exchange:  # fmt: skip
        """One signed GET below a service root, asked once in a run unless fresh; service: that of the path's operation unless given."""
        return self.survey.fetch(path, raw_query or (encode(parameters) if parameters else ""), fresh=fresh, service=service)

    def unsigned(self, path: str) -> Exchange:
        """One GET below the service root without a credential, asked once in a run."""
        asked: dict[str, Exchange] = self.worked_out.setdefault("unsigned", {})
        if path not in asked:
            asked[path] = self.probe.send("GET", self.probe.url(path))
        return asked[path]

    def covers(self, subject: str, what: str) -> None:
        """Note for the report what a law was put to."""
        self.covered.setdefault(subject, set()).add(what)

    def collection(self, name: str) -> Collection:
        """A collection that was read.

        Raises Skip when it was not, or holds nothing.
        """
        found = self.survey.collections.get(name)
        if found is None or not found.is_read:
            raise Skip(f"{name} could not be read ({found.trouble})" if found else f"{name} is not part of this run")
        if not found.records:
            raise Skip(f"{name} is empty")
        return found

    def readable(self) -> list[Collection]:
        """Collections that were read and hold records.

        Raises Skip when there is none.
        """
        found = [item for item in self.survey.collections.values() if item.is_read and item.records]
        if not found:
            raise Skip("no collection could be read")
        return found

    def entity_of(self, collection: str) -> str:
        """Name of the class behind a collection's key."""
        return self.standard.collection(collection).name

    def ids(
        self, path: str, key: str, parameters: Mapping[str, Any] | None = None, *, most: int = 200_000
    ) -> tuple[list[str], Exchange] | None:
        """sourcedIds of a path, page by page, until there are no more or most are read; None when a page cannot be read."""
        found: list[str] = []
        offset = 0
        while True:
            page = self.get(path, {**(parameters or {}), "limit": 1000, "offset": offset})
            records, _ = records_in(page, key)
            if page.status != 200 or records is None:
                return None
            ids = [key_of(record) for record in records]
            # A provider that ignores the offset gives its first page for ever.
            is_again = bool(found) and ids == found[: len(ids)]
            found += [] if is_again else ids
            offset += len(records)
            is_last = offset >= page.total if page.total is not None else len(records) < self.page_cap
            if not records or is_again or is_last or len(found) >= most:
                return found, page

    @property
    def page_cap(self) -> int:
        """Records of the longest page that the survey met: a page as long may have another one after it."""
        pages = [len(records_in(page, item.name)[0] or ()) for item in self.survey.collections.values() for page in item.pages]
        return min(max(pages, default=PAGE), PAGE)

    def page(self, name: str, limit: int, offset: int) -> Exchange:
        """One page of a collection."""
        return self.get(f"/{name}", {"limit": limit, "offset": offset})

    def choose(self, subject: str, items: Sequence[Any], count: int) -> list[Any]:
        """Some items, the same ones for one seed."""
        ordered = sorted(range(len(items)), key=lambda place: hashlib.sha256(f"{self.seed}/{subject}/{place}".encode()).digest())
        return [items[place] for place in sorted(ordered[:count])]

    def is_core_read(self) -> bool:
        """Whether every core collection was read."""
        return all(name in self.survey.collections and self.survey.collections[name].is_read for name in CORE)


def json_of(exchange: Exchange) -> Any:
    """The body as JSON, None when it is none."""
    try:
        return exchange.json
    except NotJson:
        return None


def at(exchange: Exchange, message: str, *, pointer: str = "", expected: str = "", observed: str = "", **more: Any) -> Notice:
    """A notice about an exchange."""
    where: dict[str, Any] = dict(exchange.where)
    if pointer:
        where["pointer"] = pointer
    return Notice(message, where, expected, observed, exchange.curl, **more)


def references(record: Record) -> list[tuple[str, Record]]:
    """Property name and reference of every reference in a record."""
    found: list[tuple[str, Record]] = []
    for name, value in record.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict) and "sourcedId" in item and name != "metadata":
                found.append((name, item))
    return found


def roles_of(user: Record) -> list[tuple[str, set[str]]]:
    """Roles of a user with the orgs of each: one with all orgs in 1.1, each with its own in 1.2.

    Another spelling is judged by the schema, and is no other role.
    """
    if "roles" not in user:
        return [(str(user.get("role", "")).lower(), set(reference_ids(user, "orgs")))]
    roles = user["roles"] if isinstance(user["roles"], list) else []
    return [(str(one.get("role", "")).lower(), set(reference_ids(one, "org"))) for one in roles if isinstance(one, dict)]


def has_role(user: Record, *roles: str) -> bool:
    """Whether one of a user's roles is one of these."""
    return any(found in roles for found, _ in roles_of(user))


def reference_ids(record: Record, name: str) -> list[str]:
    """sourcedIds that a property refers to."""
    return [str(item["sourcedId"]).strip() for found, item in references(record) if found == name]
