"""Requests of a diagnosis as they may be kept: method, template of the path, status, time, shape of the answer; no value.

Fills the support bundle.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from conformance.probe import Exchange, NotJson, Probe
from oneroster_standard.standard import load

SHOWN_HEADERS = ("content-type", "content-length", "date", "retry-after", "server", "x-total-count", "content-encoding", "cache-control")
"""Headers whose value is told; of any other one only that it is there."""
SHOWN_PARAMETERS = ("limit", "offset", "sort", "orderBy", "fields")
_DEEPEST = 5


class Recorder(Probe):
    """A probe that notes what it sent."""

    def __init__(self, root: str, **more: Any) -> None:
        super().__init__(root, **more)
        self.entries: list[dict[str, Any]] = []

    def send(self, method: str, url: str, **more: Any) -> Exchange:
        """Send as the probe does, and note it."""
        started = time.perf_counter()
        answer = super().send(method, url, **more)
        self.entries.append(entry_of(answer, time.perf_counter() - started))
        return answer


def entry_of(answer: Exchange, elapsed_s: float) -> dict[str, Any]:
    """One exchange as it may be kept."""
    return {
        "method": answer.method, "path": template_of(answer.path), "status": answer.status, "elapsed_s": round(elapsed_s, 3),
        "bytes": len(answer.body), "headers": shown_headers(answer.headers), "body": shape_of_body(answer),
    }  # fmt: skip


def template_of(path: str) -> str:
    """A path without ids and without the values of its query; what the standard does not have is `...`."""
    parts = urlsplit(path)
    words = _words()
    shown = [step if step in words or not step else "..." for step in parts.path.split("/")]
    query = "&".join(
        f"{name}={value if name in SHOWN_PARAMETERS else '...'}" if name in (*SHOWN_PARAMETERS, "filter") else "..."
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    )
    return "/".join(shown) + (f"?{query}" if query else "")


def shown_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Header names, and the values of those that hold nothing of anybody."""
    return {name: value if name.lower() in SHOWN_HEADERS else "..." for name, value in sorted(headers.items())}


def shape_of_body(answer: Exchange) -> Any:
    """The shape of a body: names of the standard, kinds of values, lengths of lists; how a body that is no JSON looks."""
    if answer.is_html:
        return "a web page"
    try:
        return shape_of(answer.json)
    except NotJson:
        return f"{len(answer.body)} bytes that are no JSON"


def shape_of(value: Any, depth: int = 0) -> Any:
    """The shape of a JSON value."""
    if isinstance(value, dict):
        if depth >= _DEEPEST:
            return "an object"
        words = _words()
        return {name if name in words else "...": shape_of(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list):
        return [f"{len(value)} items", *([shape_of(value[0], depth + 1)] if value and depth < _DEEPEST else [])]
    return {bool: "true or false", int: "a number", float: "a number", type(None): "null"}.get(type(value), "a text")


@cache
def _words() -> frozenset[str]:
    """Every name that the standard or a token endpoint has."""
    found: set[str] = {
        "access_token", "token_type", "expires_in", "scope", "error", "error_description", "statusInfoSet", "imsx_codeMajor", "imsx_severity",
        "imsx_codeMinor", "imsx_description", "imsx_codeMinorField", "imsx_codeMinorFieldName", "imsx_codeMinorFieldValue", "metadata", "href",
        "sourcedId", "type", "token", "oauth", "oauth2", "ims", "oneroster", "v1p1", "v1p2", "rostering", "ws", "campus", "api",
    }  # fmt: skip
    for version in ("1.1", "1.2"):
        standard = load(version)
        for name, collection in standard.collections.items():
            found |= {name, collection.single or ""}
        found |= set(standard.views)
        found |= {item for one in standard.classes.values() for item in one.property_names}
    return frozenset(found)
