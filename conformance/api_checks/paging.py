"""Paging: totals, limits, offsets, links; the laws that any walk must obey."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from hypothesis import strategies as st

from conformance.laws import search
from conformance.notices import Notice
from conformance.probe import Exchange
from conformance.registry import Skip, check
from conformance.run import Run, at, json_of
from conformance.survey import Collection, key_of, records_in

SECTION = "REST 1.1, paging"
SMALL_LIMITS = 12
LARGEST_LIMIT = 250
_LINK = re.compile(r'<([^>]*)>\s*;\s*rel="?([a-z]+)"?')


def _pageable(run: Run, least: int = 2) -> list[Collection]:
    found = [item for item in run.readable() if len(item.records) >= least]
    if not found:
        raise Skip(f"no collection has {least} records")
    return sorted(found, key=lambda item: -len(item.records))


def _page(run: Run, name: str, **parameters: object) -> tuple[Exchange, list[str]]:
    page = run.get(f"/{name}", parameters)
    records, _ = records_in(page, name)
    return page, [key_of(record) for record in records or ()]


def links_of(page: Exchange) -> dict[str, str]:
    """rel -> URL of a Link header."""
    return {rel: url for url, rel in _LINK.findall(page.headers.get("Link", ""))}


@check("paging.page-size", severity="error", section=SECTION, why="A page beyond its limit breaks a consumer's memory bound.")
def pages_never_exceed_their_limit(run: Run) -> Iterator[Notice]:
    """A page never holds more records than its limit."""
    names = [found.name for found in _pageable(run)[:4]]

    def law(drawn: tuple[str, int]) -> Notice | None:
        page, ids = _page(run, drawn[0], limit=drawn[1])
        if len(ids) > drawn[1]:
            return at(page, "a page holds more records than its limit", expected=f"at most {drawn[1]}", observed=str(len(ids)))
        return None

    broken = search(run, st.tuples(st.sampled_from(names), st.integers(1, 20)), law, examples=10)
    if broken:
        yield broken


@check(
    "paging.limit-honoured", severity="warning", section=SECTION,
    why="A client that advances by its own limit skips rows when the provider cuts it.", remedy="advance by the records received",
)  # fmt: skip
def a_large_limit_is_honoured(run: Run) -> Iterator[Notice]:
    """A limit up to the collection's size is honoured."""
    found = _pageable(run)[0]
    size = len(found.records)
    first = found.pages[0]
    received = len(records_in(first, found.name)[0] or ())
    if size > received and received < 1000 and len(found.pages) > 1:
        yield at(first, "a page holds fewer records than its limit although more follow", expected="1000", observed=str(received))
        return
    page, ids = _page(run, found.name, limit=10_000)
    if page.status != 200:
        yield at(page, "limit=10000 is refused", expected="200", observed=str(page.status))
    elif len(ids) < min(size, 10_000):
        yield at(page, "a page holds fewer records than its limit although more follow", expected=str(min(size, 10_000)), observed=str(len(ids)))


@check("paging.offset-advances", severity="error", section=SECTION, why="A client that gets page one for ever never ends, or stores one page.")
def an_offset_moves_on(run: Run) -> Iterator[Notice]:
    """An offset gives other records than the start."""
    for found in _pageable(run)[:3]:
        page, second = _page(run, found.name, limit=1, offset=1)
        _, first = _page(run, found.name, limit=1, offset=0)
        if first and second == first:
            yield at(page, f"offset has no effect on {found.name}", expected="the second record", observed="the first")


@check("paging.past-the-end-is-empty", severity="error", section=SECTION, why="Clients that read to an empty page fail on an error instead.")
def past_the_end_is_an_empty_page(run: Run) -> Iterator[Notice]:
    """An offset past the end is 200 and an empty list."""
    for found in _pageable(run)[:3]:
        page = run.get(f"/{found.name}", {"limit": 5, "offset": len(found.records) + 50})
        document = json_of(page)
        records, _ = records_in(page, found.name)
        if page.status != 200 or records is None:
            yield at(page, f"past the end of {found.name} is no empty page", expected="200 and an empty list", observed=str(page.status))
        elif records and isinstance(document, dict):
            yield at(page, f"past the end of {found.name} there are records", expected="an empty list", observed=f"{len(records)} records")


@check(
    "paging.total-matches-records", severity="error", section=SECTION,
    why="A consumer that proves completeness by the total holds back every deletion.", remedy="read to an empty page; report it to the vendor",
)  # fmt: skip
def the_total_is_the_number_of_records(run: Run) -> Iterator[Notice]:
    """X-Total-Count is the number of records."""
    judged = 0
    for found in run.readable():
        total = found.pages[0].total
        if total is None:
            continue
        judged += 1
        if total != len(found.records):
            yield at(found.pages[0], f"the total of {found.name} disagrees with its pages",
                     expected=f"{len(found.records)} (records on {len(found.pages)} pages)", observed=f"X-Total-Count: {total}")  # fmt: skip
    if not judged:
        raise Skip("no collection announces a total")


@check("paging.total-filtered", severity="error", section=SECTION, why="A total that ignores the filter makes a filtered read look incomplete.")
def the_total_counts_the_filtered_records(run: Run) -> Iterator[Notice]:
    """X-Total-Count of a filtered read counts what the filter selects."""
    users = run.collection("users")
    role = str(users.records[0].get("role", ""))
    page = run.get("/users", {"filter": f"role='{role}'", "limit": 1000})
    if page.total is None or page.status != 200:
        raise Skip("the filtered read announces no total")
    read = run.ids("/users", "users", {"filter": f"role='{role}'"})
    if read is not None and page.total != len(read[0]):
        yield at(page, "the total of a filtered read disagrees with its records", expected=str(len(read[0])), observed=str(page.total))


