"""Places where a fault may act on a request that it strikes, and the registry of faults.

A fault is a quirk that strikes one request: it has the hooks of a quirk, which act after those of the vendor's quirks, and
in addition the clock that the request is judged by and the delivery of the answer. Every hook leaves its argument alone
unless it is overridden.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mock_server.faults.grammar import FaultOrder
from mock_server.faults.selection import Asked
from mock_server.quirks.hooks import Quirk

if TYPE_CHECKING:
    from mock_server.vendor import Vendor


@dataclass(frozen=True, slots=True)
class Delivery:
    """An answer as it leaves: pieces in place of the body, and how it ends.

    length: what Content-Length says, None for a chunked body. is_cut: the connection ends after the last piece.
    """

    pieces: Iterable[bytes]
    length: int | None
    is_cut: bool = False


class Fault(Quirk):
    """A fault that strikes one request."""

    def __init__(self, order: FaultOrder, asked: Asked, vendor: Vendor) -> None:
        self.order = order
        self.asked = asked
        self.vendor = vendor

    def whole(self, name: str) -> int:
        """A parameter that is a whole number."""
        return int(self.order.value(name))

    def number(self, name: str) -> float:
        """A parameter that is a number."""
        return float(self.order.value(name))

    def word(self, name: str) -> str:
        """A parameter that is a word."""
        return str(self.order.value(name))

    def clock(self, now: float) -> float:
        """The provider's clock, in seconds since 1970."""
        return now

    def issued_life_s(self, life_s: int) -> int:
        """Seconds that a token which is issued now stays valid, whatever the answer says."""
        return life_s

    def deliver(self, headers: Mapping[str, str], body: bytes) -> tuple[dict[str, str], Delivery | bytes]:
        """Change how the answer leaves, after it was compressed: headers to set, and the body or its pieces."""
        return {}, body


REGISTRY: dict[str, type[Fault]] = {}


def fault(id: str) -> Callable[[type[Fault]], type[Fault]]:
    """Register a fault under its id in the catalogue."""

    def register(kind: type[Fault]) -> type[Fault]:
        if id in REGISTRY:
            raise ValueError(f"fault {id} is registered twice")
        REGISTRY[id] = kind
        return kind

    return register
