"""Quirks of pages, totals and links."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mock_server.answers import unknown_object
from mock_server.quirks.hooks import Page, Query, Quirk, quirk
from oneroster_standard.store import SEPARATOR

if TYPE_CHECKING:
    from mock_server.provider import Provider

SMALL_CAP = 20
REVISION = "1"


def records_of(page: Page) -> list[bytes]:
    """The page's records one by one; a rendered record holds no line break."""
    return [record for joined in page.records for record in joined.split(SEPARATOR)]


def with_header(page: Page, name: str, value: str | None) -> Page:
    """The page with one header set, or taken away with None."""
    headers = {key: text for key, text in page.headers.items() if key != name}
    return replace(page, headers=headers if value is None else {**headers, name: value})


@quirk("paging.limit-clamped")
class LimitClamped(Quirk):
    """A page holds at most the vendor's maximum, or 20 records where the vendor has none (D41)."""

    def query(self, query: Query, collection: str, provider: Provider) -> Query:
        """Cut the limit silently."""
        return replace(query, limit=min(query.limit, provider.dialect.page_max or SMALL_CAP))


@quirk("paging.no-link")
class NoLink(Quirk):
    """No Link header (D39)."""

    def page(self, page: Page, provider: Provider) -> Page:
        """Drop the links."""
        return replace(page, links={})


@quirk("paging.no-total-count")
class NoTotalCount(Quirk):
    """No X-Total-Count header (D36)."""

    def page(self, page: Page, provider: Provider) -> Page:
        """Drop the header."""
        return with_header(page, "X-Total-Count", None)


@quirk("paging.extra-count-header")
class ExtraCountHeader(Quirk):
    """x-count, x-perm-rev, x-page-generation-time-ms and others beside the standard headers (D37)."""

    def page(self, page: Page, provider: Provider) -> Page:
        """Add the private headers."""
        # A rendered record holds no line break, so that breaks count the records; one letter is found faster than two.
        count = sum(joined.count(b"\n") + 1 for joined in page.records)
        private = {
            "x-count": str(count), "x-perm-rev": REVISION, "x-page-generation-time-ms": "12", "x-endpoint": page.key,
            "x-next-page-token": "", "x-obfuscated": "false", "x-modified": "", "x-host-name": "undefined",
        }  # fmt: skip
        return replace(page, headers={**page.headers, **private})


@quirk("paging.total-count-wrong")
class TotalCountWrong(Quirk):
    """A total that is two too high (D38)."""

    def page(self, page: Page, provider: Provider) -> Page:
        """Raise the header."""
        return with_header(page, "X-Total-Count", str(page.total + 2))


@quirk("paging.offset-ignored")
class OffsetIgnored(Quirk):
    """Every page is the first (D45)."""

    def query(self, query: Query, collection: str, provider: Provider) -> Query:
        """Forget the offset."""
        return replace(query, offset=0)


@quirk("paging.offset-past-end-404")
class PastTheEnd(Quirk):
    """404 for an offset past the last record (D46)."""

    def page(self, page: Page, provider: Provider) -> Page:
        """Refuse an empty page."""
        if page.query.offset >= page.total and page.query.offset > 0:
            raise unknown_object("no records at this offset")
        return page


@quirk("paging.limit-ignored")
class LimitIgnored(Quirk):
    """A page holds everything (D44)."""

    def query(self, query: Query, collection: str, provider: Provider) -> Query:
        """Forget the limit."""
        return replace(query, limit=10**9)


@quirk("paging.next-for-ever")
class NextForEver(Quirk):
    """A next link on the last page too (D40)."""

    def page(self, page: Page, provider: Provider) -> Page:
        """Offer one more page."""
        following = (page.query.limit, page.query.offset + page.query.limit)
        return replace(page, links={**page.links, "next": following})


@quirk("paging.unstable-order")
class UnstableOrder(Quirk):
    """Without a sort the order turns round from the second page on (D47)."""

    def page(self, page: Page, provider: Provider) -> Page:
        """Serve later pages from the mirrored order."""
        query = page.query
        if query.sort or query.filter or query.fields or "{" in page.path or query.offset == 0:
            return page
        rows = provider.rows(page.key)
        if page.total != len(rows):
            return page
        start = max(page.total - query.offset - query.limit, 0)
        joined = rows.slice_bytes(start, max(page.total - query.offset, 0))
        return replace(page, records=(joined,) if joined else ())


@quirk("paging.limit-seven-loses-a-record")
class LimitSeven(Quirk):
    """With limit 7 the last record is the one before it again: one is lost, none is missing by count."""

    def page(self, page: Page, provider: Provider) -> Page:
        """Repeat the last but one."""
        found = records_of(page)
        if page.query.limit != 7 or len(found) < 2:
            return page
        return replace(page, records=(SEPARATOR.join([*found[:-1], found[-2]]),))
