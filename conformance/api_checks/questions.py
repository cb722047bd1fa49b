"""Filtered reads that several laws share: each bears a sort as well, so that its answer shows both.

A filter is judged by the first page and the total where the provider gives one, else by a walk; whatever such a page seems to
get wrong is asked once more without the sort before it counts against the filter.
"""

from __future__ import annotations

from dataclasses import dataclass

from conformance.probe import Exchange
from conformance.run import Run
from conformance.selection import Term, fits_a_reading, readings
from conformance.survey import PAGE, Collection, key_of, records_in
from oneroster_standard.fields import sortable
from oneroster_standard.standard import Property


@dataclass(frozen=True, slots=True)
class Ordered:
    """A read that was asked to be in an order."""

    collection: Collection
    item: Property
    is_descending: bool
    page: Exchange

    @property
    def shows(self) -> bool:
        """Whether its records have two values, so that an order can be seen."""
        records, _ = records_in(self.page, self.collection.name)
        return len({str(record.get(self.item.name)) for record in records or ()}) > 1


def sort_fields(run: Run, found: Collection) -> list[Property]:
    """Properties of a collection that every record has and that two records differ in."""
    known: dict[str, list[Property]] = run.worked_out.setdefault("sort_fields", {})
    if found.name not in known:
        known[found.name] = [
            item
            for name, item in sortable(run.standard, run.entity_of(found.name)).items()
            if all(isinstance(record.get(name), str | float) and record.get(name) != "" for record in found.records)
            and len({str(record.get(name)) for record in found.records}) > 1
        ]
    return known[found.name]


def ordered_reads(run: Run) -> list[Ordered]:
    """The sorted reads of this run so far."""
    found: list[Ordered] = run.worked_out.setdefault("ordered", [])
    return found


def asked(run: Run, found: Collection, terms: tuple[Term, ...], joined_by: str) -> Exchange:
    """The first page of a filtered read, in an order that takes its turn."""
    text = f" {joined_by} ".join(term.text for term in terms)
    known: dict[tuple[str, str], Exchange] = run.worked_out.setdefault("asked", {})
    if (found.name, text) not in known:
        known[found.name, text] = _asked(run, found, text)
    return known[found.name, text]


def _asked(run: Run, found: Collection, text: str) -> Exchange:
    turns: dict[str, int] = run.worked_out.setdefault("turns", {})
    fields = sort_fields(run, found)
    question = {"filter": text, "limit": PAGE, "offset": 0}
    if not fields:
        return run.get(f"/{found.name}", question)
    turn = turns.get(found.name, run.seed)
    item, is_descending = fields[(turn // 2) % len(fields)], bool(turn % 2)
    page = run.get(f"/{found.name}", {**question, "sort": item.name, "orderBy": "desc" if is_descending else "asc"})
    read = Ordered(found, item, is_descending, page)
    if page.status == 200 and read.shows:
        # A read that shows no order does not use up its turn.
        turns[found.name] = turn + 1
        ordered_reads(run).append(read)
    return page


def seems_right(run: Run, found: Collection, terms: tuple[Term, ...], joined_by: str) -> bool:
    """Whether the first page and the total of a filtered read are what the survey's records make of the filter."""
    page = asked(run, found, terms, joined_by)
    records, _ = records_in(page, found.name)
    if page.status != 200 or records is None:
        return False
    ids = [key_of(record) for record in records]
    result, allowed = frozenset(ids), readings(found, terms, joined_by)
    low, high = allowed[0] & allowed[1], allowed[0] | allowed[1]
    if len(result) != len(ids) or not result <= high:
        return False
    if page.total is None:
        return len(ids) < run.page_cap and fits_a_reading(result, allowed)
    if not len(low) <= page.total <= len(high):
        return False
    return fits_a_reading(result, allowed) if page.total <= len(ids) else bool(ids)
