"""Query parameters of a collection request, and the links between its pages.

Called by the application; the totals come from the provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from mock_server.answers import bad_request
from mock_server.quirks.hooks import Query

DEFAULT_LIMIT = 100
KNOWN = ("limit", "offset", "sort", "orderBy", "filter", "fields")
_LONGEST_NUMBER = 18


def _number(parameters: Mapping[str, str], name: str, default: int, least: int) -> int:
    text = parameters.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER) or int(text) < least:
        raise bad_request(f"{name} must be a whole number of at least {least}")
    return int(text)


def read_query(parameters: Mapping[str, str], default_limit: int = DEFAULT_LIMIT) -> Query:
    """Read the standard's parameters; others are ignored.

    Raises Refusal: 400 invalid data for limit, offset or orderBy, 400 for blank fields.
    """
    order = parameters.get("orderBy", "asc")
    if order not in ("asc", "desc"):
        raise bad_request("orderBy must be asc or desc")
    fields = parameters.get("fields")
    if fields is not None and not fields.strip(", "):
        raise bad_request("fields names no field", "invalid_blank_selection_field")
    return Query(
        limit=_number(parameters, "limit", default_limit, 1),
        offset=_number(parameters, "offset", 0, 0),
        sort=parameters.get("sort"),
        order=order,
        filter=parameters.get("filter"),
        fields=fields,
    )


def links(total: int, limit: int, offset: int) -> dict[str, tuple[int, int]]:
    """rel -> (limit, offset) of the pages around a page; the last page's limit is what is left."""
    found: dict[str, tuple[int, int]] = {}
    if total:
        found["first"] = (limit, 0)
    if offset > 0 and total:
        found["prev"] = (min(limit, offset), max(0, min(offset, total) - limit))
    if offset + limit < total:
        found["next"] = (limit, offset + limit)
    if total:
        last = (total - 1) // limit * limit
        found["last"] = (total - last, last)
    return found


def link_header(url: str, parameters: list[tuple[str, str]], found: Mapping[str, tuple[int, int]]) -> str:
    """The Link header (RFC 8288); every other parameter of the request is repeated, percent-encoded."""
    rest = [
        (name, value)
        for name, value in parameters
        if name not in ("limit", "offset") and not name.startswith("oauth_")
    ]
    kept = urlencode(rest, quote_via=quote) + "&" if rest else ""
    return ", ".join(
        f'<{url}?{kept}limit={limit}&offset={offset}>; rel="{rel}"' for rel, (limit, offset) in found.items()
    )
