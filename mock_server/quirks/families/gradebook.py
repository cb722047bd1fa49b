"""Quirks of writes to the gradebook: what is kept, what is lost, what changes along. All of them are hazards of our own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mock_server.quirks.hooks import Quirk, Record, quirk
from oneroster_standard.marks import parse

if TYPE_CHECKING:
    from mock_server.provider import Provider

MARKS = ("lineItems", "results")


@quirk("gradebook.put-replaces-nothing")
class PutReplacesNothing(Quirk):
    """A PUT on an object that is there is answered as a replacement, and changes nothing."""

    def kept(self, collection: str, record: Record, before: Record | None) -> Record | None:
        """Keep what was there."""
        return record if before is None else None


@quirk("gradebook.put-merges")
class PutMerges(Quirk):
    """A PUT leaves the properties standing that it does not name."""

    def kept(self, collection: str, record: Record, before: Record | None) -> Record | None:
        """Lay the new object over the old one."""
        return {**(before or {}), **record}


@quirk("gradebook.put-lost")
class PutLost(Quirk):
    """A new line item is answered with 201, and is nowhere."""

    def kept(self, collection: str, record: Record, before: Record | None) -> Record | None:
        """Forget a new line item."""
        return None if collection == "lineItems" and before is None else record


@quirk("gradebook.score-lost")
class ScoreLost(Quirk):
    """A result is kept without its score."""

    def kept(self, collection: str, record: Record, before: Record | None) -> Record | None:
        """Drop the score."""
        return {name: value for name, value in record.items() if name != "score"} if collection == "results" else record


@quirk("gradebook.delete-ignored")
class DeleteIgnored(Quirk):
    """A line item or result that is removed is answered with 204, and stays where it was."""

    def removes(self, collection: str) -> bool:
        """Leave line items and results."""
        return collection not in MARKS


@quirk("gradebook.neighbour-changed")
class NeighbourChanged(Quirk):
    """A line item that is written gives its title to the others of its class."""

    def along(self, collection: str, record: Record, provider: Provider) -> list[Record]:
        """The other line items of the class, renamed."""
        if collection != "lineItems":
            return []
        rows = provider.base(collection)
        numbers = provider.columns(collection).rows_with("class.sourcedId", record["class"]["sourcedId"]).tolist()
        found = (parse(rows.record_bytes(number)) for number in numbers)
        return [{**one, "title": record["title"]} for one in found if one["sourcedId"] != record["sourcedId"]]


@quirk("gradebook.post-loses-last")
class PostLosesLast(Quirk):
    """A POST of several objects answers with an id for each, and keeps all but the last."""

    def posted(self, collection: str, records: Sequence[Record]) -> Sequence[Record]:
        """Leave the last one out."""
        return records[:-1] if len(records) > 1 else records
