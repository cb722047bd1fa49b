"""Checks of a provider's API, by subject; importing this package registers them."""

from conformance.api_checks import (
    auth,
    data,
    endpoints,
    envelopes,
    errors,
    expiry,
    filter_forms,
    filtering,
    freshness,
    gradebook,
    gradebook_model,
    json_text,
    links,
    page_links,
    paging,
    projection,
    references,
    related,
    relationships,
    rosters,
    schema,
    schools,
    sign_in_habits,
    sorting,
    tenancy,
    texts,
    version_1p2,
    views,
)

__all__ = [
    "auth", "data", "endpoints", "envelopes", "errors", "expiry", "filter_forms", "filtering", "freshness", "gradebook", "gradebook_model", "json_text", "links",
    "page_links", "paging", "projection", "references", "related", "relationships", "rosters", "schema", "schools", "sign_in_habits",
    "sorting", "tenancy", "texts", "version_1p2", "views",
]  # fmt: skip
