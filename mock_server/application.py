"""The Flask application: paths of every vendor on one port, token endpoints, the standard's operations.

Called by serving.py; decides which provider and which operation a path means, and writes every error as JSON.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import orjson
from flask import Flask, Request, Response, request
from werkzeug.exceptions import HTTPException

from mock_server import writes
from mock_server.admin import admin_routes
from mock_server.answers import Refusal, forbidden, unknown_object
from mock_server.auth.gate import parameters_of
from mock_server.console import console_routes
from mock_server.provider import SPLIT_VIEWS, Provider
from mock_server.quirks.hooks import ErrorAnswer, TokenRequest
from mock_server.reading import JSON, Answer, Roots, empty_collection, read_collection, read_single
from mock_server.request_target import decoded, root_of, spellings
from mock_server.vendor import Vendor
from oneroster_standard.oauth1 import HttpMethod
from oneroster_standard.scopes import IMPLIED, PREFIXES, expand, short
from oneroster_standard.standard import Operation

EMPTY_WHEN_WITHHELD = "permission.forbidden-as-empty"
SPLIT_QUIRK = "endpoint.split-enrollments"


@dataclass(frozen=True, slots=True)
class Mount:
    """A service root: a pattern for the part of the path before the operation, and what is served under it."""

    pattern: re.Pattern[str]
    endpoint: Endpoint


@dataclass
class Site:
    """All vendors of one server, and what it has counted."""

    vendors: Mapping[str, Vendor]
    admin_token: str
    journal: Counter[tuple[str, str, int]]

    def mounts(self) -> list[Mount]:
        """Service roots, the longest first, so that none hides another."""
        found = [(root, vendor) for vendor in self.vendors.values() for root in vendor.dialect.roots]
        found.sort(key=lambda pair: len(pair[0].value), reverse=True)
        return [
            Mount(
                re.compile(
                    re.escape(root.value).replace(re.escape("{app}"), re.escape(vendor.credentials.app))
                    + "(?=/|$)"
                ),
                Endpoint(vendor.provider(root.spec), root.service),
            )
            for root, vendor in found
        ]


def _match(
    operations: Sequence[Operation], method: str, path: str
) -> tuple[Operation | None, dict[str, str], bool]:
    parts = path.strip("/").split("/")
    known = False
    for operation in operations:
        wanted = operation.path.strip("/").split("/")
        if len(wanted) != len(parts):
            continue
        if all(own.startswith("{") or own == part for own, part in zip(wanted, parts, strict=True)):
            known = True
            if operation.method == method:
                pairs = zip(wanted, parts, strict=True)
                return (
                    operation,
                    {own[1:-1]: decoded(part) for own, part in pairs if own.startswith("{")},
                    True,
                )
    return None, {}, known


def _subject(provider: Provider, rest: str) -> str:
    # The journal names collections and views only: any other text of a path could be a person's.
    first = rest.strip("/").partition("/")[0]
    known = {*SPLIT_VIEWS, *(found.path.split("/")[1] for found in provider.standard.operations)}
    return first if first in known else "other"


def _check_scope(operation: Operation, granted: tuple[str, ...], spec: str) -> None:
    open_to = {expand(scope, spec) for scope in operation.scopes}
    held = set(granted) | {
        expand(more, spec)
        for scope in granted
        if scope.startswith(PREFIXES[spec])
        for more in IMPLIED.get(short(scope), ())
    }
    if not open_to & held:
        raise forbidden(f"the token lacks the scope {operation.scopes[0]}")


class Endpoint:
    """Answers requests under a service root of one provider. service: the one that is served there, empty for all."""

    def __init__(self, provider: Provider, service: str) -> None:
        self.provider = provider
        self.service = service
        services = (service,) if service else provider.services
        self.operations = [found for found in provider.standard.operations if found.service in services]

    def answer(self, found: Request, root_path: str, rest: str) -> Answer:
        """Carry out a request; raises Refusal."""
        provider, vendor = self.provider, self.provider.vendor
        query = found.query_string.decode("latin-1")
        urls = [root_of(found) + path for path in spellings(found)]
        method = "GET" if found.method == "HEAD" else found.method
        granted = vendor.gate.scopes_of(
            cast(HttpMethod, found.method),
            [f"{url}?{query}" if query else url for url in urls],
            query,
            found.headers.get("Authorization"),
            provider.spec,
        )
        operation, parameters, known = self._operation(method, rest)
        if operation is None:
            if known:
                raise Refusal(
                    405, "invalid data", f"{method} is not possible here", {"Allow": self._allowed(rest)}
                )
            raise unknown_object(f"no such path in OneRoster {provider.spec}")
        _check_scope(operation, granted, provider.spec)
        collection = str(provider.standard.classes[operation.entity].collection)
        if EMPTY_WHEN_WITHHELD in vendor.quirk_ids and vendor.setting_against(collection):
            return empty_collection(operation)
        vendor.check_open(collection)
        root = Roots(root_of(found) + root_path, self.service)
        pairs = parameters_of(query)
        if operation.kind in ("collection", "related"):
            return read_collection(provider, operation, parameters, pairs, urls[0].rstrip("/"), root)
        sourced_id = parameters["sourcedId"]
        if operation.kind == "single":
            return read_single(provider, operation, sourced_id, pairs, root)
        if operation.kind == "write":
            return writes.put(provider, operation, sourced_id, found.get_data()), {"Content-Type": JSON}, b""
        writes.delete(provider, operation, sourced_id)
        return 204, {}, b""

    def _allowed(self, rest: str) -> str:
        methods = [found for found in ("GET", "PUT", "DELETE") if self._operation(found, rest)[0]]
        return ", ".join(["GET, HEAD" if found == "GET" else found for found in methods])

    def _operation(self, method: str, rest: str) -> tuple[Operation | None, dict[str, str], bool]:
        segment = rest.strip("/")
        if method == "GET" and segment in SPLIT_VIEWS and SPLIT_QUIRK in self.provider.vendor.quirk_ids:
            whole = self.provider.standard.operation("getAllEnrollments")
            return replace(whole, name=segment, path=f"/{segment}", view=SPLIT_VIEWS[segment][2]), {}, True
        return _match(self.operations, method, rest)


def _error(provider: Provider | None, refusal: Refusal) -> Answer:
    error = ErrorAnswer(
        refusal.status, refusal.payload(provider.spec if provider else "1.1"), {"Content-Type": JSON, **refusal.headers}
    )
    for quirk in provider.quirks if provider else ():
        error = quirk.error(error)
    body = error.body if error.body is not None else orjson.dumps(dict(error.payload))
    return error.status, dict(error.headers), body


def _token(vendor: Vendor, found: Request) -> Answer:
    if found.method != "POST":
        raise Refusal(405, "invalid data", "a token is asked for with POST", {"Allow": "POST"})
    asked = TokenRequest("Authorization" in found.headers, dict(found.args))
    for quirk in vendor.quirks:
        refused = quirk.token_request(asked)
        if refused:
            status = 401 if refused == "invalid_client" else 400
            return (
                status,
                {"Content-Type": JSON, "Cache-Control": "no-store"},
                orjson.dumps({"error": refused}),
            )
    # On some servers the form is read once the body was taken, so the raw body comes first.
    body = found.get_data(as_text=True)
    status, headers, document = vendor.tokens.answer(
        found.url, dict(found.args), body, dict(found.headers), time.time()
    )
    if status == 200:
        for quirk in vendor.quirks:
            document = quirk.token(document)
    return status, headers, orjson.dumps(document)


def create_app(site: Site) -> Flask:
    """The application over a site's providers."""
    app = Flask("oneroster-mock")
    mounts = site.mounts()
    tokens = {path.value: vendor for vendor in site.vendors.values() for path in vendor.dialect.token_paths}
    app.register_blueprint(admin_routes(site), url_prefix="/_admin")
    app.register_blueprint(console_routes(site), url_prefix="/_console")

    def dispatch(found: Request) -> tuple[Vendor | None, str, Answer]:
        path = spellings(found)[0]
        vendor = tokens.get(path.rstrip("/"))
        if vendor is not None:
            try:
                return vendor, "token", _token(vendor, found)
            except Refusal as refusal:
                return vendor, "token", _error(vendor.provider(), refusal)
        for mount in mounts:
            match = mount.pattern.match(path)
            if match:
                provider = mount.endpoint.provider
                try:
                    answer = mount.endpoint.answer(found, match.group(), path[match.end() :])
                except Refusal as refusal:
                    answer = _error(provider, refusal)
                return provider.vendor, _subject(provider, path[match.end() :]), answer
        return None, "", _error(None, unknown_object("no provider is served under this path"))

    @app.route(
        "/", defaults={"path": ""}, methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    )
    @app.route("/<path:path>", methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
    def every(path: str) -> Response:
        vendor, subject, (status, headers, body) = dispatch(request)
        if vendor is not None:
            for quirk in vendor.quirks:
                headers = quirk.headers(headers)
            site.journal[vendor.name, f"{request.method} {subject}", status] += 1
        return _response(status, headers, body)

    @app.errorhandler(Exception)
    def fault(error: Exception) -> Response:
        # JSON for every error: clients stop at a web page, and a fault of ours must not look like a quirk.
        if isinstance(error, HTTPException):
            refusal = Refusal(error.code or 500, "invalid data", error.name)
        else:
            app.logger.error("a fault of the mock", exc_info=error)
            refusal = Refusal(500, "invalid data", f"a fault of the mock: {type(error).__name__}")
        return _response(*_error(None, refusal))

    return app


def _response(status: int, headers: Mapping[str, Any], body: bytes) -> Response:
    response = Response(body, status=status)
    del response.headers["Content-Type"]
    for name, value in headers.items():
        response.headers[name] = value
    return response
