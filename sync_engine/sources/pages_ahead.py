"""Pages of one collection fetched ahead of their use, so that a provider's latency is paid once for several.

Called by the walk over a collection. Gives the same pages as asking one by one: a page that was not foreseen right is
asked for afresh, and guessing ends there.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, Self, TypeVar

T = TypeVar("T")


class PagesAhead(Generic[T]):
    """A context manager; fetch: offset -> page, called from up to `connections` threads."""

    def __init__(self, fetch: Callable[[int], T], connections: int) -> None:
        self._fetch = fetch
        self._connections = connections
        self._pool = ThreadPoolExecutor(connections) if connections > 1 else None
        self._pending: dict[int, Future[T]] = {}
        self._next = self._step = 0
        self._end = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def expect(self, step: int, total: int) -> None:
        """Foresee pages at every multiple of `step` up to `total`, the empty one at the end included."""
        self._next = self._step = step
        self._end = total
        self._top_up()

    def get(self, offset: int) -> T:
        """The page at an offset; raises what fetching it raised."""
        found = self._pending.pop(offset, None)
        if found is None:
            self._stop()
            return self._fetch(offset)
        self._top_up()
        return found.result()

    def _top_up(self) -> None:
        while self._pool and self._next <= self._end and len(self._pending) < self._connections:
            self._pending[self._next] = self._pool.submit(self._fetch, self._next)
            self._next += self._step

    def _stop(self) -> None:
        for future in self._pending.values():
            future.cancel()
        self._pending.clear()
        self._end = -1
