"""Requests under a service root: which operation a path means, and carrying it out through the vendor's quirks.

Called by the application; knows the standard's operations and a provider, nothing of hosts or of other vendors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import cast

import orjson
from flask import Request

from mock_server import writes
from mock_server.answers import Refusal, forbidden, unauthorized, unknown_object
from mock_server.auth.gate import Laxity, parameters_of
from mock_server.auth.tokens import Signed
from mock_server.discovery import describe, is_discovery
from mock_server.faults import injection
from mock_server.journal import OTHER
from mock_server.provider import EXTRA_VIEWS, Provider
from mock_server.quirks.hooks import ApiRequest, ErrorAnswer, Quirk, WholeAnswer, acting
from mock_server.reading import JSON, Answer, Roots, empty_collection, read_collection, read_single
from mock_server.request_target import decoded, root_of, spellings
from oneroster_standard.dialects import ServiceRoot
from oneroster_standard.discovery import FOLDER
from oneroster_standard.oauth1 import HttpMethod, is_signed
from oneroster_standard.scopes import IMPLIED, PREFIXES, expand, short
from oneroster_standard.standard import Operation

EMPTY_WHEN_WITHHELD = "permission.forbidden-as-empty"


@dataclass(frozen=True, slots=True)
class Target:
    """What a method and a path mean: an operation with the ids of its path, still encoded.

    operation: None when there is none; template: its path, or as much of it as the standard has.
    """

    operation: Operation | None
    template: str
    ids: Mapping[str, str]
    other_methods: bool = False


def _match(operations: Sequence[Operation], method: str, path: str) -> Target:
    parts = path.strip("/").split("/")
    template = ""
    for operation in operations:
        wanted = operation.path.strip("/").split("/")
        if len(wanted) != len(parts):
            continue
        if all(own.startswith("{") or own == part for own, part in zip(wanted, parts, strict=True)):
            template = operation.path
            if operation.method == method:
                pairs = zip(wanted, parts, strict=True)
                return Target(operation, template, {own[1:-1]: part for own, part in pairs if own.startswith("{")})
    # The journal shows collections and views only: any other text of a path could be a person's.
    first = parts[0] if any(found.path.split("/")[1] == parts[0] for found in operations) else OTHER
    return Target(None, template or f"/{first}" + "/..." * (len(parts) > 1), {}, other_methods=bool(template))


def _check_scope(operation: Operation, granted: tuple[str, ...], spec: str) -> None:
    if not _opens(operation.scopes, granted, spec):
        raise forbidden(f"the token lacks the scope {operation.scopes[0]}", "insufficient_scope")


@lru_cache(maxsize=1024)
def _opens(scopes: tuple[str, ...], granted: tuple[str, ...], spec: str) -> bool:
    open_to = {expand(scope, spec) for scope in scopes}
    held = set(granted) | {
        expand(more, spec)
        for scope in granted
        if scope.startswith(PREFIXES[spec])
        for more in IMPLIED.get(short(scope), ())
    }
    return bool(open_to & held)


def error_answer(provider: Provider | None, refusal: Refusal, spec: str = "1.1") -> Answer:
    """A refusal as it goes out, through the quirks of a provider; spec: its form where no provider is known."""
    payload = refusal.payload(provider.spec if provider else spec)
    error = ErrorAnswer(refusal.status, payload, {"Content-Type": JSON, **refusal.headers})
    for quirk in provider.quirks if provider else ():
        error = quirk.error(error)
    body = error.body if error.body is not None else orjson.dumps(dict(error.payload))
    return error.status, dict(error.headers), body


class Endpoint:
    """Answers requests under a service root of one provider; a root may serve one service, or all of a version's."""

    def __init__(self, provider: Provider, root: ServiceRoot) -> None:
        self.provider = provider
        self.root = root
        services = (root.service,) if root.service else provider.services
        self.operations = [found for found in provider.standard.operations if found.service in services]
        self._matched = lru_cache(maxsize=1024)(partial(_match, self.operations))

    @property
    def quirks(self) -> Sequence[Quirk]:
        """Quirks that show under this root."""
        vendor = self.provider.vendor
        return [quirk for quirk in vendor.quirks if quirk.id not in self.root.without] if self.root.without else vendor.quirks

    def answer(self, found: Request, root_path: str, rest: str, target: Target, struck: injection.Struck = ()) -> Answer:
        """Carry out a request, through the quirks that see it whole, and the faults that strike it."""
        asked = ApiRequest(found.method, rest, found.headers, found.query_string.decode("latin-1"))
        quirks = (*self.quirks, *struck) if struck else self.quirks
        now = injection.clock(struck, self.provider.vendor.now())
        try:
            early = next((given for given in (quirk.admit(asked) for quirk in acting(quirks, "admit")) if given is not None), None)
            status, headers, body = (
                (early.status, dict(early.headers), early.body)
                if early
                else self._carried_out(found, root_path, rest, target, quirks, now)
            )
        except Refusal as refusal:
            status, headers, body = error_answer(self.provider, refusal)
        answer = WholeAnswer(status, headers, body)
        for quirk in acting(quirks, "answer"):
            answer = quirk.answer(asked, answer)
        return answer.status, dict(answer.headers), answer.body

    def _signed_in(self, found: Request, query: str, urls: Sequence[str], now: float) -> Signed:
        authorization = found.headers.get("Authorization")
        for quirk in acting(self.quirks, "authorization"):
            authorization = quirk.authorization(authorization or "", query) or None
        mechanism = "oauth1" if is_signed(authorization, query) else "bearer"
        if self.root.auth and mechanism not in self.root.auth:
            raise unauthorized(f"only {' and '.join(self.root.auth)} is accepted under this root")
        vendor = self.provider.vendor
        if any(quirk.accepts_static_bearer for quirk in self.quirks):
            pair = vendor.keyring.bearer((authorization or "").partition(" ")[2])
            if pair is not None:
                return Signed(pair.credentials.client_id, vendor.keyring.scopes_of(pair))
        signed = [f"{url}?{query}" if query else url for url in urls]
        if any(quirk.passes_added_parameters for quirk in self.quirks) and "&" in query:
            signed += [f"{url}?{query.rpartition('&')[0]}" for url in urls]
        return vendor.gate.admit(
            cast(HttpMethod, found.method), signed, query, authorization,
            self.provider.spec, now,
            Laxity(
                other_districts=any(quirk.accepts_other_districts for quirk in self.quirks),
                expired=any(quirk.accepts_expired_tokens for quirk in self.quirks),
            ),
        )  # fmt: skip

    def _carried_out(
        self, found: Request, root_path: str, rest: str, target: Target, quirks: Sequence[Quirk], now: float
    ) -> Answer:
        provider, vendor = self.provider, self.provider.vendor
        if is_discovery(self.root.service, rest):
            host = root_of(found)
            return describe(provider, self.root.service, found.method, rest, host=host, root=host + root_path)
        query, host = found.query_string.decode("latin-1"), root_of(found)
        urls = [host + path for path in spellings(found)]
        signed = self._signed_in(found, query, urls, now)
        vendor.limiter.check(vendor.limits, signed.client_id)
        operation = target.operation
        if operation is None:
            # A service that is off as a whole has no paths to tell apart.
            vendor.check_open("")
            if target.other_methods:
                raise Refusal(
                    405, "invalid data", f"{found.method} is not possible here", {"Allow": self._allowed(rest)}
                )
            raise unknown_object(f"no such path in OneRoster {provider.spec}")
        _check_scope(operation, signed.scopes, provider.spec)
        collection = str(provider.standard.classes[operation.entity].collection)
        if EMPTY_WHEN_WITHHELD in vendor.quirk_ids and vendor.setting_against(collection):
            return empty_collection(operation)
        vendor.check_open(collection)
        root = Roots(host + root_path, self.root.service)
        for quirk in acting(quirks, "raw_query"):
            query = quirk.raw_query(query)
        pairs = parameters_of(query)
        parameters = _ids(provider, target)
        if operation.kind in ("collection", "related"):
            return read_collection(provider, operation, parameters, pairs, urls[0].rstrip("/"), root, quirks)
        if operation.kind == "single":
            return read_single(provider, operation, parameters["sourcedId"], pairs, root, quirks)
        try:
            return _write(provider, operation, parameters, found)
        except Refusal as refusal:
            if provider.spec != "1.1" and refusal.status == 400:
                # 1.2 lists no 400 for a write.
                raise Refusal(422, "invalid data", refusal.description) from refusal
            raise

    def _allowed(self, rest: str) -> str:
        methods = [found for found in ("GET", "PUT", "POST", "DELETE") if self.target(found, rest).operation]
        return ", ".join(["GET, HEAD" if found == "GET" else found for found in methods])

    def target(self, method: str, rest: str) -> Target:
        """What a method and the path below the service root mean."""
        method = "GET" if method == "HEAD" else method
        segment = rest.strip("/")
        if is_discovery(self.root.service, rest):
            return Target(None, f"/{FOLDER}/...", {})
        extra = EXTRA_VIEWS.get(segment)
        if method == "GET" and extra and extra.quirk in self.provider.vendor.quirk_ids and self._has(extra.collection, extra.item):
            whole = self.provider.standard.operation(extra.whole)
            shown = replace(whole, name=segment, path=f"/{segment}", view=extra.value)
            return Target(shown, shown.path, {})
        return self._matched(method, rest)

    def _has(self, collection: str, item: str) -> bool:
        """Whether records under this root have a property: users of 1.2 have roles and no role."""
        found = self.provider.standard.collections[collection]
        return item in found.property_names and self.root.service in ("", found.service)


def _ids(provider: Provider, target: Target) -> dict[str, str]:
    try:
        return {name: decoded(part) for name, part in target.ids.items()}
    except Refusal as refusal:
        if provider.spec != "1.1":
            raise unknown_object("the path holds no sourcedId") from refusal
        raise


def _write(provider: Provider, operation: Operation, parameters: Mapping[str, str], found: Request) -> Answer:
    if operation.kind == "delete":
        writes.delete(provider, operation, parameters["sourcedId"])
        return 204, {}, b""
    body = found.get_data()
    if operation.kind == "create":
        return operation.success, {"Content-Type": JSON}, writes.post(provider, operation, parameters, body)
    return writes.put(provider, operation, parameters["sourcedId"], body), {"Content-Type": JSON}, b""
