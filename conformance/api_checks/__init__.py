"""Checks of a provider's API, by subject; importing this package registers them."""

from conformance.api_checks import (
    auth,
    data,
    endpoints,
    envelopes,
    errors,
    filtering,
    gradebook,
    paging,
    projection,
    references,
    relationships,
    schema,
    sorting,
    views,
)

__all__ = [
    "auth", "data", "endpoints", "envelopes", "errors", "filtering", "gradebook", "paging", "projection", "references",
    "relationships", "schema", "sorting", "views",
]  # fmt: skip
