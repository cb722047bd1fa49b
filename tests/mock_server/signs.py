"""What a client sees of a quirk: one observation per quirk, written by hand from its description.

Registered here by the two modules of signs; used by the tests of quirks and of vendors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.mock_server.wire import Wire

Seen = Callable[[Wire], bool]
SEEN: dict[str, Seen] = {}


def sign_of(quirk: str) -> Callable[[Seen], Seen]:
    """Register what a client sees when a quirk is on."""

    def register(function: Seen) -> Seen:
        SEEN[quirk] = function
        return function

    return register


def everywhere(wire: Wire, *collections: str) -> list[dict[str, Any]]:
    """Records of some collections."""
    return [record for collection in collections for record in wire.records(f"/{collection}")]
