"""The rules about changes by id, each with the function that judges: a pair of bundles, or a delta between two.

Filled when the rules' modules are imported; read by the judge of changes, the catalogue and the documentation.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import polars as pl

from conformance.csv_files.reading import LINE
from conformance.notices import MOST_SAMPLES, Notice

if TYPE_CHECKING:
    from conformance.changes.steps import Step

SECTION = "the standard sets no rule; practice of consumers"
F = TypeVar("F", bound=Callable[..., Iterable[Notice]])


@dataclass(frozen=True, slots=True)
class ChangeRule:
    """One rule. judge: is given the step from one bundle to the next; needs: pair, delta or history, without which it is skipped."""

    id: str
    title: str
    severity: str
    section: str
    why: str
    expected: str
    remedy: str
    needs: str
    judge: Callable[[Step], Iterable[Notice]]


RULES: dict[str, ChangeRule] = {}


def change_rule(
    id: str, *, severity: str, why: str, expected: str, remedy: str, needs: str = "pair", section: str = SECTION
) -> Callable[[F], F]:
    """Register a rule; the function yields notices, whose check, severity, section and remedy are filled in where they are empty."""

    def register(function: F) -> F:
        if id in RULES:
            raise ValueError(f"rule {id} is registered twice")
        title = (inspect.getdoc(function) or "").partition("\n")[0]
        RULES[id] = ChangeRule(id, title, severity, section, why, expected, remedy, needs, function)
        return function

    return register


def told(
    message: str, file: str, rows: pl.DataFrame | None = None, column: str = "", *, bundle: str, count: int = 0, expected: str = "",
    observed: str = "", severity: str = "", cause_of: str = "",
) -> Notice:  # fmt: skip
    """A notice about rows of a file of one of the bundles; the rows' lines become its samples."""
    lines = [] if rows is None else rows[LINE].sort().head(MOST_SAMPLES).to_list()
    where: dict[str, object] = {"file": file, "row": lines[0] if lines else None, "column": column or None, "bundle": bundle}
    samples = tuple({"file": file, "row": at, "column": column or None, "bundle": bundle} for at in lines)
    return Notice(
        message, where, expected, observed, count=count or (rows.height if rows is not None else 1), severity=severity, cause_of=cause_of, samples=samples
    )  # fmt: skip


def about(
    rows: pl.DataFrame, message: str, file: str, column: str = "", *, bundle: str, observed: str = "", severity: str = "", cause_of: str = ""
) -> Iterable[Notice]:  # fmt: skip
    """One notice for all rows of a frame, none when it is empty."""
    if rows.height:
        yield told(message, file, rows, column, bundle=bundle, observed=observed, severity=severity, cause_of=cause_of)
