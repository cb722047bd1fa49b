"""Faults of pages: totals, caps, rows that move, links that lead astray."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from mock_server.faults.hooks import Fault, fault
from mock_server.paging import links
from mock_server.quirks.hooks import ApiRequest, Page, Query, WholeAnswer

if TYPE_CHECKING:
    from mock_server.provider import Provider

TOTAL = "X-Total-Count"
_TARGET = re.compile(r"<([^>]*)>")


def _with_total(page: Page, total: int) -> Page:
    # A vendor that tells no total goes on telling none.
    headers = {**page.headers, TOTAL: str(total)} if TOTAL in page.headers else page.headers
    return replace(page, headers=headers, total=total)


@fault("fault.paging-no-records")
class NoRecords(Fault):
    """An empty list with 200."""

    def page(self, page: Page, provider: Provider) -> Page:
        """Drop the records, and the total where that was chosen."""
        if self.word("total") == "true":
            return replace(page, records=())
        return replace(_with_total(page, 0), records=(), links={})


@fault("fault.paging-wrong-total")
class WrongTotal(Fault):
    """A total that is off."""

    def page(self, page: Page, provider: Provider) -> Page:
        """Change what is announced; links stay as they are."""
        return _with_total(page, max(0, page.total + self.whole("by")))


@fault("fault.paging-capped")
class Capped(Fault):
    """Pages of at most so many records."""

    def query(self, query: Query, collection: str, provider: Provider) -> Query:
        """Cut the limit."""
        return replace(query, limit=min(query.limit, self.whole("cap")))


class _Moved(Fault):
    """Rows that moved by one since the first page was read."""

    by = 0

    def query(self, query: Query, collection: str, provider: Provider) -> Query:
        """Read from where the page has moved to; the first page was read before."""
        return replace(query, offset=query.offset - self.by) if query.offset else query

    def page(self, page: Page, provider: Provider) -> Page:
        """Tell the total of now, and links that go on from where the client asked."""
        if not self.asked.offset:
            return page
        total = max(0, page.total + self.by)
        moved = _with_total(page, total)
        query = replace(page.query, offset=page.query.offset + self.by)
        return replace(moved, query=query, links=links(total, query.limit, query.offset) if page.links else {})


@fault("fault.paging-row-lost")
class RowLost(_Moved):
    """A row before the page was removed."""

    by = -1


@fault("fault.paging-row-doubled")
class RowDoubled(_Moved):
    """A row before the page was added."""

    by = 1


@fault("fault.paging-page-repeated")
class PageRepeated(Fault):
    """The first page for every offset."""

    def query(self, query: Query, collection: str, provider: Provider) -> Query:
        """Forget the offset."""
        return replace(query, offset=0)

    def page(self, page: Page, provider: Provider) -> Page:
        """Say that there is more, as far as the client knows."""
        asked = self.asked.offset or 0
        return replace(page, links={**page.links, "next": (page.query.limit, asked + page.query.limit)})


class _Links(Fault):
    """Links whose targets are written otherwise."""

    def target(self, url: str) -> str:
        """A link's target as this fault writes it."""
        return url

    def answer(self, asked: ApiRequest, answer: WholeAnswer) -> WholeAnswer:
        """Rewrite the Link header where there is one."""
        if "Link" not in answer.headers:
            return answer
        link = _TARGET.sub(lambda found: f"<{self.target(found[1])}>", answer.headers["Link"])
        return replace(answer, headers={**answer.headers, "Link": link})


@fault("fault.paging-next-plain-http")
class NextPlainHttp(_Links):
    """Links that forget scheme and port."""

    def target(self, url: str) -> str:
        """http and the bare host."""
        parts = urlsplit(url)
        return parts._replace(scheme="http", netloc=str(parts.hostname)).geturl()


@fault("fault.paging-next-elsewhere")
class NextElsewhere(_Links):
    """Links to another host."""

    def target(self, url: str) -> str:
        """The same path on the other host."""
        return urlsplit(url)._replace(netloc=self.word("host")).geturl()


@fault("fault.paging-next-without-filter")
class NextWithoutFilter(_Links):
    """Links that carry limit and offset only."""

    def target(self, url: str) -> str:
        """The query without the rest."""
        parts = urlsplit(url)
        kept = [(name, value) for name, value in parse_qsl(parts.query) if name in ("limit", "offset")]
        return parts._replace(query=urlencode(kept)).geturl()


@fault("fault.paging-next-for-ever")
class NextForEver(Fault):
    """A next link on every page."""

    def page(self, page: Page, provider: Provider) -> Page:
        """Lead on, or back to the same page."""
        further = page.query.limit if self.word("form") == "beyond" else 0
        return replace(page, links={**page.links, "next": (page.query.limit, page.query.offset + further)})
