"""All families of quirks; importing this package registers them."""

from mock_server.quirks.families import (
    envelopes,
    errors,
    extra_paths,
    filters_and_sorts,
    paging,
    people_and_classes,
    references,
    tokens,
    values,
)

__all__ = [
    "envelopes",
    "errors",
    "extra_paths",
    "filters_and_sorts",
    "paging",
    "people_and_classes",
    "references",
    "tokens",
    "values",
]
