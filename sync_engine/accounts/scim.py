"""Accounts as SCIM 2.0: bulk requests for an application, and the answers that it gives.

Called by `sync accounts`. What is not confirmed is sent as a new account, what is confirmed as a change; an account that lost
its reason is switched off. Source: RFC 7643 section 4, RFC 7644 section 3.7.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oneroster_harness.problems import CannotRun, UsageProblem
from sync_engine.accounts.deciding import Account
from sync_engine.accounts.ledger import Confirmed

BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
ANSWER = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
OFF = "off"
_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Change:
    """One operation. kind: create, update or deactivate."""

    kind: str
    user: str
    operation: Mapping[str, Any]


def user_resource(account: Account, tenant: str) -> dict[str, Any]:
    """One account as a SCIM user; it has no password and never had one."""
    person = account.person
    names = {"givenName": person.given_name, "familyName": person.family_name}
    found: dict[str, Any] = {
        "schemas": [USER, ENTERPRISE], "externalId": person.id, "userName": account.subject,
        "name": {name: text for name, text in names.items() if text},
        "displayName": " ".join(text for text in names.values() if text), "userType": account.role, "active": True,
        "roles": [{"value": role, "primary": role == account.role} for role in account.roles],
        "entitlements": [
            {"value": account.provider, "type": "identityProvider"},
            *({"value": org, "type": "org"} for org in account.orgs),
        ],
        ENTERPRISE: {"organization": tenant},
    }  # fmt: skip
    if person.email:
        found["emails"] = [{"value": person.email, "type": "work", "primary": True}]
    return {name: value for name, value in found.items() if value not in ("", {})}


def content(account: Account, tenant: str) -> str:
    """A digest of what an application is told of an account."""
    told = json.dumps(user_resource(account, tenant), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()[:_DIGITS]


def sign_of(user: str) -> str:
    """A person in a bulkId: redacted, since services log it."""
    return hashlib.sha256(user.encode()).hexdigest()[:_DIGITS]


def changes(accounts: Sequence[Account], known: Mapping[str, Confirmed], tenant: str) -> Iterator[Change]:
    """What separates the confirmed accounts from those of today.

    Switching off comes first, then changes, then new accounts, each in order of the users, so that a name is free before
    somebody else gets it.
    """
    active = {account.person.id for account in accounts if account.active}
    for user, one in known.items():
        if user not in active and one.active == "true":
            yield Change("deactivate", user, _off(user, one))
    new: list[Change] = []
    for account in accounts:
        if not account.active:
            continue
        user, digest = account.person.id, content(account, tenant)
        confirmed = known.get(user)
        if confirmed is None:
            new.append(Change("create", user, _operation("POST", "/Users", user, digest, account, tenant)))
        elif confirmed.content != digest or confirmed.active != "true":
            path = f"/Users/{confirmed.scim_id}"
            yield Change("update", user, _operation("PUT", path, user, digest, account, tenant))
    yield from new


def _operation(
    method: str, path: str, user: str, digest: str, account: Account, tenant: str
) -> dict[str, Any]:
    return {
        "method": method, "path": path, "bulkId": f"{sign_of(user)}.{digest}", "data": user_resource(account, tenant)
    }  # fmt: skip


def _off(user: str, one: Confirmed) -> dict[str, Any]:
    data = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": False}]}
    return {
        "method": "PATCH",
        "path": f"/Users/{one.scim_id}",
        "bulkId": f"{sign_of(user)}.{OFF}",
        "data": data,
    }


def requests(found: Sequence[Change], at_most: int | None) -> list[dict[str, Any]]:
    """Bulk requests with at most so many operations each; none when nothing changed, since an empty one is not valid."""
    size = at_most or max(len(found), 1)
    parts = [found[start : start + size] for start in range(0, len(found), size)]
    return [{"schemas": [BULK], "Operations": [dict(change.operation) for change in part]} for part in parts]


def read_answer(path: Path) -> list[Mapping[str, Any]]:
    """Operations of a service's bulk response.

    Raises UsageProblem for a file that is none, CannotRun for one that cannot be read.
    """
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise CannotRun(f"the answer cannot be read: {error.strerror}", "a JSON file", str(path)) from error
    except ValueError as error:
        raise UsageProblem("the answer is not JSON", "a SCIM bulk response", str(path)) from error
    listed = document.get("Operations") if isinstance(document, dict) else None
    if not isinstance(listed, list) or ANSWER not in document.get("schemas", ()):
        raise UsageProblem("the file is no SCIM bulk response", ANSWER, str(path))
    return [one for one in listed if isinstance(one, dict)]


def confirmations(
    answer: Sequence[Mapping[str, Any]],
    accounts: Sequence[Account],
    known: Mapping[str, Confirmed],
    tenant: str,
    at: str,
) -> tuple[list[Confirmed], int]:
    """What an answer confirms, and how many of its operations failed or speak of nobody here."""
    users = {sign_of(account.person.id): account for account in accounts}
    found: list[Confirmed] = []
    failed = 0
    for one in answer:
        sign, _, digest = str(one.get("bulkId") or "").partition(".")
        account = users.get(sign)
        scim_id = str(one.get("location") or "").rstrip("/").rpartition("/")[2]
        if account is None or not scim_id or not str(one.get("status")).startswith("2"):
            failed += 1
            continue
        user = account.person.id
        if digest == OFF:
            before = known.get(user)
            told = ("", "", "") if before is None else (before.provider, before.subject, before.content)
            found.append(Confirmed(tenant, user, scim_id, *told, "false", at))
        else:
            found.append(
                Confirmed(tenant, user, scim_id, account.provider, account.subject, digest, "true", at)
            )
    return found, failed
