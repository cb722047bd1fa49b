"""Links between pages, and totals that stay what they are while a client pages."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from conformance.api_checks.links import links_of
from conformance.api_checks.paging import SECTION
from conformance.notices import Notice
from conformance.probe import Exchange
from conformance.registry import Skip, check
from conformance.run import Run, at
from conformance.survey import Collection


def _largest(run: Run, least: int) -> Collection:
    found = max((item for item in run.readable()), key=lambda item: len(item.records))
    if len(found.records) < least:
        raise Skip(f"no collection has {least} records")
    return found


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _page(run: Run, name: str, limit: int, offset: int) -> Exchange:
    return run.get(f"/{name}", {"limit": limit, "offset": offset})


@check(
    "paging.link-on-provider", severity="error", section=SECTION,
    why="A client that follows a link to another host sends its token there.", remedy="page by offset; follow no link to another host",
)  # fmt: skip
def links_lead_to_the_provider(run: Run) -> Iterator[Notice]:
    """Links lead to the host that was called."""
    found = _largest(run, 3)
    page = _page(run, found.name, 1, 1)
    links = links_of(page)
    if not links:
        raise Skip("no Link header is sent")
    strange = [rel for rel, url in links.items() if urlsplit(url).netloc and _origin(url) != _origin(run.probe.root)]
    if strange:
        yield at(page, "links lead to another host", expected="the host that was called", observed=", ".join(sorted(strange)))


@check(
    "headers.link-every-page", severity="warning", section="REST 1.1, paging (recommended)",
    why="A client that follows next stops after the second page.", remedy="page by offset",
)  # fmt: skip
def later_pages_are_linked_too(run: Run) -> Iterator[Notice]:
    """A later page with more to come has a next link, where the first has one."""
    found = _largest(run, 4)
    if "next" not in links_of(_page(run, found.name, 1, 0)):
        raise Skip("the first page has no next link")
    page = _page(run, found.name, 1, 1)
    if "next" not in links_of(page):
        yield at(page, "a later page has no next link", expected='rel="next"', observed="absent")


@check(
    "paging.total-stable", severity="warning", section=SECTION,
    why="A total that changes between pages means that records were added or lost while a client read.",
    remedy="start the read again when the total changes; read at night",
)  # fmt: skip
def the_total_stays_from_page_to_page(run: Run) -> Iterator[Notice]:
    """Pages of one collection announce the same total."""
    found = _largest(run, 3)
    first, page = _page(run, found.name, 1, 0), _page(run, found.name, 1, 1)
    if first.total is None or page.total is None:
        raise Skip("no collection announces a total")
    if first.total != page.total:
        yield at(page, f"the total of {found.name} changes between pages", expected=str(first.total), observed=str(page.total))


@check(
    "paging.total-by-limit", severity="error", section=SECTION,
    why="A total that counts the page ends every read after its first page.", remedy="read to an empty page",
)  # fmt: skip
def the_total_does_not_depend_on_the_limit(run: Run) -> Iterator[Notice]:
    """The total is the same whatever limit a page is asked for with."""
    found = _largest(run, 3)
    page, wider = _page(run, found.name, 1, 0), _page(run, found.name, 2, 0)
    if page.total is None or wider.total is None:
        raise Skip("no collection announces a total")
    if page.total != wider.total:
        yield at(page, f"the total of {found.name} depends on the limit", expected=str(len(found.records)), observed=str(page.total))
