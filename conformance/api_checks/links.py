"""Link headers: their form, where they lead, what they repeat."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from conformance.api_checks.paging import SECTION, page_of
from conformance.api_checks.places import Place, each_page, page_at, pageable
from conformance.notices import Notice
from conformance.probe import Exchange
from conformance.registry import Skip, check
from conformance.run import Run, at
from conformance.survey import records_in

_LINK = re.compile(r'<([^>]*)>\s*;\s*rel="?([a-z]+)"?')


def links_of(page: Exchange) -> dict[str, str]:
    """rel -> URL of a Link header."""
    return {rel: url for url, rel in _LINK.findall(page.headers.get("Link", ""))}


@check(
    "paging.link-targets", severity="error", section=SECTION + " (RFC 8288)",
    why="A client that follows links loses the records that a wrong link leaves out.", remedy="page by offset; report it to the vendor",
)  # fmt: skip
def links_lead_to_their_pages(run: Run) -> Iterator[Notice]:
    """next, prev, first and last lead to the pages of those names."""
    sizes = {found.name: len(found.records) for found in pageable(run, 3)}
    judged = 0

    def law(place: Place) -> Notice | None:
        nonlocal judged
        page = page_at(run, place)
        links = links_of(page)
        count = len(records_in(page, place[0])[0] or ())
        if not links or not count or place[0] not in sizes:
            return None
        judged += 1
        wrong = _wrong_links(links, offset=place[2], following=place[2] + count, size=sizes[place[0]])
        return at(page, f"the link {wrong[0]} leads elsewhere", expected=wrong[1], observed=wrong[2]) if wrong else None

    yield from each_page(run, law)
    if not judged:
        raise Skip("no page has links that can be read")


def _wrong_links(links: dict[str, str], *, offset: int, following: int, size: int) -> tuple[str, str, str] | None:
    """The first link of a page that does not lead where its name says: rel, what was expected, what was met."""
    starts = {rel: int(text) for rel, url in links.items() if (text := parse_qs(urlsplit(url).query).get("offset", ["0"])[0]).isdigit()}
    if "next" in starts and starts["next"] != following and following < size:
        return "next", f"offset={following}", f"offset={starts['next']}"
    if "next" not in links and following < size and ("prev" in links or "first" in links or "last" in links):
        return "next", f"offset={following}", "absent"
    if starts.get("first", 0) != 0:
        return "first", "offset=0", f"offset={starts['first']}"
    if "prev" in starts and not starts["prev"] < max(offset, 1):
        return "prev", f"below offset={offset}", f"offset={starts['prev']}"
    if "last" in starts and not starts["last"] < size:
        return "last", f"below offset={size}", f"offset={starts['last']}"
    return None


@check("paging.last-page-has-no-next", severity="error", section=SECTION, why="A client that follows next never ends.")
def the_last_page_has_no_next(run: Run) -> Iterator[Notice]:
    """The last page has no next link."""
    for found in pageable(run)[:3]:
        # From its end, so that a provider's cap on the page size does not matter.
        page = page_at(run, (found.name, 3, max(len(found.records) - 3, 0)))
        if "next" in links_of(page):
            yield at(page, f"the last page of {found.name} has a next link", expected="no rel next", observed="rel next")


@check("paging.links-repeat-query", severity="error", section=SECTION, why="A next link without the filter returns everyone.")
def links_repeat_the_query(run: Run) -> Iterator[Notice]:
    """Links repeat filter, sort and fields."""
    asked = {"limit": "1", "filter": "status='active'", "sort": "sourcedId", "orderBy": "asc", "fields": "sourcedId"}
    page = run.get("/users", asked)
    found = links_of(page)
    if "next" not in found:
        raise Skip("the page has no next link")
    query = parse_qs(urlsplit(found["next"]).query)
    lost = [name for name in ("filter", "sort", "fields") if query.get(name) != [asked[name]]]
    if lost:
        yield at(page, "the next link drops parameters", expected="filter, sort and fields", observed=f"without {', '.join(lost)}")


@check("paging.link-well-formed", severity="warning", section="RFC 8288", why="Strict clients read quoted rel values and absolute URLs only.")
def links_are_well_formed(run: Run) -> Iterator[Notice]:
    """Link headers are of the form <absolute-url>; rel="name"."""
    page, _ = page_of(run, pageable(run)[0].name, limit=1)
    header = page.headers.get("Link", "")
    if not header:
        raise Skip("no Link header is sent")
    form = r'<https?://[^>,\s]+>; rel="(first|prev|next|last)"'
    if not re.fullmatch(rf"{form}(, {form})*", header):
        yield at(page, "the Link header has another form", expected='<https://...>; rel="next", ...')
