"""Quirks of filter, sort and fields."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mock_server.answers import bad_request
from mock_server.quirks.hooks import Query, Quirk, quirk
from oneroster_standard.filters import Filter, FilterSyntaxError, Predicate, parse, render

if TYPE_CHECKING:
    from mock_server.provider import Provider


def parsed(query: Query) -> Filter | None:
    """The filter of a request; None without one, and for one that cannot be read."""
    if query.filter is None:
        return None
    try:
        return parse(query.filter)
    except FilterSyntaxError:
        return None


@quirk("sort.ignored")
class SortIgnored(Quirk):
    """sort has no effect and no warning (D49)."""

    def query(self, query: Query, collection: str, provider: Provider) -> Query:
        """Forget the sort."""
        return replace(query, sort=None, order="asc")


@quirk("filter.ignored")
class FilterIgnored(Quirk):
    """filter has no effect (D52)."""

    def query(self, query: Query, collection: str, provider: Provider) -> Query:
        """Forget the filter."""
        return replace(query, filter=None)


@quirk("filter.greater-means-at-least")
class GreaterMeansAtLeast(Quirk):
    """> also lets equal values pass (D59)."""

    def query(self, query: Query, collection: str, provider: Provider) -> Query:
        """Read > as >=."""
        found = parsed(query)
        if found is None:
            return query
        changed = tuple(
            Predicate(one.field, ">=" if one.op == ">" else one.op, one.value) for one in found.predicates
        )
        return replace(query, filter=render(Filter(changed, found.operator)))


@quirk("filter.one-value-wrong")
class OneValueWrong(Quirk):
    """The one value that the collection's middle record has gives nothing, for any field filtered with =."""

    def query(self, query: Query, collection: str, provider: Provider) -> Query:
        """Make the predicate unsatisfiable."""
        found = parsed(query)
        if found is None or len(found.predicates) != 1 or found.predicates[0].op != "=":
            return query
        predicate = found.predicates[0]
        values = provider.columns(collection).column(predicate.field)
        middle = values[len(values) // 2] if len(values) else None
        wrong = (
            middle if isinstance(middle, str) else middle[0] if isinstance(middle, list) and middle else None
        )
        if predicate.field == "sourcedId" or predicate.value != wrong:
            return query
        return replace(query, filter="sourcedId='no such record'")


@quirk("filter.rejected")
class FilterRejected(Quirk):
    """A filter on grades is refused (D53)."""

    def query(self, query: Query, collection: str, provider: Provider) -> Query:
        """Refuse grades."""
        found = parsed(query)
        if found and any(one.field == "grades" for one in found.predicates):
            raise bad_request("filtering by grades is not supported", "invalid_filter_field")
        return query


@quirk("fields.ignored")
class FieldsIgnored(Quirk):
    """fields has no effect (D60)."""

    def query(self, query: Query, collection: str, provider: Provider) -> Query:
        """Forget the fields."""
        return replace(query, fields=None)
