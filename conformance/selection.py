"""The suite's own reading of a filter: which surveyed records must, and may, come back.

Called by the filter checks. Works record by record over the values a field path leads to, where the mock works on
columns; where the standard is silent two readings are allowed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from conformance.survey import Collection, Record
from oneroster_standard.moments import parse_instant
from oneroster_standard.standard import Property


@dataclass(frozen=True, slots=True)
class Term:
    """field op value with the property that the field means."""

    field: str
    item: Property
    op: str
    value: str

    @property
    def text(self) -> str:
        """The predicate as a filter writes it."""
        return f"{self.field}{self.op}'{self.value.replace(chr(39), chr(39) * 2)}'"


def atoms(record: Record, path: str) -> list[Any]:
    """The values that a dotted path leads to: none, one, or one per element of a list."""
    step: list[Any] = [record]
    for name in path.split("."):
        following: list[Any] = []
        for value in step:
            inner = value.get(name) if isinstance(value, dict) else None
            if isinstance(inner, list):
                following += inner
            elif inner is not None and inner != "":
                following.append(inner)
        step = following
    return step


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value).strip()


def _measure(item: Property, value: Any) -> Any:
    if item.kind in ("date", "dateTime"):
        return parse_instant(str(value))
    if item.kind == "float":
        return float(value)
    return _word(value)


Fold = Callable[[str], str]


def _test(term: Term, fold: Fold) -> Callable[[tuple[Any, ...]], bool]:
    """Whether the values that a record has at the term's field fit it, != aside."""
    if term.item.is_list and "." not in term.field:
        wanted = {fold(part) for part in term.value.split(",")}
        if term.op == "~":
            return lambda values: any(fold(_word(value)) in wanted for value in values)
        return lambda values: wanted <= {fold(_word(value)) for value in values}
    if term.op == "~":
        part = fold(term.value)
        return lambda values: any(part in fold(_word(value)) for value in values)
    if term.op in ("=", "!=") and term.item.kind not in ("date", "dateTime", "float"):
        whole = fold(term.value)
        return lambda values: any(fold(_word(value)) == whole for value in values)
    bound = _measure(term.item, term.value)
    relations: dict[str, Callable[[Any], bool]] = {
        "=": lambda found: bool(found == bound),
        "!=": lambda found: bool(found == bound),
        ">": lambda found: bool(found > bound),
        ">=": lambda found: bool(found >= bound),
        "<": lambda found: bool(found < bound),
        "<=": lambda found: bool(found <= bound),
    }
    relation = relations[term.op]
    return lambda values: any(relation(_measure(term.item, value)) for value in values)


def column_of(found: Collection, path: str) -> list[tuple[Any, ...]]:
    """The values at a field's path, per record; worked out once per collection and path."""
    column = found.columns.get(path)
    if column is None:
        column = found.columns[path] = [tuple(map(_plain, atoms(record, path))) for record in found.records]
    return column


def values_of(found: Collection, path: str) -> list[str]:
    """The distinct texts at a field's path, in order of first occurrence."""
    distinct = dict.fromkeys(column_of(found, path))
    return list(dict.fromkeys(value for values in distinct for value in values if isinstance(value, str)))


def _rows(found: Collection, term: Term, fold: Fold) -> list[bool]:
    """Per record whether it fits; each distinct combination of values is judged once."""
    column = column_of(found, term.field)
    test = _test(term, fold)
    verdicts = {values: test(values) for values in set(column)}
    wanted = term.op != "!="
    return [verdicts[values] is wanted for values in column]


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool) else str(value)


def _select(found: Collection, terms: tuple[Term, ...], joined_by: str, fold: Fold) -> frozenset[str]:
    combine = all if joined_by == "AND" else any
    rows = [_rows(found, term, fold) for term in terms]
    return frozenset(key for key, fits in zip(found.by_id, zip(*rows, strict=True), strict=True) if combine(fits))


def readings(found: Collection, terms: tuple[Term, ...], joined_by: str = "AND") -> tuple[frozenset[str], frozenset[str]]:
    """sourcedIds that a filter selects, read with exact case and without regard to case.

    Raises ValueError when a date or a number cannot be read.
    """
    exact = _select(found, terms, joined_by, str)
    if all(term.item.kind in ("date", "dateTime", "float") for term in terms):
        return exact, exact
    return exact, _select(found, terms, joined_by, str.casefold)


def fits_a_reading(found: frozenset[str], allowed: tuple[frozenset[str], frozenset[str]]) -> bool:
    """Whether a result is one of the readings, or lies between them."""
    exact, folded = allowed
    low, high = exact & folded, exact | folded
    return low <= found <= high
