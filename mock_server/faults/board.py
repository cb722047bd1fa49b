"""The faults of one vendor: which are on, and which of them strike a request.

Called by the application for every request. Counters live in the shared state, so that workers count together; while
no fault is on nothing is counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import mock_server.faults.kinds  # noqa: F401 - registers the faults
from mock_server.faults.grammar import FaultOrder, read_object
from mock_server.faults.hooks import REGISTRY, Fault
from mock_server.faults.selection import TOKEN, Asked
from oneroster_standard.dialects.faults import load_faults

if TYPE_CHECKING:
    from mock_server.vendor import Vendor


class Board:
    """Faults that are on, in the order in which they act."""

    def __init__(self, vendor: Vendor, first: Iterable[FaultOrder] = (), clock: Callable[[], float] = time.time) -> None:
        self._vendor = vendor
        self._clock = clock
        self._first = [found.document() for found in first]
        self._document: Any = None
        self._orders: tuple[FaultOrder, ...] = ()
        self._set_at = 0.0
        self._run = 0

    @property
    def is_empty(self) -> bool:
        """Whether no fault is on."""
        return not self._orders

    def order(self, orders: Iterable[FaultOrder]) -> None:
        """Turn on exactly these faults and count from the beginning."""
        key = f"{self._vendor.name}/faults"
        documents = [found.document() for found in orders]

        def renew(before: Any) -> dict[str, Any]:
            return {"orders": documents, "set_at": self._clock(), "run": (before or {}).get("run", 0) + 1}

        self._vendor.state.forget_counts(f"{key}/")
        self.adopt(self._vendor.state.change(key, renew))

    def adopt(self, document: Mapping[str, Any] | None, since: float = 0.0) -> None:
        """Take over what the shared state says; None is the faults of the start, which were set at `since`."""
        if document is None:
            document = {"orders": self._first, "set_at": since, "run": 0}
        if document != self._document:
            self._document = document
            self._orders = tuple(read_object(found) for found in document["orders"])
            self._set_at, self._run = float(document["set_at"]), int(document["run"])

    def _counter(self, place: int, what: str) -> str:
        # A run of its own for every change: a worker that still holds the faults of before counts for itself.
        return f"{self._vendor.name}/faults/{self._run}/{place}/{what}"

    def strike(self, asked: Asked) -> tuple[Fault, ...]:
        """The faults that strike a request, counted."""
        return tuple(
            REGISTRY[order.id](order, asked, self._vendor) for place, order in enumerate(self._orders) if self._strikes(place, order, asked)
        )

    def _strikes(self, place: int, order: FaultOrder, asked: Asked) -> bool:
        chosen = order.selection
        if not _can_strike(order, asked) or not chosen.fits(asked):
            return False
        if not chosen.is_open(self._clock() - self._set_at, self._vendor.day):
            return False
        state = self._vendor.state
        number = state.count(self._counter(place, "fitting"))
        if not chosen.is_due(number, f"{self._vendor.seed}/{self._vendor.name}/{order.id}/{place}"):
            return False
        return state.count(self._counter(place, "struck")) <= chosen.times or not chosen.times

    def document(self) -> list[dict[str, Any]]:
        """The faults that are on as JSON, each with its text and how often it struck."""
        found = []
        for place, order in enumerate(self._orders):
            struck = self._vendor.state.counted(self._counter(place, "struck"))
            times = order.selection.times
            fitting = self._vendor.state.counted(self._counter(place, "fitting"))
            found.append({
                **order.document(), "text": order.text(), "fitting": fitting, "struck": min(struck, times) if times else struck,
            })  # fmt: skip
        return found


def _can_strike(order: FaultOrder, asked: Asked) -> bool:
    strikes = load_faults()[order.id].strikes
    if strikes == "any" or asked.operation in order.selection.on:
        return True
    if strikes == TOKEN:
        return asked.operation == TOKEN
    if strikes == "pages":
        return asked.offset is not None
    return asked.operation != TOKEN