@check(
    "paging.pages-partition", severity="error", section=SECTION,
    why="A record on two pages means another one on none.", remedy="sort by sourcedId on every page; report it to the vendor",
)  # fmt: skip
def pages_partition_the_collection(run: Run) -> Iterator[Notice]:
    """A walk in small pages gives every record once."""
    for found in _pageable(run, 3)[:3]:
        size = len(found.records)
        limit = max(2, -(-size // 6))
        seen: list[str] = []
        offset = 0
        page: Exchange | None = None
        while offset < size + limit:
            page, ids = _page(run, found.name, limit=limit, offset=offset)
            if not ids:
                break
            seen += ids
            offset += len(ids)
        twice = len(seen) - len(set(seen))
        lost = len(set(found.by_id) - set(seen))
        if page is not None and (twice or lost):
            yield at(page, f"pages of {found.name} do not partition it", expected=f"{size} records once each",
                     observed=f"{twice} twice, {lost} on no page")  # fmt: skip


@check(
    "paging.page-content-by-limit", severity="error", section=SECTION,
    why="A limit that loses a record loses a child for every consumer that uses it.",
)  # fmt: skip
def page_content_does_not_depend_on_the_limit(run: Run) -> Iterator[Notice]:
    """For any limit, the records of a page are those that other limits give at the same place.

    A provider may cap its pages, which is judged elsewhere: a page as long as the walk's longest is not short.
    """
    orders = {found.name: [key_of(record) for record in found.records] for found in _pageable(run, 3)}
    caps = {found.name: max(len(records_in(page, found.name)[0] or ()) for page in found.pages) for found in _pageable(run, 3)}

    def law(drawn: tuple[str, int]) -> Notice | None:
        name, limit = drawn
        order = orders[name]
        offset = (len(order) // 3) if len(order) > SMALL_LIMITS * 2 else 0
        page, ids = _page(run, name, limit=limit, offset=offset)
        wanted = order[offset : offset + min(limit, caps[name])]
        if ids != wanted and len(ids) <= limit:
            lost = len([found for found in wanted if found not in ids])
            return at(page, f"with one limit a page of {name} differs", expected=f"{len(wanted)} records of the collection's order",
                      observed=f"{len(ids)} records, {lost} of them missing")  # fmt: skip
        return None

    # Small limits one by one in the largest collections, where most pages are; larger ones drawn from all of them.
    every = [(name, limit) for name in list(orders)[:2] for limit in range(1, SMALL_LIMITS + 1)]
    drawn = st.tuples(st.sampled_from(sorted(orders)), st.integers(1, LARGEST_LIMIT))
    broken = search(run, st.sampled_from(every), law, examples=len(every)) or search(run, drawn, law, examples=12)
    if broken:
        yield broken


@check("paging.last-page-has-no-next", severity="error", section=SECTION, why="A client that follows next never ends.")
def the_last_page_has_no_next(run: Run) -> Iterator[Notice]:
    """The last page has no next link."""
    for found in _pageable(run)[:3]:
        # From its end, so that a provider's cap on the page size does not matter.
        page, _ = _page(run, found.name, limit=5, offset=len(found.records) - 1)
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
    page, _ = _page(run, _pageable(run)[0].name, limit=1)
    header = page.headers.get("Link", "")
    if not header:
        raise Skip("no Link header is sent")
    form = r'<https?://[^>,\s]+>; rel="(first|prev|next|last)"'
    if not re.fullmatch(rf"{form}(, {form})*", header):
        yield at(page, "the Link header has another form", expected='<https://...>; rel="next", ...')


@check("paging.default-limit", severity="info", section=SECTION, why="A client that sends no limit believes the first page is all.", remedy="always send limit and offset")
def the_default_limit_is_100(run: Run) -> Iterator[Notice]:
    """Without a limit a page holds 100 records, or all when there are fewer."""
    found = _pageable(run)[0]
    page, ids = _page(run, found.name)
    wanted = min(100, len(found.records))
    if page.status == 200 and len(ids) != wanted:
        yield at(page, "the default page has another size", expected=str(wanted), observed=str(len(ids)))


@check("paging.bad-limit", severity="warning", section=SECTION + " (code UNCONFIRMED)", why="A limit of 0 that returns all is a surprise.")
def a_bad_limit_is_refused(run: Run) -> Iterator[Notice]:
    """A limit of 0, below 0 or that is no number is a 400."""
    name = _pageable(run)[0].name
    for bad in ("0", "-1", "x"):
        page = run.get(f"/{name}", {"limit": bad})
        if page.status != 400:
            yield at(page, "a bad limit is not refused", expected="400", observed=str(page.status))


@check("paging.bad-offset", severity="warning", section=SECTION + " (code UNCONFIRMED)", why="An offset that is silently ignored repeats page one.")
def a_bad_offset_is_refused(run: Run) -> Iterator[Notice]:
    """An offset below 0 or that is no number is a 400."""
    name = _pageable(run)[0].name
    for bad in ("-1", "x"):
        page = run.get(f"/{name}", {"offset": bad})
        if page.status != 400:
            yield at(page, "a bad offset is not refused", expected="400", observed=str(page.status))
