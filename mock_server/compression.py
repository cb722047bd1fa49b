"""Answers in gzip, for clients that accept it.

Called by the application for every answer. Never touches an answer that is small, coded already or no text.
"""

from __future__ import annotations

from functools import lru_cache

from flask import Flask, Response, request
from isal import igzip
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

LEVEL = 1
"""Of isal's levels 0 to 3: a fifth smaller than 0 at the same cost; 2 gains nothing, 3 costs four to eight times as much."""
SMALLEST_BYTES = 500
"""Below one network packet there is nothing to win."""
VARY = "Accept-Encoding"
_TEXTS = ("application/json", "application/xml", "application/problem+json", "application/yaml", "image/svg+xml")


@lru_cache(maxsize=64)
def accepts_gzip(accept_encoding: str) -> bool:
    """Whether an Accept-Encoding header lets an answer come in gzip (RFC 9110, section 12.5.3)."""
    asked: dict[str, float] = {name.lower(): quality for name, quality in parse_accept_header(accept_encoding, Accept)}
    gzip = asked.get("gzip", asked.get("x-gzip", asked.get("*", 0.0)))
    return gzip > 0 and gzip >= asked.get("identity", 0.0)


def is_worth_it(content_type: str, size: int) -> bool:
    """Whether an answer is a text of some size."""
    kind = content_type.partition(";")[0].strip().lower()
    return size >= SMALLEST_BYTES and (kind.startswith("text/") or kind in _TEXTS)


def coded(body: bytes) -> bytes:
    """A body in gzip; the same body gives the same bytes."""
    found: bytes = igzip.compress(body, LEVEL, mtime=0)
    return found


def compress(response: Response) -> Response:
    """Code the answer in gzip where the client accepts it; Vary tells caches that it depends on that."""
    if response.direct_passthrough or response.is_streamed or "Content-Encoding" in response.headers:
        return response
    body = response.get_data()
    if is_worth_it(response.headers.get("Content-Type", ""), len(body)):
        response.headers.add("Vary", VARY)
        if accepts_gzip(request.headers.get("Accept-Encoding", "")):
            response.set_data(coded(body))
            response.headers["Content-Encoding"] = "gzip"
    return response


def install(app: Flask) -> None:
    """Compress every answer of an application."""
    app.after_request(compress)
