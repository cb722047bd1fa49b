"""What a quirk remembers between requests, shared by all workers and taken back by a reset.

Called by the few quirks whose answers depend on earlier ones. Never holds records.
"""

from __future__ import annotations

from typing import Any

from mock_server.state import SharedState


class Memory:
    """The memory of one quirk of one vendor. name: begins its keys in the shared state."""

    def __init__(self, state: SharedState, name: str) -> None:
        self._state = state
        self._name = name

    def count(self, key: str) -> int:
        """Add one under a key; returns the new number."""
        return self._state.count(f"{self._name}/{key}")

    def first(self, key: str, document: Any) -> Any:
        """The first document that was ever given under a key."""
        return self._state.first(f"{self._name}/{key}", document)
