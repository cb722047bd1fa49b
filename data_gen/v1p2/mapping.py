"""Records of a district mapped from 1.1 to 1.2, and the answers that the mapping asks for.

Called by the modules of this package; arithmetic only, no record is looked up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from data_gen.organisations import type_of
from data_gen.references import refer
from data_gen.shape import District, class_id
from oneroster_standard.versions import Look, to_1p2

CHUNK = 1024
Record = dict[str, Any]


def resolver(district: District) -> Look:
    """What a district knows of an org, a class or a line item by its key alone."""

    def look(collection: str, sourced_id: str) -> Mapping[str, Any] | None:
        match collection:
            case "orgs":
                return {"type": type_of(sourced_id)}
            case "classes":
                cohort = district.cohort_of_group(int(sourced_id[4:11]) // district.shape.stride)
                return {"school": refer("org", cohort.school.sourced_id)}
            case "lineItems":
                return {"class": refer("class", class_id(int(sourced_id[4:11])))}
            case _:
                return None

    return look


def mapped(collection: str, records: Iterable[Record], look: Look) -> Iterator[Record]:
    """Records of 1.1 as 1.2 has them; each of them has a counterpart."""
    for record in records:
        found = to_1p2(collection, record, look)
        if found is None:
            raise ValueError(f"a record of {collection} has no counterpart in 1.2")
        yield found


def chunks(records: Iterable[Record]) -> Iterator[list[Record]]:
    """Records in lists of at most 1,024."""
    iterator = iter(records)
    while batch := list(islice(iterator, CHUNK)):
        yield batch


def finish(order: tuple[str, ...], record: Record) -> Record:
    """A record with its properties in the order of the table; empty lists are left out."""
    return {name: record[name] for name in order if name in record and record[name] != []}
