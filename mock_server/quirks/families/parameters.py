"""Quirks of query parameters: limits, orders and filters that are read in another way than written."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from mock_server.answers import Refusal, bad_request
from mock_server.quirks.families.filters_and_sorts import parsed
from mock_server.quirks.hooks import Quirk, quirk
from oneroster_standard.fields import METADATA_PREFIX, filterable

if TYPE_CHECKING:
    from mock_server.provider import Provider
    from mock_server.quirks.hooks import Query

Pairs = list[tuple[str, str]]
MOST = 1000
EVERYTHING = str(10**9)
SMALL_DEFAULT = "20"
_UNQUOTED = re.compile(r"([A-Za-z.]+)(!=|>=|<=|=|>|<|~)([^'\s]+)")


def _changed(pairs: Pairs, name: str, value: str) -> Pairs:
    return [(found, value if found == name else old) for found, old in pairs]


@quirk("paging.large-limit-refused")
class LargeLimitRefused(Quirk):
    """A limit above 1,000 is a 400 (D42)."""

    def parameters(self, pairs: Pairs, collection: str) -> Pairs:
        """Refuse a large limit."""
        limit = dict(pairs).get("limit", "")
        if limit.isdigit() and int(limit) > MOST:
            raise bad_request(f"limit may be {MOST} at most")
        return pairs


@quirk("paging.zero-limit-is-all")
class ZeroLimitIsAll(Quirk):
    """A limit of 0 or below gives everything (D42)."""

    def parameters(self, pairs: Pairs, collection: str) -> Pairs:
        """Read it as no limit at all."""
        return _changed(pairs, "limit", EVERYTHING) if dict(pairs).get("limit") in ("0", "-1") else pairs


@quirk("paging.default-small")
class DefaultSmall(Quirk):
    """Without a limit a page holds 20 records (D43)."""

    def parameters(self, pairs: Pairs, collection: str) -> Pairs:
        """Add the limit."""
        return pairs if "limit" in dict(pairs) else [*pairs, ("limit", SMALL_DEFAULT)]


@quirk("sort.bad-order-accepted")
class BadOrderAccepted(Quirk):
    """Any orderBy that is not desc means asc (D50)."""

    def parameters(self, pairs: Pairs, collection: str) -> Pairs:
        """Read it as asc."""
        return pairs if dict(pairs).get("orderBy") in ("asc", "desc") else _changed(pairs, "orderBy", "asc")


@quirk("filter.standard-field-fails")
class StandardFieldFails(Quirk):
    """A filter on grades is a 500 (D53)."""

    def query(self, query: Query, collection: str, provider: Provider) -> Query:
        """Fail on grades."""
        found = parsed(query)
        if found and any(one.field == "grades" for one in found.predicates):
            raise Refusal(500, "internal_server_error", "the filter cannot be carried out")
        return query


@quirk("filter.plus-is-literal")
class PlusIsLiteral(Quirk):
    """A plus sign in a query is a plus sign, not a blank (D54)."""

    def raw_query(self, query: str) -> str:
        """Escape it."""
        return query.replace("+", "%2B")


@quirk("filter.unquoted-accepted")
class UnquotedAccepted(Quirk):
    """A value without quotes is read as if it had them (D55)."""

    def parameters(self, pairs: Pairs, collection: str) -> Pairs:
        """Add the quotes."""
        found = _UNQUOTED.fullmatch(dict(pairs).get("filter", ""))
        return _changed(pairs, "filter", f"{found[1]}{found[2]}'{found[3]}'") if found else pairs


@quirk("filter.case-ignored")
class CaseIgnored(Quirk):
    """sourcedId is compared without regard to case (D55)."""

    def query(self, query: Query, collection: str, provider: Provider) -> Query:
        """Find the key that is meant."""
        found = parsed(query)
        if not found or len(found.predicates) != 1 or found.predicates[0].field != "sourcedId" or found.predicates[0].op != "=":
            return query
        wanted = found.predicates[0].value.casefold()
        keys = provider.columns(collection).column("sourcedId")
        own = next((keys[row] for row in range(len(keys)) if str(keys[row]).casefold() == wanted), None)
        return query if own is None else replace(query, filter=f"sourcedId='{own}'")


@quirk("filter.many-operators")
class ManyOperators(Quirk):
    """Any number of AND and OR, AND first (D56)."""

    def alternatives(self, text: str) -> list[list[str]] | None:
        """Groups of AND, joined by OR."""
        return [group.split(" AND ") for group in text.split(" OR ")]


@quirk("filter.unknown-field-ignored")
class UnknownFieldIgnored(Quirk):
    """A filter on a misspelt field is as good as none (D57)."""

    def query(self, query: Query, collection: str, provider: Provider) -> Query:
        """Forget the filter."""
        found = parsed(query)
        known = filterable(provider.standard, provider.standard.collection(collection).name)
        if found and any(one.field not in known and not one.field.startswith(METADATA_PREFIX) for one in found.predicates):
            return replace(query, filter=None)
        return query


def _dated(query: Query, collection: str, provider: Provider) -> list[str]:
    """Values that a filter compares with an instant."""
    found = parsed(query)
    known = filterable(provider.standard, provider.standard.collection(collection).name)
    return [one.value for one in found.predicates if one.field in known and known[one.field].kind == "dateTime"] if found else []


@quirk("filter.instant-refused")
class InstantRefused(Quirk):
    """dateLastModified is compared with a date; with an instant it is a 400 (D58)."""

    def query(self, query: Query, collection: str, provider: Provider) -> Query:
        """Refuse a time of day."""
        if any("T" in value for value in _dated(query, collection, provider)):
            raise bad_request("dateLastModified is compared with a date")
        return query


@quirk("filter.date-refused")
class DateRefused(Quirk):
    """dateLastModified is compared with an instant; with a bare date it is a 400 (D58)."""

    def query(self, query: Query, collection: str, provider: Provider) -> Query:
        """Refuse a bare date."""
        if any("T" not in value for value in _dated(query, collection, provider)):
            raise bad_request("dateLastModified is compared with an instant")
        return query


@quirk("fields.refused")
class FieldsRefused(Quirk):
    """A field selection is a 400 (D60)."""

    def parameters(self, pairs: Pairs, collection: str) -> Pairs:
        """Refuse fields."""
        if dict(pairs).get("fields"):
            raise bad_request("fields is not supported", "invalid_selection_field")
        return pairs
