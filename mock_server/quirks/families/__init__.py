"""All families of quirks; importing this package registers them."""

from mock_server.quirks.families import (
    classes_and_seats,
    envelopes,
    errors,
    extra_paths,
    filters_and_sorts,
    identities,
    odd_values,
    orgs_and_sessions,
    paging,
    people,
    people_and_classes,
    references,
    tokens,
    values,
)

__all__ = [
    "classes_and_seats",
    "envelopes",
    "errors",
    "extra_paths",
    "filters_and_sorts",
    "identities",
    "odd_values",
    "orgs_and_sessions",
    "paging",
    "people",
    "people_and_classes",
    "references",
    "tokens",
    "values",
]
