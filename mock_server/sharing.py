"""Keeps the vendors of one worker process equal to the state that all workers share.

Called by the application before every request: a change that any worker has acknowledged is seen by the next request of
every worker.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from mock_server.state import SharedState
from mock_server.vendor import Vendor


class Sharing:
    """The vendors of a worker and the state that they follow."""

    def __init__(self, vendors: Mapping[str, Vendor], state: SharedState) -> None:
        self.state = state
        self._vendors = vendors
        self._lock = threading.Lock()
        self._seen = b""
        self._epoch = self._number = -1
        state.followers.append(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Take over whatever was changed since the last time."""
        if self.state.stamp != self._seen:
            with self._lock:
                if self.state.stamp != self._seen:
                    self._take_over()

    def _take_over(self) -> None:
        view = self.state.read(self._epoch, self._number)
        for vendor in self._vendors.values():
            if view.epoch != self._epoch:
                for provider in vendor.providers.values():
                    provider.forget_written()
            vendor.adopt(view.documents, view.since)
        for row in view.written:
            name, _, spec = row.owner.rpartition("/")
            if name in self._vendors:
                self._vendors[name].providers[spec].adopt_written(row.collection, row.sourced_id, row.record)
        self._epoch, self._number, self._seen = view.epoch, view.number, view.stamp
