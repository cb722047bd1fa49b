"""Credentials in the admin API: `GET` and `PUT {admin_url}/vendors/V/credentials`.

Called by the admin routes. A secret is in one answer only: that of the PUT which issues it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mock_server.auth.keyring import UnknownCredential
from oneroster_harness.problems import nearest
from oneroster_standard.scopes import expand

if TYPE_CHECKING:
    from mock_server.auth.credentials import Credentials
    from mock_server.vendor import Vendor

ACTIONS: Mapping[str, tuple[str, ...]] = {
    "issue": ("scopes", "expires_in_s"),
    "rotate": ("client_id", "overlap_s"),
    "expire": ("client_id", "in_s"),
    "revoke": ("client_id",),
    "narrow": ("client_id", "scopes"),
    "end-tokens": (),
    "other-district": (),
}
"""What can be done, and the keys that go with it."""
LONGEST_S = 10 * 366 * 86_400


class _Wrong(Exception):
    """The document cannot be carried out; the text says what was expected."""


def state(vendor: Vendor) -> dict[str, Any]:
    """Every credential of a vendor, without its secrets."""
    found = {"client_id": vendor.credentials.client_id, "credentials": vendor.keyring.document(), "actions": list(ACTIONS)}
    # The key of a proxy's partner has no place in the ready file, whose form is fixed.
    return {**found, "partner_key": vendor.credentials.partner} if vendor.dialect.applications else found


def change(vendor: Vendor, document: Any) -> tuple[dict[str, Any], int]:
    """Carry out {"action": ..., ...}; returns the JSON answer and its status."""
    try:
        issued = _carry_out(vendor, document)
    except _Wrong as problem:
        return {"error": str(problem), "actions": {name: list(keys) for name, keys in ACTIONS.items()}}, 400
    except UnknownCredential as problem:
        return {"error": str(problem), "client_ids": problem.names}, 404
    return {**state(vendor), **({"issued": _shown(vendor, issued)} if issued else {})}, 200


def _shown(vendor: Vendor, issued: Credentials) -> dict[str, Any]:
    bearer = issued.bearer if "bearer" in vendor.dialect.auth else None
    return {"client_id": issued.client_id, "client_secret": issued.client_secret, "bearer": bearer}


def _carry_out(vendor: Vendor, document: Any) -> Credentials | None:
    if not isinstance(document, dict) or document.get("action") not in ACTIONS:
        given = document.get("action") if isinstance(document, dict) else ""
        raise _Wrong(f"unknown action; {nearest(str(given)[:80], ACTIONS)}")
    action = str(document["action"])
    strange = sorted(set(document) - {"action", *ACTIONS[action]})
    if strange:
        raise _Wrong(f"{action} takes no {strange[0][:80]}")
    keyring, client_id = vendor.keyring, document.get("client_id")
    if client_id is not None and not isinstance(client_id, str):
        raise _Wrong("client_id is text")
    match action:
        case "issue":
            return keyring.issue(_scopes(vendor, document.get("scopes")), _seconds(document, "expires_in_s", None))
        case "rotate":
            overlap = _seconds(document, "overlap_s", 0.0) or 0.0
            for quirk in vendor.quirks:
                overlap = quirk.rotation(overlap)
            return keyring.rotate(client_id, overlap)
        case "expire":
            keyring.expire(client_id, _seconds(document, "in_s", 0.0) or 0.0)
        case "revoke":
            keyring.revoke(client_id)
        case "narrow":
            keyring.narrow(_scopes(vendor, document.get("scopes")), client_id)
        case "other-district":
            return keyring.neighbour.credentials
        case _:
            keyring.end_tokens()
    return None


def _seconds(document: Mapping[str, Any], name: str, default: float | None) -> float | None:
    value = document.get(name, default)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LONGEST_S:
        raise _Wrong(f"{name} is a number of seconds from 0 to {LONGEST_S}")
    return float(value)


def _scopes(vendor: Vendor, given: Any) -> Sequence[str] | None:
    """Whole scope names; None for all of the vendor's. A short name stands for every version that has it."""
    if given is None:
        return None
    if not isinstance(given, list) or not all(isinstance(scope, str) for scope in given):
        raise _Wrong("scopes is a list of names, or null for all")
    found = []
    for scope in given:
        fitting = [one for one in vendor.scopes if one in (scope, *(expand(scope, spec) for spec in vendor.dialect.specs))]
        if not fitting:
            raise _Wrong(f"unknown scope; {nearest(scope[:120], vendor.scopes)}")
        found += fitting
    return found
