"""The Flask application: paths of every vendor on one port, token endpoints, the standard's operations.

Called by serving.py; decides which provider and which operation a path means, and writes every error as JSON.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import orjson
from flask import Flask, Request, Response, request
from werkzeug.exceptions import HTTPException

from mock_server import compression, writes
from mock_server.admin import admin_routes
from mock_server.answers import Refusal, forbidden, unknown_object
from mock_server.auth.gate import parameters_of
from mock_server.console import console_routes
from mock_server.journal import OTHER, Journal
from mock_server.provider import SPLIT_VIEWS, Provider
from mock_server.quirks.hooks import ErrorAnswer, TokenRequest
from mock_server.reading import JSON, Answer, Roots, empty_collection, read_collection, read_single
from mock_server.request_target import decoded, root_of, spellings
from mock_server.sharing import Sharing
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
    """All vendors of one server, and what was asked of them."""

    vendors: Mapping[str, Vendor]
    admin_token: str
    journal: Journal
    sharing: Sharing

    def reset(self, snapshot: str | None = None) -> None:
        """Go back to the first state, or to a snapshot, and start the journal anew; raises UnknownSnapshot."""
        self.sharing.state.reset(snapshot)
        self.journal.clear()
        self.sharing.refresh()

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

    def answer(self, found: Request, root_path: str, rest: str, target: Target) -> Answer:
        """Carry out a request; raises Refusal."""
        provider, vendor = self.provider, self.provider.vendor
        query = found.query_string.decode("latin-1")
        urls = [root_of(found) + path for path in spellings(found)]
        granted = vendor.gate.scopes_of(
            cast(HttpMethod, found.method),
            [f"{url}?{query}" if query else url for url in urls],
            query,
            found.headers.get("Authorization"),
            provider.spec,
        )
        operation = target.operation
        if operation is None:
            if target.other_methods:
                raise Refusal(
                    405, "invalid data", f"{found.method} is not possible here", {"Allow": self._allowed(rest)}
                )
            raise unknown_object(f"no such path in OneRoster {provider.spec}")
        _check_scope(operation, granted, provider.spec)
        collection = str(provider.standard.classes[operation.entity].collection)
        if EMPTY_WHEN_WITHHELD in vendor.quirk_ids and vendor.setting_against(collection):
            return empty_collection(operation)
        vendor.check_open(collection)
        root = Roots(root_of(found) + root_path, self.service)
        pairs = parameters_of(query)
        parameters = {name: decoded(part) for name, part in target.ids.items()}
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
        methods = [found for found in ("GET", "PUT", "DELETE") if self.target(found, rest).operation]
        return ", ".join(["GET, HEAD" if found == "GET" else found for found in methods])

    def target(self, method: str, rest: str) -> Target:
        """What a method and the path below the service root mean."""
        method = "GET" if method == "HEAD" else method
        segment = rest.strip("/")
        if method == "GET" and segment in SPLIT_VIEWS and SPLIT_QUIRK in self.provider.vendor.quirk_ids:
            whole = self.provider.standard.operation("getAllEnrollments")
            split = replace(whole, name=segment, path=f"/{segment}", view=SPLIT_VIEWS[segment][2])
            return Target(split, split.path, {})
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
    app.before_request(site.sharing.refresh)
    tokens = {path.value: vendor for vendor in site.vendors.values() for path in vendor.dialect.token_paths}
    compression.install(app)
    app.register_blueprint(admin_routes(site), url_prefix="/_admin")
    app.register_blueprint(console_routes(site), url_prefix="/_console")

    def token(found: Request, vendor: Vendor) -> Answer:
        try:
            answer = _token(vendor, found)
        except Refusal as refusal:
            answer = _error(vendor.provider(), refusal)
        _note(site.journal, found, answer, vendor=vendor.name, path="token")
        return _with_headers(vendor, answer)

    def api(found: Request, mount: Mount, root_path: str, rest: str) -> Answer:
        provider = mount.endpoint.provider
        target = mount.endpoint.target(found.method, rest)
        try:
            answer = mount.endpoint.answer(found, root_path, rest, target)
        except Refusal as refusal:
            answer = _error(provider, refusal)
        operation = target.operation
        paged = operation is not None and operation.kind in ("collection", "related")
        _note(
            site.journal, found, answer, vendor=provider.vendor.name, spec=provider.spec, path=target.template,
            operation=operation.name if operation else "", page_size=provider.vendor.dialect.page_default if paged else None,
        )  # fmt: skip
        return _with_headers(provider.vendor, answer)

    def dispatch(found: Request) -> Answer:
        path = spellings(found)[0]
        vendor = tokens.get(path.rstrip("/"))
        if vendor is not None:
            return token(found, vendor)
        for mount in mounts:
            match = mount.pattern.match(path)
            if match:
                return api(found, mount, match.group(), path[match.end() :])
        answer = _error(None, unknown_object("no provider is served under this path"))
        _note(site.journal, found, answer)
        return answer

    @app.route(
        "/", defaults={"path": ""}, methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    )
    @app.route("/<path:path>", methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
    def every(path: str) -> Response:
        return _response(*dispatch(request))

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


def _note(journal: Journal, found: Request, answer: Answer, **said: Any) -> None:
    pairs = parameters_of(found.query_string.decode("latin-1"))
    journal.note(method=found.method, pairs=pairs, status=answer[0], **said)


def _with_headers(vendor: Vendor, answer: Answer) -> Answer:
    status, headers, body = answer
    for quirk in vendor.quirks:
        headers = quirk.headers(headers)
    return status, headers, body


def _response(status: int, headers: Mapping[str, Any], body: bytes) -> Response:
    response = Response(body, status=status)
    del response.headers["Content-Type"]
    for name, value in headers.items():
        response.headers[name] = value
    return response
