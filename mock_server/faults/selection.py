"""Which requests a fault strikes: by operation, version, page, count, rate, or a window of time or days.

Called by the board for every request while a fault is on. Decides from the request and two counters alone, so that the
same requests in the same order are struck again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

TOKEN = "token"
UNENDING = float("inf")
Window = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as selections see it.

    operation and collection: empty for a path that is not served; the token endpoint's are both "token". limit and offset:
    as asked, None for what is not a collection. segment: the first word of the path, such as students.
    """

    operation: str
    collection: str
    spec: str = ""
    limit: int | None = None
    offset: int | None = None
    segment: str = ""

    @property
    def page(self) -> int | None:
        """Number of the page, counted from 1; None for what is not a collection."""
        return None if self.offset is None or not self.limit else self.offset // self.limit + 1


@dataclass(frozen=True, slots=True)
class Selection:
    """What a fault strikes; everything that is given must fit.

    on: operations or collections. page, offset: a window of page numbers or offsets. rate: share of the fitting requests.
    first, every, after, requests: of the fitting requests, counted from 1. seconds: since the fault was set. day: of the
    mock's calendar, 0 is the start. times: most strikes, 0 for no such limit.
    """

    on: tuple[str, ...] = ()
    version: tuple[str, ...] = ()
    page: Window | None = None
    offset: Window | None = None
    rate: float | None = None
    first: int = 0
    every: int = 0
    after: int = 0
    requests: Window | None = None
    seconds: Window | None = None
    day: Window | None = None
    times: int = field(default=0)

    def fits(self, asked: Asked) -> bool:
        """Whether a request is one of those that are counted."""
        return (
            (not self.on or bool({asked.operation, asked.collection, asked.segment} & set(self.on)))
            and (not self.version or asked.spec in self.version)
            and _within(self.page, asked.page)
            and _within(self.offset, asked.offset)
        )

    def is_due(self, number: int, draw: str) -> bool:
        """Whether the fault strikes the fitting request of a number, counted from 1. draw: seeds the rate."""
        return (
            (not self.first or number <= self.first)
            and (not self.every or number % self.every == 0)
            and number > self.after
            and _within(self.requests, number)
            and (self.rate is None or _share(f"{draw}/{number}") < self.rate)
        )

    def is_open(self, seconds: float, day: int) -> bool:
        """Whether it is the time for the fault. seconds: since it was set."""
        return _within(self.seconds, seconds) and _within(self.day, day)


def _within(window: Window | None, value: float | None) -> bool:
    return window is None or (value is not None and window[0] <= value <= window[1])


def _share(text: str) -> float:
    """A number from 0 to 1, always the same for a text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64
