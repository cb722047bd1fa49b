"""The list of districts that a proxy's partner may read, and the direct server of one of them.

Called by the application for vendors whose file names such a list (ClassLink). The list holds the served district and
two made-up ones that cannot be read: one that was added but is switched off, and one whose tenant is not active.
"""

from __future__ import annotations

import hmac
from typing import Any
from urllib.parse import quote, unquote

import orjson
from flask import Request

from mock_server.answers import bad_request, unauthorized, unknown_object
from mock_server.mounts import host_belongs_to, host_of
from mock_server.reading import JSON, Answer
from mock_server.request_target import root_of
from mock_server.vendor import Vendor

DEFAULT_LIMIT = 100
STAND_IN_HOST = "district.rosterserver.example"
"""Names a direct server in answers to a request that was sent to one of the vendor's own host names."""


def is_applications(vendor: Vendor, path: str) -> bool:
    """Whether a path is the vendor's list of districts, or below it."""
    return any(path == known.value or path.startswith(f"{known.value}/") for known in vendor.dialect.applications)


def answer_applications(vendor: Vendor, found: Request, path: str) -> Answer:
    """The list, or the direct server of a district; Refusal 401 without the partner's key, 404 for any other id."""
    _check_partner(vendor, found)
    known = next(known.value for known in vendor.dialect.applications if path.startswith(known.value))
    rest = path.removeprefix(known).removeprefix("/")
    document = _list(vendor, found) if not rest else _server(vendor, found, rest)
    return 200, {"Content-Type": JSON}, orjson.dumps(document)


def _check_partner(vendor: Vendor, found: Request) -> None:
    scheme, _, key = found.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(key.encode(), vendor.credentials.partner.encode()):
        raise unauthorized("the partner's key is missing or wrong")


def _entries(vendor: Vendor) -> list[dict[str, Any]]:
    own = vendor.credentials
    base = int(own.key[:2].hex(), 16)
    shared = vendor.setting_against("orgs") is None
    rows = (
        (own.application, own.bearer, "the served district", shared, "active"),
        ("%2Foff%30000001%43", "not-shared", "a district that is switched off", False, "active"),
        ("%2Fgone%3000002%43", "not-shared", "a district whose tenant is not active", True, "inactive"),
    )
    return [
        {
            "id": 10_000 + base + place, "application_id": 60_000 + base + place, "tenant_id": 2_000 + place, "bearer": bearer,
            "tenant_name": name, "enabled": "true" if enabled else "false", "tenant_status": status,
            "oneroster_application_id": application, "name": "OneRoster", "version": "1.1",
        }
        for place, (application, bearer, name, enabled, status) in enumerate(rows)
    ]  # fmt: skip


def _number(found: Request, name: str, default: int) -> int:
    text = found.args.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise bad_request(f"{name} must be a whole number")
    return int(text)


def _list(vendor: Vendor, found: Request) -> dict[str, Any]:
    offset, limit = _number(found, "offset", 0), _number(found, "limit", DEFAULT_LIMIT)
    return {"status": 1, "applications": _entries(vendor)[offset : offset + limit]}


def _server(vendor: Vendor, found: Request, rest: str) -> dict[str, Any]:
    # The id comes decoded: its escaped slash has become one that cannot be told from a separator.
    own = vendor.credentials
    if rest != f"{quote(unquote(own.application))}/server":
        raise unknown_object("no such application")
    named = host_belongs_to(vendor.dialect, host_of(found.host))
    direct = next(root.value for root in vendor.dialect.roots if root.auth == ("oauth1",) and not root.needs_host)
    url = f"https://{STAND_IN_HOST}/ims/oneroster/v1p1" if named else root_of(found) + direct.format(app=own.app)
    return {"client_id": own.client_id, "client_secret": own.client_secret, "endpoint_url": url}
