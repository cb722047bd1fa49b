"""Sorting: order, direction, the same records, unknown fields."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from conformance.laws import search
from conformance.notices import Notice
from conformance.registry import Skip, check
from conformance.run import Run, at, json_of
from conformance.survey import Collection, key_of, records_in
from oneroster_standard.fields import sortable
from oneroster_standard.moments import parse_instant
from oneroster_standard.standard import Property

SECTION = "REST 1.1, sorting"


def _fields(run: Run) -> list[tuple[Collection, Property]]:
    found = []
    for collection in run.readable():
        for name, item in sortable(run.standard, run.entity_of(collection.name)).items():
            values = {str(record.get(name)) for record in collection.records}
            if len(values) > 1 and all(isinstance(record.get(name), str | float) and record.get(name) != "" for record in collection.records):
                found.append((collection, item))
    if not found:
        raise Skip("no field has two values")
    return found


def _keys(item: Property, values: list[Any]) -> list[list[Any]]:
    """The orders that may be meant: instants for dates, else code points or letters without case."""
    if item.kind in ("date", "dateTime"):
        return [[parse_instant(str(value)) for value in values]]
    if item.kind == "float":
        return [[float(value) for value in values]]
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
    fields = _fields(run)

    def law(place: int) -> Notice | None:
        collection, item = fields[place]
        direction = "desc" if descending else "asc"
        page = run.get(f"/{collection.name}", {"sort": item.name, "orderBy": direction, "limit": 200})
        records, _ = records_in(page, collection.name)
        if page.status != 200 or records is None:
            return at(page, f"{collection.name}: a sort by {item.name} is refused", pointer=f"/{collection.name}/*/{item.name}", expected="200",
                      observed=str(page.status))  # fmt: skip
        values = [record[item.name] for record in records if record.get(item.name) is not None]
        if values and not _is_in_order(item, values, descending=descending):
            return at(page, f"{collection.name}: a sort by {item.name} {direction} is not in order", pointer=f"/{collection.name}/*/{item.name}",
                      expected=direction, observed="another order")  # fmt: skip
        return None

    stamped = [place for place, (_, item) in enumerate(fields) if item.name == "dateLastModified"]
    first = search(run, st.sampled_from(stamped), law, examples=4) if stamped else None
    return first or search(run, st.sampled_from(range(len(fields))), law, examples=min(32, len(fields)))


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
    """An unknown sort field is 200 with data and the warning invalid_sort_field."""
    run.collection("orgs")
    page = run.get("/orgs", {"sort": "noSuchField", "limit": 1})
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
