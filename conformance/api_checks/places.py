"""The pages that the laws of paging are put to, and the properties that each of them asks for.

One request serves several laws: a page of a small limit shows its size, its content, its total and its links, and, since it
names some properties only, whether `fields` selects them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from hypothesis import strategies as st

from conformance.laws import search
from conformance.notices import Notice
from conformance.probe import Exchange
from conformance.registry import Skip
from conformance.run import Run
from conformance.survey import CORE, Collection, records_in

SMALL_LIMITS = 12
USUAL_LIMITS = (20, 25, 50, 100, 200, 250, 500)
LARGEST_LIMIT = 250
DRAWN = 3
OF_OTHERS = 2
"""Small limits that a collection beside the core ones is asked with, drawn by the seed; all of them in a deep run."""
Place = tuple[str, int, int]
"""A page: collection, limit, offset."""


def pageable(run: Run, least: int = 2) -> list[Collection]:
    """Collections that were read and hold that many records, the largest first.

    Raises Skip when there is none.
    """
    found = [item for item in run.readable() if len(item.records) >= least]
    if not found:
        raise Skip(f"no collection has {least} records")
    return sorted(found, key=lambda item: -len(item.records))


def places(run: Run) -> list[Place]:
    """Pages that the laws are put to one by one.

    Every small limit that can cut a core collection, some in the others, the usual ones in the largest; where in the
    collection changes with the limit, so that starts, middles and ends are all met.
    """
    if "places" not in run.worked_out:
        run.worked_out["places"] = list(_places(run))
    found: list[Place] = run.worked_out["places"]
    return found


def _places(run: Run) -> Iterator[Place]:
    found = pageable(run)
    for item in found:
        # A limit beyond the size cuts nothing: the first such one stands for all.
        limits = list(range(1, min(SMALL_LIMITS, len(item.records) + 1) + 1))
        chosen = limits if run.deep or item.name in CORE else run.choose(f"limits {item.name}", limits, OF_OTHERS)
        yield from ((item.name, limit, _offset(len(item.records), limit)) for limit in chosen)
    for item in found[: 2 if run.deep else 1]:
        usual = [limit for limit in USUAL_LIMITS if limit < len(item.records)]
        chosen = usual if run.deep else run.choose("usual limits", usual, 4)
        yield from ((item.name, limit, _offset(len(item.records), limit)) for limit in chosen)


def _offset(size: int, limit: int) -> int:
    return min((0, size // 3, size // 2, max(size - limit, 0))[limit % 4], max(size - 1, 0))


def each_page(run: Run, law: Callable[[Place], Notice | None]) -> Iterator[Notice]:
    """Put a law to all places, then to drawn ones; gives the notice of the smallest counterexample."""
    fixed = places(run)
    for name, limit, _ in fixed:
        run.covers("limit", f"{name} {limit}")
    sizes = {item.name: len(item.records) for item in pageable(run)}
    drawn = st.tuples(st.sampled_from(sorted(sizes)), st.integers(1, LARGEST_LIMIT), st.integers(0, 10**6)).map(
        lambda found: (found[0], found[1], found[2] % sizes[found[0]])
    )
    broken = search(run, st.sampled_from(fixed), law, examples=len(fixed)) or search(run, drawn, law, examples=DRAWN)
    if broken:
        yield broken


def fields_of(run: Run, place: Place) -> tuple[str, ...]:
    """Properties that a place asks for: sourcedId and a half of the others, which the next limit's half completes."""
    name, limit, _ = place
    names = [found for found in run.standard.collection(name).property_names if found != "sourcedId"]
    half = {found for found in names if hashlib.sha256(f"{run.seed}/{name}/{limit // 2}/{found}".encode()).digest()[0] % 2}
    return ("sourcedId", *(found for found in names if (found in half) is bool(limit % 2)))


def projected(run: Run, place: Place) -> Exchange:
    """A place's page with the properties that it asks for."""
    name, limit, offset = place
    fields = fields_of(run, place)
    return run.get(f"/{name}", {"fields": ",".join(fields), "limit": limit, "offset": offset})


def page_at(run: Run, place: Place) -> Exchange:
    """A place's page: with its properties where the provider selects them, whole where that fails."""
    if takes_fields(run):
        page = projected(run, place)
        records, _ = records_in(page, place[0])
        if page.status == 200 and records is not None and all("sourcedId" in record for record in records):
            return page
    return run.page(*place)


def takes_fields(run: Run) -> bool:
    """Whether the provider answers a selection of fields at all."""
    page = run.get("/orgs", {"fields": "sourcedId", "limit": 1})
    return page.status == 200
