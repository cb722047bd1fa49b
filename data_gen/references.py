"""References and stamps in the JSON shape of the standard, with the store's mark for the service root.

Called by every entity's module; never knows a real address.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from data_gen.draws import Draws
from oneroster_standard.moments import format_instant

MARK = "\x01"
_PATHS = {
    "org": "orgs",
    "academicSession": "academicSessions",
    "course": "courses",
    "class": "classes",
    "user": "users",
    "resource": "resources",
    "category": "categories",
    "lineItem": "lineItems",
}
Reference = dict[str, str]


def refer(kind: str, sourced_id: str) -> Reference:
    """A reference to one object; kind is the guidType token."""
    return {"href": f"{MARK}/{_PATHS[kind]}/{sourced_id}", "sourcedId": sourced_id, "type": kind}


class Stamps:
    """dateLastModified values: spread over the 60 days before the as-of day."""

    SPREAD_MS = 60 * 24 * 3600 * 1000

    def __init__(self, draws: Draws, as_of: datetime) -> None:
        self._draws = draws
        self._start = as_of.astimezone(UTC) - timedelta(milliseconds=self.SPREAD_MS)

    def of(self, collection: str, indices: Sequence[int]) -> list[str]:
        """One instant per record of a collection."""
        drawn = self._draws.below(f"{collection}/modified", indices, self.SPREAD_MS // 1000)
        millis = self._draws.below(f"{collection}/modified-ms", indices, 1000)
        return [
            format_instant(self._start + timedelta(seconds=second, milliseconds=milli))
            for second, milli in zip(drawn, millis, strict=True)
        ]
