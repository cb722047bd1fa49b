"""The suite's own reading of a filter: which surveyed records must, and may, come back.

Called by the filter checks. Works record by record over the values a field path leads to, where the mock works on
columns; where the standard is silent two readings are allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from conformance.survey import Record, key_of
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


def _fits(term: Term, record: Record, fold: Callable[[str], str]) -> bool:
    values = atoms(record, term.field)
    if term.op == "!=":
        return not _fits(Term(term.field, term.item, "=", term.value), record, fold)
    if term.item.is_list and "." not in term.field:
        wanted = {fold(part) for part in term.value.split(",")}
        held = {fold(_word(value)) for value in values}
        return bool(wanted & held) if term.op == "~" else wanted <= held
    if term.op == "~":
        return any(fold(term.value) in fold(_word(value)) for value in values)
    if term.op == "=" and term.item.kind not in ("date", "dateTime", "float"):
        return any(fold(_word(value)) == fold(term.value) for value in values)
    bound = _measure(term.item, term.value)
    relations: dict[str, Callable[[Any], bool]] = {
        "=": lambda found: bool(found == bound),
        ">": lambda found: bool(found > bound),
        ">=": lambda found: bool(found >= bound),
        "<": lambda found: bool(found < bound),
        "<=": lambda found: bool(found <= bound),
    }
    return any(relations[term.op](_measure(term.item, value)) for value in values)


def _select(records: Iterable[Record], terms: tuple[Term, ...], joined_by: str, fold: Callable[[str], str]) -> frozenset[str]:
    combine = all if joined_by == "AND" else any
    return frozenset(key_of(record) for record in records if combine(_fits(term, record, fold) for term in terms))


def readings(records: Iterable[Record], terms: tuple[Term, ...], joined_by: str = "AND") -> tuple[frozenset[str], frozenset[str]]:
    """sourcedIds that a filter selects, read with exact case and without regard to case."""
    kept = list(records)
    return _select(kept, terms, joined_by, str), _select(kept, terms, joined_by, str.casefold)


def fits_a_reading(found: frozenset[str], allowed: tuple[frozenset[str], frozenset[str]]) -> bool:
    """Whether a result is one of the readings, or lies between them."""
    exact, folded = allowed
    low, high = exact & folded, exact | folded
    return low <= found <= high
