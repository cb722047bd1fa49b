"""Asking a collection for what changed since an instant, in whichever form the provider takes, and judging the answer.

Called by the API source in an incremental run. Believes no answer that could hide a change: then the collection is read whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from oneroster_harness.problems import CannotRun
from oneroster_standard.moments import format_instant, parse_instant
from sync_engine.sources.collection import Collection, Reading, Refused
from sync_engine.sources.connection import Connection

FURTHEST_ZONE = timedelta(hours=14)
"""A provider that reads our instant in its own zone may show rows that are so much older."""


def _date_before(at: str) -> str:
    return format_instant(parse_instant(at[:10]) - timedelta(days=1))[:10]


FORMS: Mapping[str, Callable[[str], str]] = {
    "instant": lambda at: f"dateLastModified>='{at}'",
    "date": lambda at: f"dateLastModified>='{at[:10]}'",
    "after-instant": lambda at: f"dateLastModified>'{at}'",
    "after-date": lambda at: f"dateLastModified>'{_date_before(at)}'",
}
"""How a filter may be written, in the order of trying; the overlap covers what `>` leaves out."""


class NotFiltered(Exception):
    """The provider gave no answer to a filter that could be believed; the text says why."""


@dataclass(slots=True)
class Filters:
    """Which form the provider took before in this run."""

    taken: str = ""
    refused: set[str] = field(default_factory=set)

    def to_try(self) -> list[str]:
        """Forms that may be taken, the one that was first."""
        return [self.taken] if self.taken else [name for name in FORMS if name not in self.refused]


class Ages:
    """Notes whether a row is older than what was asked for, or bears no time at all."""

    def __init__(self, since: str) -> None:
        self._oldest = format_instant(parse_instant(since[:10]) - FURTHEST_ZONE)
        self.older = 0

    def note(self, record: Mapping[str, Any] | None) -> None:
        """Look at one record."""
        told = record.get("dateLastModified") if record is not None else None
        try:
            if isinstance(told, str) and format_instant(parse_instant(told.strip())) < self._oldest:
                self.older += 1
        except ValueError:
            return


def read_since(
    connection: Connection, entity: str, since: str, filters: Filters, each: Callable[[Mapping[str, Any] | None], None]
) -> tuple[Reading, str]:
    """Read what changed since an instant; returns the reading and the filter that was taken.

    Raises NotFiltered when the provider takes no form of it, Refused when it refuses the collection itself.
    """
    for name in filters.to_try():
        asked = FORMS[name](since)
        try:
            reading = Collection(connection, entity, asked).walk(each)
        except Refused as refused:
            if refused.status not in (400, 404, 422, 501):
                raise
            filters.refused.add(name)
            continue
        except CannotRun as problem:
            if problem.id != "sync.failing-page":
                raise
            raise NotFiltered(f"a filtered read fails ({problem.met})") from problem
        filters.taken = name
        return reading, asked
    raise NotFiltered("the provider takes no filter by dateLastModified")


def agrees(connection: Connection, entity: str, asked: str, first: Reading) -> bool:
    """Whether a second filtered reading shows the same rows."""
    second = Collection(connection, entity, asked).walk(lambda _: None)
    return (first.received, first.fingerprint) == (second.received, second.fingerprint)


def total_of(connection: Connection, entity: str) -> int | None:
    """How many rows the collection has in all, None where it does not say."""
    try:
        return Collection(connection, entity).total()
    except Refused:
        return None
