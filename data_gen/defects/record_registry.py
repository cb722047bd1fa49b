"""Defects of API data by id: what each does to a record of a store, and the check that must find it when it is served.

Filled when the families are imported. An id that a defect of CSV files has too stands for the same fault.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from oneroster_standard.standard import VERSIONS

Record = dict[str, Any]


class Others(Protocol):
    """What a defect may ask about the other records of its store."""

    def first(self, collection: str, version: str, wanted: Callable[[Record], bool]) -> Record | None:
        """The first record of a collection that passes a test."""
        ...

    def record(self, collection: str, version: str, sourced_id: str) -> Record | None:
        """One record by its id."""
        ...


Change = Callable[[Record, str, Others], Record | None]
"""Makes the faulty record of a copy, given the version and the others; None when the record does not serve."""


@dataclass(frozen=True, slots=True)
class RecordDefect:
    """One fault of a record.

    trips: id of the API check that must find it. also: checks that find the same fault from another side.
    field: the property at fault. adds: the faulty record comes beside the sound one.
    """

    id: str
    title: str
    description: str
    source: str
    trips: str
    collection: str
    field: str
    change: Change
    also: tuple[str, ...] = ()
    specs: tuple[str, ...] = VERSIONS
    adds: bool = False
    once: bool = False


RECORD_DEFECTS: dict[str, RecordDefect] = {}


def record_defect(
    id: str, *, trips: str, collection: str, field: str, source: str = "REST 1.1, data model", also: tuple[str, ...] = (),
    specs: tuple[str, ...] = VERSIONS, adds: bool = False, once: bool = False,
) -> Callable[[Change], Change]:  # fmt: skip
    """Register a function that spoils a record; its docstring is what a user reads."""

    def decorate(function: Change) -> Change:
        if id in RECORD_DEFECTS:
            raise ValueError(f"defect {id} of records is registered twice")
        title, _, rest = (inspect.getdoc(function) or "").partition("\n")
        RECORD_DEFECTS[id] = RecordDefect(
            id, title, " ".join(rest.split()), source, trips, collection, field, function, also, specs, adds, once
        )
        return function

    return decorate


def unknown_id(like: str) -> str:
    """An id of the same kind that no record has: whoever reads a kind from an id can still do so."""
    start = next((place for place, sign in enumerate(like) if sign.isdigit()), len(like))
    digits = next((place for place, sign in enumerate(like[start:]) if not sign.isdigit()), len(like) - start)
    return like[:start] + "9" * max(digits, 4)


def second_id(like: str) -> str:
    """The id of a record that is added beside another one: its first digit is a nine."""
    start = next((place for place, sign in enumerate(like) if sign.isdigit()), len(like))
    return f"{like[:start]}9{like[start + 1 :]}"
