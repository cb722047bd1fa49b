"""Reading one collection page by page, and judging whether all of it was seen.

Called by the API source. Advances by the rows received, since a provider may cut the page size silently; reads on to
a page that brings nothing new. Never follows a Link header: offsets stay on the origin that we signed for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from oneroster_harness.problems import CannotRun
from oneroster_standard.moments import format_instant
from sync_engine.landing import text
from sync_engine.sources import setup_problems
from sync_engine.sources.connection import Answer, Connection
from sync_engine.sources.pages_ahead import PagesAhead

PAGE_SIZE = 1_000
SMALL_PAGE_SIZE = 100
_ID_BYTES = 16


class Refused(Exception):
    """The provider does not serve the collection to us; status is 401, 403, 404 or another final refusal."""

    def __init__(self, status: int, url: str) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.url = url


@dataclass(frozen=True, slots=True)
class Reading:
    """What one walk over a collection showed.

    received: rows, repeats included. fingerprint: the same for the same ids in any order. totals: X-Total-Count of
    the first and of the last page that brought one. repeats_a_page: a page came twice, so the walk was stopped.
    begun_at: the provider's own time as the first page was made, empty when it tells none.
    """

    received: int
    fingerprint: int
    totals: tuple[int, int] | None
    repeats_a_page: bool
    begun_at: str = ""


class Collection:
    """One collection of one provider. filter: an expression that the rows must meet, empty for all rows."""

    def __init__(self, connection: Connection, name: str, filter: str = "") -> None:
        self.name = name
        self._connection = connection
        self._page_size = PAGE_SIZE
        self._filter = {"filter": filter} if filter else {}
        self._begun_at = ""

    def total(self) -> int | None:
        """How many rows the provider says that it has; None when it does not say. Raises Refused."""
        self._page_size = 1
        answer = self._page(0)
        return _total(answer.headers) if answer is not None else None

    def walk(self, each: Callable[[Mapping[str, Any] | None], None]) -> Reading:
        """Read all pages and call `each` with every record, None for one that is not an object.

        Raises Refused when the first page is refused, CannotRun when a page fails for good.
        """
        received = ids = 0
        totals: list[int] = []
        seen: set[bytes] = set()
        with PagesAhead(self._page, self._connection.connections) as pages:
            while True:
                answer = pages.get(received)
                if answer is None:
                    return self._reading(received, ids, totals, repeats=False)
                if not received:
                    self._begun_at = _time(answer.headers)
                total = _total(answer.headers)
                if total is not None:
                    totals.append(total)
                records = self._records(answer.document)
                if not records:
                    return self._reading(received, ids, totals, repeats=False)
                page, sum_of_ids = _fingerprints(records)
                if page in seen:
                    return self._reading(received, ids, totals, repeats=True)
                seen.add(page)
                if not received and total is not None:
                    pages.expect(len(records), total)
                received += len(records)
                ids += sum_of_ids
                for record in records:
                    each(record if isinstance(record, Mapping) else None)

    def _reading(self, received: int, ids: int, totals: list[int], *, repeats: bool) -> Reading:
        return Reading(received, ids, (totals[0], totals[-1]) if totals else None, repeats, self._begun_at)

    def _page(self, offset: int) -> Answer | None:
        """One page; None past the end for providers that answer 404 there."""
        query = {"limit": str(self._page_size), "offset": str(offset), **self._filter}
        answer = self._connection.get(self.name, query)
        if answer.status == 400 and offset == 0 and self._page_size > SMALL_PAGE_SIZE:
            # Some providers refuse a limit above their own cap instead of cutting the page.
            self._page_size = SMALL_PAGE_SIZE
            return self._page(offset)
        if answer.status == 200:
            return answer
        url = self._connection.address(self.name)
        if offset == 0:
            raise Refused(answer.status, url)
        if answer.status == 404:
            return None
        raise CannotRun(
            f"a later page was refused (status {answer.status})", "a page of records",
            f"{setup_problems.shown(url)}, offset {offset:,}", "run again; nothing was changed", "sync.failing-page",
        )  # fmt: skip

    def _records(self, document: Any) -> list[Any]:
        if isinstance(document, list):
            return document
        if isinstance(document, Mapping):
            named = document.get(self.name)
            if isinstance(named, list):
                return named
            lists = [value for name, value in document.items() if isinstance(value, list) and name != "statusInfoSet"]
            if len(lists) == 1:
                return list(lists[0])
        raise CannotRun(
            "the answer holds no list of records", f"an object with the key {self.name}",
            setup_problems.shown(self._connection.address(self.name)),
            f"check that the URL is the service root of OneRoster {self._connection.version}", "sync.no-records",
        )  # fmt: skip


def _total(headers: Mapping[str, str]) -> int | None:
    found = headers.get("X-Total-Count", "").strip()
    return int(found) if found.isascii() and found.isdigit() else None


def _time(headers: Mapping[str, str]) -> str:
    try:
        return format_instant(parsedate_to_datetime(headers.get("Date", "")))
    except ValueError:
        return ""


def _fingerprints(records: list[Any]) -> tuple[bytes, int]:
    """Of the page as it stands, and of its ids as a set (a sum, so that no order matters)."""
    page = hashlib.blake2b(digest_size=_ID_BYTES)
    total = 0
    for record in records:
        found = text(record.get("sourcedId")) if isinstance(record, Mapping) else None
        digest = hashlib.blake2b((found or "").encode(), digest_size=_ID_BYTES).digest()
        page.update(digest)
        total += int.from_bytes(digest)
    return page.digest(), total
