"""Answers to reads: a page of a collection, or one object, as bytes.

Called by the application once a request has passed the gate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from mock_server.answers import bad_request, unknown_object
from mock_server.collections import parse, render
from mock_server.paging import link_header, links, read_query
from mock_server.provider import Provider
from mock_server.quirks.hooks import Page, Query, Quirk, acting
from mock_server.relations import require
from oneroster_standard.marks import absolute
from oneroster_standard.standard import SERVICES, Operation

JSON = "application/json"
Answer = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True, slots=True)
class Roots:
    """Where references of an answer point: the service root as it was called, and the service under it (1.2)."""

    called: str
    service: str

    def of(self, service: str) -> str:
        """The root of another service of the same version: 1.2's roots differ in one word."""
        if not self.service:
            return self.called
        head, _, tail = self.called.rpartition(f"/{self.service}/")
        return f"{head}/{service}/{tail}"


def _pick(raw: bytes, names: tuple[str, ...]) -> bytes:
    record = parse(raw)
    return render({name: record[name] for name in record if name in names})


def _records(
    provider: Provider, operation: Operation, rows: Any, query: Query, names: tuple[str, ...] | None
) -> bytes:
    collection = provider.rows(operation.payload_key)
    stop = query.offset + query.limit
    if names is None:
        if rows is None:
            return collection.slice_bytes(query.offset, stop)
        return collection.gather(rows[query.offset : stop])
    numbers = range(query.offset, min(stop, len(collection))) if rows is None else rows[query.offset : stop].tolist()
    return b",\n".join(_pick(collection.record_bytes(row), names) for row in numbers)


def read_collection(
    provider: Provider,
    operation: Operation,
    parameters: Mapping[str, str],
    pairs: list[tuple[str, str]],
    url: str,
    root: Roots,
    quirks: Sequence[Quirk],
) -> Answer:
    """A page of a collection.

    pairs: decoded query parameters in order. url: as called, without its query. root: service root for references.
    quirks: those that show under this root.
    """
    for quirk in acting(quirks, "parameters"):
        pairs = quirk.parameters(pairs, operation.payload_key)
    names = [name for name, _ in pairs]
    for name in ("limit", "offset", "sort", "orderBy", "filter", "fields"):
        if names.count(name) > 1:
            raise bad_request(f"{name} is given more than once")
    query = read_query(dict(pairs), provider.dialect.page_default)
    most = provider.vendor.page_max
    if most:
        query = replace(query, limit=min(query.limit, most))
    for quirk in acting(quirks, "query"):
        query = quirk.query(query, operation.payload_key, provider)
    chosen, warnings = provider.fields_of(operation, query.fields)
    rows, sort_warnings = provider.selection(operation, parameters, query)
    total = len(provider.rows(operation.payload_key)) if rows is None else len(rows)
    joined = _records(provider, operation, rows, query, chosen)
    page = Page(
        key=operation.payload_key, path=operation.path, records=(joined,) if joined else (), total=total, query=query,
        links=links(total, query.limit, query.offset), headers={"X-Total-Count": str(total)},
        extra={"statusInfoSet": [*sort_warnings, *warnings]} if sort_warnings or warnings else {},
    )  # fmt: skip
    for quirk in acting(quirks, "page"):
        page = quirk.page(page, provider)
    headers = {"Content-Type": JSON, **page.headers}
    link = link_header(url, pairs, page.links)
    if link:
        headers["Link"] = link
    extra = b"".join(
        b"," + orjson.dumps(name) + b":" + orjson.dumps(value) for name, value in page.extra.items()
    )
    parts = (
        b'{"',
        page.key.encode(),
        b'":[',
        absolute(b",\n".join(page.records), _roots(quirks, root)),
        b"]",
        extra,
        b"}",
    )
    return 200, headers, b"".join(parts)


def _roots(quirks: Sequence[Quirk], root: Roots) -> dict[str, str]:
    """Service -> where its references point."""
    found: dict[str, str] = {}
    for service in SERVICES:
        text = root.of(service)
        for quirk in acting(quirks, "root"):
            text = quirk.root(text)
        found[service] = text
    return found


def read_single(
    provider: Provider,
    operation: Operation,
    sourced_id: str,
    pairs: list[tuple[str, str]],
    root: Roots,
    quirks: Sequence[Quirk],
) -> Answer:
    """One object; Refusal 404 when it is not there or not of the view's type."""
    segment = operation.path.split("/")[1]
    collection = provider.standard.views.get(segment, (segment, "", ""))[0]
    fields = dict(pairs).get("fields")
    chosen, warnings = provider.fields_of(operation, fields)
    row = require(provider, segment, sourced_id)
    raw = provider.rows(collection).record_bytes(row)
    body = absolute(_pick(raw, chosen) if chosen is not None else raw, _roots(quirks, root))
    key = operation.payload_key
    for quirk in acting(quirks, "single"):
        key, body = quirk.single(key, body)
    extra = b',"statusInfoSet":' + orjson.dumps(warnings) if warnings else b""
    return 200, {"Content-Type": JSON}, b"".join((b'{"', key.encode(), b'":', body, extra, b"}"))


def empty_collection(operation: Operation) -> Answer:
    """An empty page, as a provider that hides a withheld resource sends it."""
    if operation.kind == "single":
        raise unknown_object("no such object")
    return 200, {"Content-Type": JSON, "X-Total-Count": "0"}, f'{{"{operation.payload_key}":[]}}'.encode()
