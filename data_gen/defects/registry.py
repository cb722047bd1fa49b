"""The defects by id: what each plants, why it matters, and the one rule that must find it.

Filled when the families are imported; read by the planting, the catalogue and the documentation.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

from data_gen.defects.draft import Draft, Fields, Place
from oneroster_standard.standard import VERSIONS

Plant = Callable[[Draft, int], list[Place]]
CellChange = Callable[[str, Fields, Draft], str | None]

ONLY_1P1, ONLY_1P2 = ("1.1",), ("1.2",)
STAGES = ("cells", "rows", "headers", "lines", "bytes", "files", "archive")
"""Order of planting: a fault that hides others comes later, so that two defects in one bundle both survive."""


@dataclass(frozen=True, slots=True)
class Defect:
    """One fault that can be planted.

    trips: id of the root rule that must find it. file and column: where it lies; file is empty for the archive.
    plant: takes a draft and how many places; returns the places. once: COUNT is always 1. specs: versions whose files have it.
    needs_day: it shows only against an earlier bundle of a series; trips then names a rule of `oneroster check change`.
    """

    id: str
    title: str
    description: str
    source: str
    trips: str
    file: str
    column: str
    stage: str
    once: bool
    plant: Plant
    specs: tuple[str, ...] = VERSIONS
    needs_day: bool = False


DEFECTS: dict[str, Defect] = {}


def _register(
    function: Callable[..., object], id: str, trips: str, file: str, column: str, stage: str, source: str, once: bool,
    plant: Plant, specs: tuple[str, ...], needs_day: bool = False,
) -> None:  # fmt: skip
    if id in DEFECTS:
        raise ValueError(f"defect {id} is registered twice")
    if stage not in STAGES:
        raise ValueError(f"defect {id} has the unknown stage {stage}")
    title, _, rest = (inspect.getdoc(function) or "").partition("\n")
    description = " ".join(rest.split())
    DEFECTS[id] = Defect(id, title, description, source, trips, file, column, stage, once, plant, specs, needs_day)


def defect(
    id: str, *, trips: str, file: str, stage: str, source: str, column: str = "", once: bool = False,
    specs: tuple[str, ...] = VERSIONS, needs_day: bool = False,
) -> Callable[[Plant], Plant]:  # fmt: skip
    """Register a function that plants a fault by itself."""

    def decorate(function: Plant) -> Plant:
        _register(function, id, trips, file, column, stage, source, once, function, specs, needs_day)
        return function

    return decorate


def cell_defect(
    id: str, *, trips: str, file: str, column: str, source: str, specs: tuple[str, ...] = VERSIONS
) -> Callable[[CellChange], CellChange]:
    """Register a function that gives one cell's wrong value, or None when the record does not serve.

    The function is asked for its cell, its record and the draft; it must not change the draft.
    """

    def decorate(function: CellChange) -> CellChange:
        def plant(draft: Draft, count: int) -> list[Place]:
            sheet = draft.sheet(file)
            position = sheet.header.index(column)
            rows = draft.choose(
                file, id, count, lambda row, fields: function(fields[column], fields, draft) is not None
            )
            places = []
            for row in rows:
                cells = sheet.cells(row)
                cells[position] = function(cells[position], sheet.fields(row), draft) or ""
                sheet.replace(row, cells)
                places.append(draft.place(file, row, column))
            return places

        _register(function, id, trips, file, column, "cells", source, False, plant, specs)
        return function

    return decorate
