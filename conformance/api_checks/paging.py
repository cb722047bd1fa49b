"""Paging: totals, limits, offsets, links; the laws that any walk must obey."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.api_checks.places import Place, each_page, page_at, pageable
from conformance.notices import Notice
from conformance.probe import Exchange
from conformance.registry import Skip, check
from conformance.run import Run, at, json_of
from conformance.survey import PAGE, key_of, records_in

SECTION = "REST 1.1, paging"
def page_of(run: Run, name: str, **parameters: object) -> tuple[Exchange, list[str]]:
    page = run.get(f"/{name}", parameters)
    records, _ = records_in(page, name)
    return page, [key_of(record) for record in records or ()]


@check("paging.page-size", severity="error", section=SECTION, why="A page beyond its limit breaks a consumer's memory bound.")
def pages_never_exceed_their_limit(run: Run) -> Iterator[Notice]:
    """A page never holds more records than its limit."""

    def law(place: Place) -> Notice | None:
        page = page_at(run, place)
        count = len(records_in(page, place[0])[0] or ())
        if count > place[1]:
            return at(page, "a page holds more records than its limit", expected=f"at most {place[1]}", observed=str(count))
        return None

    yield from each_page(run, law)


@check(
    "paging.limit-honoured", severity="warning", section=SECTION,
    why="A client that advances by its own limit skips rows when the provider cuts it.", remedy="advance by the records received",
)  # fmt: skip
def a_large_limit_is_honoured(run: Run) -> Iterator[Notice]:
    """A limit up to the collection's size is honoured."""
    found = pageable(run)[0]
    size = len(found.records)
    first = found.pages[0]
    received = len(records_in(first, found.name)[0] or ())
    if size > received and received < 1000 and len(found.pages) > 1:
        yield at(first, "a page holds fewer records than its limit although more follow", expected="1000", observed=str(received))
        return
    page, ids = page_of(run, found.name, limit=10_000)
    if page.status != 200:
        yield at(page, "limit=10000 is refused", expected="200", observed=str(page.status))
    elif len(ids) < min(size, 10_000):
        yield at(page, "a page holds fewer records than its limit although more follow", expected=str(min(size, 10_000)), observed=str(len(ids)))


@check("paging.offset-advances", severity="error", section=SECTION, why="A client that gets page one for ever never ends, or stores one page.")
def an_offset_moves_on(run: Run) -> Iterator[Notice]:
    """An offset gives other records than the start."""
    for found in pageable(run)[:3]:
        first = [key_of(found.records[0])]
        page, second = page_of(run, found.name, limit=1, offset=1)
        # A row that was added while we read moves the first record one place on, and no further: that is judged elsewhere.
        if second == first and page_of(run, found.name, limit=2, offset=2)[1][:1] == first:
            yield at(page, f"offset has no effect on {found.name}", expected="the second record", observed="the first")


@check("paging.past-the-end-is-empty", severity="error", section=SECTION, why="Clients that read to an empty page fail on an error instead.")
def past_the_end_is_an_empty_page(run: Run) -> Iterator[Notice]:
    """An offset past the end is 200 and an empty list."""
    for place, found in enumerate(pageable(run)[:3]):
        # Just past the end the survey has asked already.
        where = {"limit": PAGE, "offset": len(found.records)} if place else {"limit": 5, "offset": len(found.records) + 50}
        page = run.get(f"/{found.name}", where)
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
    """X-Total-Count is the number of records, on whatever page."""
    judged = [found for found in run.readable() if found.pages[0].total is not None]
    if not judged:
        raise Skip("no collection announces a total")
    for found in judged:
        if found.pages[0].total != len(found.records):
            yield at(found.pages[0], f"the total of {found.name} disagrees with its pages",
                     expected=f"{len(found.records)} (records on {len(found.pages)} pages)", observed=f"X-Total-Count: {found.pages[0].total}")  # fmt: skip
            return
    sizes = {found.name: len(found.records) for found in judged}

    def law(place: Place) -> Notice | None:
        page = page_at(run, place)
        if place[0] in sizes and page.status == 200 and page.total is not None and page.total != sizes[place[0]]:
            return at(page, f"the total of {place[0]} changes with the page", expected=str(sizes[place[0]]), observed=f"X-Total-Count: {page.total}")
        return None

    yield from each_page(run, law)


@check(
    "paging.pages-partition", severity="error", section=SECTION,
    why="A record on two pages means another one on none.", remedy="sort by sourcedId on every page; report it to the vendor",
)  # fmt: skip
def pages_partition_the_collection(run: Run) -> Iterator[Notice]:
    """A walk in small pages gives every record once."""
    for place, found in enumerate(pageable(run, 3)[:3]):
        size = len(found.records)
        limit = max(2, -(-size // (6 if run.deep else 3 if place == 0 else 2)))
        seen: list[str] = []
        offset = 0
        page: Exchange | None = None
        while offset < size:
            page, ids = page_of(run, found.name, limit=limit, offset=offset)
            if page.status != 200 and offset < size:
                yield at(page, f"a page of {found.name} cannot be read", expected="200 and a list", observed=str(page.status))
            if not ids:
                break
            seen += ids
            offset += len(ids)
        if page is not None and page.status != 200 and offset < size:
            continue
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
    orders = {found.name: [key_of(record) for record in found.records] for found in pageable(run, 3)}
    caps = {found.name: max(len(records_in(page, found.name)[0] or ()) for page in found.pages) for found in pageable(run, 3)}

    def law(place: Place) -> Notice | None:
        name, limit, offset = place
        if name not in orders:
            return None
        page = page_at(run, place)
        ids = [key_of(record) for record in records_in(page, name)[0] or ()]
        wanted = orders[name][offset : offset + min(limit, caps[name])]
        if ids != wanted and len(ids) <= limit:
            lost = len([found for found in wanted if found not in ids])
            return at(page, f"with one limit a page of {name} differs", expected=f"{len(wanted)} records of the collection's order",
                      observed=f"{len(ids)} records, {lost} of them missing")  # fmt: skip
        return None

    yield from each_page(run, law)


@check("paging.default-limit", severity="info", section=SECTION, why="A client that sends no limit believes the first page is all.", remedy="always send limit and offset")
def the_default_limit_is_100(run: Run) -> Iterator[Notice]:
    """Without a limit a page holds 100 records, or all when there are fewer."""
    found = pageable(run)[0]
    page, ids = page_of(run, found.name)
    wanted = min(100, len(found.records))
    if page.status == 200 and len(ids) != wanted:
        yield at(page, "the default page has another size", expected=str(wanted), observed=str(len(ids)))


@check("paging.bad-limit", severity="warning", section=SECTION + " (code UNCONFIRMED)", why="A limit of 0 that returns all is a surprise.")
def a_bad_limit_is_refused(run: Run) -> Iterator[Notice]:
    """A limit of 0, below 0 or that is no number is a 400."""
    name = pageable(run)[0].name
    for bad in ("0", "-1", "x"):
        page = run.get(f"/{name}", {"limit": bad})
        if page.status != 400:
            yield at(page, "a bad limit is not refused", expected="400", observed=str(page.status))


@check("paging.bad-offset", severity="warning", section=SECTION + " (code UNCONFIRMED)", why="An offset that is silently ignored repeats page one.")
def a_bad_offset_is_refused(run: Run) -> Iterator[Notice]:
    """An offset below 0 or that is no number is a 400."""
    name = pageable(run)[0].name
    for bad in ("-1", "x"):
        page = run.get(f"/{name}", {"offset": bad})
        if page.status != 400:
            yield at(page, "a bad offset is not refused", expected="400", observed=str(page.status))
