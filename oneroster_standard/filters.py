"""The filter expressions of OneRoster: text to tree and back.

Called by the mock to read a request and by the suite to write one. A grammar only: what a predicate selects
is decided by each side for itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

OPERATORS = ("!=", ">=", "<=", "=", ">", "<", "~")
_FIELD = re.compile(r"[A-Za-z_][\w.:@\-]*", re.ASCII)
_JOIN = re.compile(r" (AND|OR) ")


class FilterSyntaxError(ValueError):
    """A filter that the grammar does not hold: where it broke and what was expected there."""

    def __init__(self, position: int, expected: str) -> None:
        super().__init__(f"character {position + 1}: expected {expected}")
        self.position = position
        self.expected = expected


@dataclass(frozen=True, slots=True)
class Predicate:
    """field op 'value'; field may be dotted, value is the text between the quotes."""

    field: str
    op: str
    value: str


@dataclass(frozen=True, slots=True)
class Filter:
    """One predicate, or two joined by AND or OR."""

    predicates: tuple[Predicate, ...]
    operator: Literal["AND", "OR"] | None = None


def _predicate(text: str, start: int) -> tuple[Predicate, int]:
    field = _FIELD.match(text, start)
    if not field:
        raise FilterSyntaxError(start, "a field name")
    at = field.end()
    op = next((found for found in OPERATORS if text.startswith(found, at)), None)
    if op is None:
        raise FilterSyntaxError(at, "one of " + " ".join(OPERATORS))
    at += len(op)
    if not text.startswith("'", at):
        raise FilterSyntaxError(at, "a value in single quotes")
    at += 1
    pieces: list[str] = []
    while True:
        end = text.find("'", at)
        if end < 0:
            raise FilterSyntaxError(len(text), "the closing quote")
        pieces.append(text[at:end])
        if text.startswith("''", end):
            pieces.append("'")
            at = end + 2
            continue
        return Predicate(field.group(), op, "".join(pieces)), end + 1


def parse(text: str) -> Filter:
    """Read a filter expression (already percent-decoded).

    A quote inside a value is doubled. Raises FilterSyntaxError; a third predicate is one.
    Source: REST binding 1.1, filtering; the doubled quote is UNCONFIRMED.
    """
    first, at = _predicate(text, 0)
    if at == len(text):
        return Filter((first,))
    join = _JOIN.match(text, at)
    if not join:
        raise FilterSyntaxError(at, "the end, or AND or OR between single blanks")
    second, at = _predicate(text, join.end())
    if at != len(text):
        raise FilterSyntaxError(at, "the end (two predicates at most)")
    return Filter((first, second), "AND" if join.group(1) == "AND" else "OR")


def _render_predicate(predicate: Predicate) -> str:
    quoted = predicate.value.replace("'", "''")
    return f"{predicate.field}{predicate.op}'{quoted}'"


def render(expression: Filter) -> str:
    """Write a filter expression (not percent-encoded); parse(render(f)) == f."""
    return f" {expression.operator} ".join(
        map(_render_predicate, expression.predicates)
    )
