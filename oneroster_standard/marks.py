"""Marks: bytes of a rendered record that stand for the root of a service, and how they become addresses.

Called by the generator, which writes them, and by the server, which makes a page absolute. A control character never
occurs in JSON, so one replacement per mark is exact. In 1.1 all services share one root and only ROOT occurs; in 1.2
a reference bears the mark of the service that owns its target, whatever service the record itself belongs to.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson

from oneroster_standard.standard import load

ROOT = b"\x01"
MARKS = {"rostering": ROOT, "gradebook": b"\x02", "resources": b"\x03"}
"""Service -> its mark; ROOT is the rostering service of 1.2, and every service of 1.1."""
_ESCAPES = {mark: orjson.dumps(mark.decode())[1:-1] for mark in MARKS.values()}
_HREF = b'"href":"'
Root = str | bytes


def absolute(page: bytes, roots: Mapping[str, Root]) -> bytes:
    """Put addresses in place of the marks of a page or a record.

    roots: service -> its root, without a slash at the end. 1.1 has one root for all; naming it as rostering is enough.
    Raises KeyError when the page refers to a service that roots does not name.
    """
    for service, mark in MARKS.items():
        if mark in page:
            root = roots[service]
            page = page.replace(mark, root.encode() if isinstance(root, str) else root)
    return page


def escaped(page: bytes) -> bytes:
    """A page or a record as JSON that any reader takes: each mark as an escape at the head of its href."""
    for mark, escape in _ESCAPES.items():
        if mark in page:
            page = page.replace(mark, escape)
    return page


def parse(record: bytes) -> dict[str, Any]:
    """A rendered record as a dictionary; the marks stay at the head of its hrefs."""
    found: dict[str, Any] = orjson.loads(escaped(record))
    return found


def parse_all(page: bytes) -> list[dict[str, Any]]:
    """Rendered records that stand one after the other, each followed by a comma, as dictionaries."""
    found: list[dict[str, Any]] = orjson.loads(b"[" + escaped(page).rstrip(b",\n") + b"]")
    return found


def render(record: Mapping[str, Any]) -> bytes:
    """A dictionary as a rendered record: compact JSON with its marks as bytes.

    Only an href at whose head a mark stands gets one: the same character in a text, or its escape, stays JSON.
    """
    raw = orjson.dumps(record)
    for mark, escape in _ESCAPES.items():
        if escape in raw:
            raw = raw.replace(_HREF + escape + b"/", _HREF + mark + b"/")
    return raw


@cache
def head(version: str, class_name: str) -> str:
    """What an href to an object of a class begins with: the mark, the collection, a slash at the end."""
    found = load(version).classes[class_name]
    mark = ROOT if version == "1.1" else MARKS[found.service]
    return f"{mark.decode()}/{found.collection}/"


def refer(version: str, class_name: str, sourced_id: str) -> dict[str, str]:
    """A reference to one object as a record of that version holds it; class_name is also the guidType token."""
    return {
        "href": f"{head(version, class_name)}{sourced_id}",
        "sourcedId": sourced_id,
        "type": class_name,
    }
