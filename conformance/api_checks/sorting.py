"""Sorting: order, direction, the same records, unknown fields."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from conformance.api_checks.questions import Ordered, ordered_reads, sort_fields
from conformance.laws import search
from conformance.notices import Notice
from conformance.probe import Exchange
from conformance.registry import Skip, check
from conformance.run import Run, at, json_of
from conformance.survey import Collection, key_of, records_in
from oneroster_standard.moments import parse_instant
from oneroster_standard.standard import Property

SECTION = "REST 1.1, sorting"
OWN_READS = 3
"""Sorted reads of a fast run per direction, beside those that the filters make."""


def _keys(item: Property, values: list[Any]) -> list[list[Any]]:
    """The orders that may be meant: instants for dates, else code points or letters without case."""
    if item.kind in ("date", "dateTime"):
        return [[parse_instant(str(value)) for value in values]]
    if item.kind == "float":
        # What is no number is told by the schema, and has no place in an order of numbers.
        return [[float(value) for value in values if isinstance(value, int | float)]]
    texts = [str(value) for value in values]
    letters = ["".join(one for one in text.casefold() if one.isalnum()) for text in texts]
    return [texts, [text.casefold() for text in texts], letters]


def _is_in_order(item: Property, values: list[Any], *, descending: bool) -> bool:
    for keys in _keys(item, values):
        pairs = list(pairwise(keys))
        if all((a >= b) if descending else (a <= b) for a, b in pairs):
            return True
    return False


def _order_law(run: Run, descending: bool) -> Notice | None:
    """Judge the sorted reads that the filters made, and reads of our own for what they leave out."""
    every = [(found, item) for found in run.readable() for item in sort_fields(run, found)]
    if not every:
        raise Skip("no field has two values")
    reads = [read for read in ordered_reads(run) if read.is_descending is descending]
    seen = {(read.collection.name, read.item.name) for read in reads}
    missing = [(found, item) for found, item in every if (found.name, item.name) not in seen]
    own = missing if run.deep else run.choose(f"sort {descending}", missing, OWN_READS)
    stamped = [(found, item) for found, item in missing if item.name == "dateLastModified"][:1]
    cases: list[Ordered | tuple[Collection, Property]] = [*stamped, *reads, *(case for case in own if case not in stamped)]

    def law(place: int) -> Notice | None:
        case = cases[place]
        if isinstance(case, Ordered):
            return _judged(run, case)
        return _judged(run, Ordered(case[0], case[1], descending, _plain(run, case[0], case[1], descending)))

    return search(run, st.sampled_from(range(len(cases))), law, examples=len(cases))


def _plain(run: Run, found: Collection, item: Property, descending: bool) -> Exchange:
    return run.get(f"/{found.name}", {"sort": item.name, "orderBy": "desc" if descending else "asc", "limit": 200})


def _judged(run: Run, read: Ordered) -> Notice | None:
    name, item, page = read.collection.name, read.item, read.page
    direction = "desc" if read.is_descending else "asc"
    pointer = f"/{name}/*/{item.name}"
    records, _ = records_in(page, name)
    run.covers("sort", f"{name}.{item.name} {direction}")
    if page.status != 200 or records is None:
        return at(page, f"{name}: a sort by {item.name} is refused", pointer=pointer, expected="200", observed=str(page.status))
    values = [record[item.name] for record in records if record.get(item.name) is not None]
    if values and not _is_in_order(item, values, descending=read.is_descending):
        return at(page, f"{name}: a sort by {item.name} {direction} is not in order", pointer=pointer, expected=direction, observed="another order")
    return None


@check("sort.orders-records", severity="error", section=SECTION, why="A client that pages by a sort relies on its order.", remedy="sort in the consumer")
def a_sort_orders_the_records(run: Run) -> Iterator[Notice]:
    """For any sortable field, sort gives ascending order."""
    broken = _order_law(run, descending=False)
    if broken:
        yield broken


@check("sort.descending", severity="error", section=SECTION, why="The newest records come first only with desc.")
def desc_reverses_the_order(run: Run) -> Iterator[Notice]:
    """orderBy=desc gives descending order."""
    broken = _order_law(run, descending=True)
    if broken:
        yield broken


@check("sort.same-records", severity="error", section=SECTION, why="A sort must not lose anyone.")
def a_sort_loses_no_record(run: Run) -> Iterator[Notice]:
    """A sorted read gives the same records."""
    found = min((item for item in run.readable() if len(item.records) > 1), key=lambda item: len(item.records), default=None)
    if found is None:
        raise Skip("no collection has two records")
    read = run.ids(f"/{found.name}", found.name, {"sort": "dateLastModified", "orderBy": "desc"})
    if read is not None and (set(read[0]) != {key_of(record) for record in found.records} or len(read[0]) != len(found.records)):
        yield at(read[1], f"a sorted read of {found.name} gives other records", expected=str(len(found.records)), observed=str(len(read[0])))


@check("sort.unknown-field", severity="error", section=SECTION, why="The 1.1 text answers an unknown sort field with data and a warning.")
def an_unknown_sort_field_is_a_warning(run: Run) -> Iterator[Notice]:
    """An unknown sort field is 200 with data and the warning invalid_sort_field; in 1.2, which has no such code, 200 or 400."""
    run.collection("orgs")
    page = run.get("/orgs", {"sort": "noSuchField", "limit": 1})
    if run.standard.version != "1.1":
        if page.status not in (200, 400):
            yield at(page, "an unknown sort field is answered otherwise", expected="200 or 400", observed=str(page.status), section="REST 1.2, errors")
        return
    document = json_of(page)
    minors = [entry.get("imsx_codeMinor") for entry in document.get("statusInfoSet", [])] if isinstance(document, dict) else []
    if page.status != 200 or "invalid_sort_field" not in minors:
        yield at(page, "an unknown sort field gives no warning", expected="200 and invalid_sort_field", observed=str(page.status))


@check("sort.bad-order", severity="warning", section=SECTION + " (code UNCONFIRMED)", why="dsc that means asc gives the oldest first.")
def a_bad_direction_is_refused(run: Run) -> Iterator[Notice]:
    """An orderBy other than asc and desc is a 400."""
    run.collection("orgs")
    page = run.get("/orgs", {"sort": "sourcedId", "orderBy": "dsc", "limit": 1})
    if page.status != 400:
        yield at(page, "a bad orderBy is not refused", expected="400", observed=str(page.status))
