"""References and stamps in the JSON shape of the standard, with the store's mark for the service root.

Called by every entity's module; never knows a real address.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

import numpy as np

from data_gen.columns import Numbers, Text, digits, texts
from data_gen.draws import Draws

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
        start = as_of.astimezone(UTC) - timedelta(milliseconds=self.SPREAD_MS)
        if start.time() != time():
            raise ValueError("stamps are counted back from midnight UTC")
        self._days = texts([f"{(start + timedelta(days=day)).date()}T" for day in range(60)])

    def of(self, collection: str, indices: Sequence[int] | Numbers) -> list[str]:
        """One instant per record of a collection."""
        matrix = self.column(collection, indices).matrix
        found: list[str] = matrix.view(f"S{matrix.shape[1]}").reshape(-1).astype(str).tolist()
        return found

    def column(self, collection: str, indices: Sequence[int] | Numbers) -> Text:
        """The same as a column of bytes: the start lies at midnight, so day and time are told apart by a division."""
        drawn = self._draws.array(f"{collection}/modified", indices, self.SPREAD_MS // 1000)
        millis = self._draws.array(f"{collection}/modified-ms", indices, 1000)
        day, second = np.divmod(drawn, 24 * 3600)
        found = np.empty((len(drawn), 24), np.uint8)
        found[:, :11] = self._days.matrix[day]
        minute, second = np.divmod(second, 60)
        hour, minute = np.divmod(minute, 60)
        for start, numbers in ((11, hour), (14, minute), (17, second)):
            found[:, start : start + 2] = digits(numbers, 2).matrix
        found[:, 20:23] = digits(millis, 3).matrix
        found[:, [13, 16, 19, 23]] = np.frombuffer(b"::.Z", np.uint8)
        return Text(found, False)
