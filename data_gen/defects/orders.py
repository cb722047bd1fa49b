"""What was asked for on the command line: which defects, in how many places, on which day.

Called by the `generate` command. The grammar: ID, ID=COUNT or ID=RATE%, each with @day=N behind it when it is for one
day of a series. A count is a plain number, a rate always ends in %; neither an id nor a count holds @.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from data_gen.defects.registry import DEFECTS
from oneroster_harness.problems import UsageProblem, unknown

GRAMMAR = "ID, ID=COUNT or ID=RATE%, with @day=N behind it for one day of --days: COUNT a number from 1, RATE above 0 and at most 100"
_AMOUNT = re.compile(r"(?P<count>[1-9][0-9]*)|(?P<rate>[0-9]+(?:\.[0-9]+)?)%", re.ASCII)
_DAY = re.compile(r"day=(?P<day>[0-9]+)", re.ASCII)


class Plantable(Protocol):
    """What an order needs to know of a defect."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def once(self) -> bool:
        """Whether there is only one place for it."""


@dataclass(frozen=True, slots=True)
class Order:
    """A defect that was asked for. rate: percent of its file's records, 0 when a count was given. day: 0 for OUT itself."""

    id: str
    count: int = 1
    rate: float = 0.0
    day: int = 0

    @property
    def text(self) -> str:
        """The order as it is written."""
        amount = f"{self.rate:g}%" if self.rate else f"{self.count}"
        return f"{self.id}={amount}" + (f"@day={self.day}" if self.day else "")

    def places(self, records: int) -> int:
        """In how many places it is planted: a rate is of the file's records, at least one."""
        return max(1, round(self.rate * records / 100)) if self.rate else self.count


def orders(texts: Iterable[str], known: Mapping[str, Plantable] = DEFECTS) -> list[Order]:
    """Read orders; the same id twice for one day adds up.

    Raises UsageProblem for an unknown id (naming the nearest), an amount or a day that cannot be read, a rate beside
    another amount, and more than one place for what has only one.
    """
    found: dict[tuple[str, int], Order] = {}
    for text in texts:
        order = _read(text, known)
        key = (order.id, order.day)
        if key in found:
            if order.rate or found[key].rate:
                raise UsageProblem(f"--defect {text} beside another amount of {order.id}", "one rate, or counts, which add up")
            order = replace(order, count=order.count + found[key].count)
        found[key] = order
    for order in found.values():
        if known[order.id].once and (order.count > 1 or order.rate):
            raise UsageProblem(f"--defect {order.text}", "no COUNT: a bundle has one place for it")
    return list(found.values())


def _read(text: str, known: Mapping[str, Plantable]) -> Order:
    head, at, tail = text.partition("@")
    id, equals, amount = head.partition("=")
    if id not in known:
        raise unknown("defect", id, known, "`oneroster explain ID` tells about one")
    met, day = _AMOUNT.fullmatch(amount), _DAY.fullmatch(tail)
    if (equals and not met) or (at and not day):
        raise UsageProblem(f"--defect {text}", GRAMMAR)
    rate = float(met["rate"]) if met and met["rate"] else 0.0
    if met and met["rate"] and not 0 < rate <= 100:
        raise UsageProblem(f"--defect {text}", GRAMMAR)
    return Order(id, int(met["count"]) if met and met["count"] else 1, rate, int(day["day"]) if day else 0)
