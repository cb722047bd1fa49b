"""Carrying out a filter: which rows of a collection it selects.

Called by the provider, which keeps the answer. The judging side has its own reading of the same text.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mock_server.answers import bad_request
from mock_server.collections import Numbers
from mock_server.columns import Column, Columns, Mask, Value
from mock_server.moments import NEVER, microseconds, moments_of
from mock_server.texts import all_text, folded
from oneroster_standard.fields import METADATA_PREFIX, filterable
from oneroster_standard.filters import Filter, FilterSyntaxError, Predicate, parse
from oneroster_standard.moments import parse_instant
from oneroster_standard.standard import Property, Standard

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_FREE_TEXT = Property("metadata", "string", "0..1", "confirmed")
Test = Callable[[Value], bool]
Many = Callable[[list[Value]], Sequence[bool]]


def read_filter(standard: Standard, class_name: str, text: str) -> Filter:
    """Parse a filter and check its fields.

    Raises Refusal: 400 invalid data for a bad expression, 400 invalid_filter_field for an unknown field.
    """
    try:
        found = parse(text)
    except FilterSyntaxError as error:
        raise bad_request(f"filter, {error}") from error
    known = filterable(standard, class_name)
    for predicate in found.predicates:
        if predicate.field not in known and not predicate.field.startswith(METADATA_PREFIX):
            raise bad_request(f"filter names the unknown field {predicate.field}", "invalid_filter_field")
    return found


def _typed(item: Property, text: str) -> Any:
    try:
        if item.kind in ("date", "dateTime"):
            return parse_instant(text)
        if item.kind == "float":
            return float(text)
    except ValueError as error:
        raise bad_request(f"filter compares {item.name} with a value of another type") from error
    return text


def _scalar_test(item: Property, predicate: Predicate) -> Test:
    wanted = predicate.value
    fold: Callable[[str], str] = str.casefold if _folds(item) else str
    if predicate.op == "~":
        part = fold(wanted)
        return lambda value: value is not None and part in fold(_text(value))
    if predicate.op in ("=", "!="):
        if item.kind in ("date", "dateTime", "float"):
            typed = _typed(item, wanted)
            return lambda value: value is not None and _typed_or_none(item, value) == typed
        same = fold(wanted)
        return lambda value: value is not None and fold(_text(value)) == same
    # Folded like =, so that exactly one of <, = and > holds for any two texts.
    compare, bound = _ORDER[predicate.op], _folded(fold, _typed(item, wanted))

    def holds(value: Value) -> bool:
        typed_value = _folded(fold, _typed_or_none(item, value))
        return typed_value is not None and compare(typed_value, bound)

    return holds


def _folded(fold: Callable[[str], str], value: Any) -> Any:
    return fold(value) if isinstance(value, str) else value


def _typed_or_none(item: Property, value: Value) -> Any:
    if value is None:
        return None
    if item.kind == "float":
        return value if isinstance(value, float | int) else None
    if item.kind in ("date", "dateTime"):
        try:
            return parse_instant(str(value))
        except ValueError:
            return None
    return _text(value)


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _list_test(item: Property, predicate: Predicate) -> Test:
    if "." in item.name:  # a list of references or objects: any element that fits
        one = _scalar_test(
            item, Predicate(predicate.field, "=" if predicate.op == "!=" else predicate.op, predicate.value)
        )
        return lambda value: any(one(element) for element in value) if isinstance(value, list) else False
    fold: Callable[[str], str] = str.casefold if item.kind == "string" else str
    wanted = {fold(part) for part in predicate.value.split(",")}

    def elements(value: Value) -> set[str]:
        return {fold(_text(element)) for element in value} if isinstance(value, list) else set()

    if predicate.op == "~":
        return lambda value: bool(wanted & elements(value))
    if predicate.op in ("=", "!="):
        return lambda value: wanted <= elements(value)
    compare = _ORDER[predicate.op]
    return lambda value: (
        any(compare(element, predicate.value) for element in value) if isinstance(value, list) else False
    )


def _folds(item: Property) -> bool:
    return item.kind in ("string", "metadata", "uri")


def _many(item: Property, predicate: Predicate) -> Many:
    """A test of many values at once: texts in bulk, anything else one by one."""
    test = _list_test(item, predicate) if item.is_list else _scalar_test(item, predicate)
    if item.is_list or item.kind == "float":
        return lambda values: [test(value) for value in values]
    op, fold = predicate.op, _folds(item)
    bound = predicate.value.casefold() if fold else predicate.value

    def many(values: list[Value]) -> Sequence[bool]:
        if None in values:  # selected by no operator
            found = iter(many([value for value in values if value is not None]))
            return [value is not None and next(found) for value in values]
        texts = folded(values) if fold else values if all_text(values) else None
        if texts is None:
            return [test(value) for value in values]
        if op == "~":
            return [bound in text for text in texts]
        if op in ("=", "!="):
            return [text == bound for text in texts]
        return list(map(_ORDER[op], texts, itertools.repeat(bound)))

    return many


def _of_moments(column: Column, item: Property, predicate: Predicate) -> Mask:
    moments, bound = column.kept("moments", moments_of), microseconds(_typed(item, predicate.value))
    compare = operator.eq if predicate.op in ("=", "!=") else _ORDER[predicate.op]
    return column.spread(np.asarray(compare(moments, bound) & (moments != NEVER)))


def _selects(standard: Standard, class_name: str, columns: Columns, predicate: Predicate) -> Mask:
    item = filterable(standard, class_name).get(predicate.field, _FREE_TEXT)
    column = columns.column(predicate.field)
    if item.kind in ("date", "dateTime") and not item.is_list and predicate.op != "~":
        found = _of_moments(column, item, predicate)
    else:
        found = column.mask(_many(item, predicate))
    # != is the complement of =, also where the field is absent.
    return ~found if predicate.op == "!=" else found


def select(
    standard: Standard, class_name: str, columns: Columns, expression: Filter, rows: Numbers | None
) -> Numbers:
    """Rows that a filter selects, in order; rows None means all."""
    masks = [_selects(standard, class_name, columns, predicate) for predicate in expression.predicates]
    if len(masks) == 1:
        mask = masks[0]
    else:
        mask = masks[0] & masks[1] if expression.operator == "AND" else masks[0] | masks[1]
    return np.flatnonzero(mask).astype(np.int32) if rows is None else rows[mask[rows]]
