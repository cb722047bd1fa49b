"""Quirks of links between pages, of totals that move, and of older count headers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mock_server.quirks.families.paging import records_of, with_header
from mock_server.quirks.families.references import OTHER_HOST
from mock_server.quirks.hooks import ApiRequest, Page, Quirk, WholeAnswer, quirk

if TYPE_CHECKING:
    from mock_server.provider import Provider


@quirk("paging.link-unquoted")
class LinkUnquoted(Quirk):
    """rel without quotes (D39)."""

    def answer(self, asked: ApiRequest, answer: WholeAnswer) -> WholeAnswer:
        """Take the quotes away."""
        return _with_link(answer, answer.headers.get("Link", "").replace('"', ""))


@quirk("paging.link-other-host")
class LinkOtherHost(Quirk):
    """Links lead to another host (D39)."""

    def answer(self, asked: ApiRequest, answer: WholeAnswer) -> WholeAnswer:
        """Name the other host in every link."""
        link = answer.headers.get("Link", "")
        parts = urlsplit(link.partition("<")[2].partition(">")[0])
        return _with_link(answer, link.replace(f"<{parts.scheme}://{parts.netloc}", f"<{OTHER_HOST}"))


def _with_link(answer: WholeAnswer, link: str) -> WholeAnswer:
    return replace(answer, headers={**answer.headers, "Link": link}) if link else answer


@quirk("paging.link-first-page-only")
class LinkFirstPageOnly(Quirk):
    """Only the first page is linked (D39)."""

    def page(self, page: Page, provider: Provider) -> Page:
        """Drop the links of later pages."""
        return replace(page, links={}) if page.query.offset else page


@quirk("paging.returned-count-header")
class ReturnedCountHeader(Quirk):
    """An older server's x-returned-count beside the standard's headers (D37)."""

    def page(self, page: Page, provider: Provider) -> Page:
        """Add the header."""
        return with_header(page, "x-returned-count", str(len(records_of(page))))


@quirk("paging.total-of-page")
class TotalOfPage(Quirk):
    """The total is the number of records on the page (D38)."""

    def page(self, page: Page, provider: Provider) -> Page:
        """Count the page."""
        return with_header(page, "X-Total-Count", str(len(records_of(page))))


@quirk("paging.total-unfiltered")
class TotalUnfiltered(Quirk):
    """The total does not know of the filter (D38)."""

    def page(self, page: Page, provider: Provider) -> Page:
        """Count the whole collection."""
        return with_header(page, "X-Total-Count", str(len(provider.rows(page.key)))) if page.query.filter else page


@quirk("paging.data-moves")
class DataMoves(Quirk):
    """From the second page on the total is another one: a record was added meanwhile (D48)."""

    def page(self, page: Page, provider: Provider) -> Page:
        """Count one record more."""
        return with_header(page, "X-Total-Count", str(page.total + 1)) if page.query.offset else page
