"""The Flask application: every vendor on one port, by host name and path.

Called by serving.py and in_process.py; decides whose answer a request gets, notes it in the journal, and writes every
error of its own as JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from flask import Flask, Request, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter

from mock_server import compression, request_limits
from mock_server.admin import admin_routes
from mock_server.answers import Refusal
from mock_server.applications import answer_applications, is_applications
from mock_server.auth.gate import parameters_of
from mock_server.calendar import Calendar
from mock_server.console import console_routes
from mock_server.direct import past_the_framework
from mock_server.endpoint import Endpoint, error_answer
from mock_server.fault_reports import places
from mock_server.faults import injection
from mock_server.journal import Journal
from mock_server.mounts import Mount, host_belongs_to, host_of, mounts_of, owner_of
from mock_server.quirks.hooks import acting
from mock_server.reading import Answer
from mock_server.request_target import spellings
from mock_server.sharing import Sharing
from mock_server.token_requests import answer_token
from mock_server.vendor import Vendor
from mock_server.web_server import wrong_path

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class _Anything(BaseConverter):
    """Any path, also one that begins with a slash or holds several in a row."""

    regex = ".*?"
    part_isolating = False


@dataclass
class Site:
    """All vendors of one server, and what was asked of them."""

    vendors: Mapping[str, Vendor]
    admin_token: str
    journal: Journal
    sharing: Sharing
    calendar: Calendar
    reset_followers: list[Callable[[str | None], None]] = field(default_factory=list)
    """Told of a reset, with the snapshot's name or None."""

    def reset(self, snapshot: str | None = None) -> None:
        """Go back to the first state, or to a snapshot, and start the journal anew; raises UnknownSnapshot."""
        self.sharing.state.reset(snapshot)
        self.journal.clear()
        self.sharing.refresh()
        for follow in self.reset_followers:
            follow(snapshot)


def _place(
    endpoints: Sequence[tuple[Mount, Endpoint]], own: Sequence[Vendor], host: str, path: str
) -> tuple[Endpoint | None, int]:
    """The service root of a path and where it ends. own: the vendors whose host name was called, none for any other."""
    for mount, endpoint in endpoints:
        if own and mount.provider.vendor not in own:
            continue
        match = mount.pattern.match(path)
        if match and mount.is_open_to(host):
            return endpoint, match.end()
    return None, 0


def _beside_the_api(vendor: Vendor, found: Request, path: str) -> tuple[str, Answer] | None:
    """What a vendor answers outside its service roots: tokens, and a proxy's list of districts."""
    bare = path.rstrip("/")
    tokens, others = vendor.dialect.token_paths, vendor.dialect.other_product_token_paths
    try:
        if any(bare == known.value for known in tokens):
            return "token", answer_token(vendor, found, path)
        if any(bare == known.value for known in others):
            return "token", answer_token(vendor, found, path, other_product=True)
        if is_applications(vendor, path):
            return "applications", answer_applications(vendor, found, path)
    except Refusal as refusal:
        return "token", error_answer(vendor.provider(), refusal)
    return None


def create_app(site: Site) -> Flask:
    """The application over a site's providers."""
    app = Flask("oneroster-mock")
    request_limits.install(app)
    app.before_request(site.sharing.refresh)
    injection.install(app)
    compression.install(app)
    # A proxy's application ids may begin with an escaped slash, which stands as two slashes in a decoded path.
    app.url_map.merge_slashes = False
    app.url_map.converters["anything"] = _Anything
    endpoints = [(mount, Endpoint(mount.provider, mount.root)) for mount in mounts_of(site.vendors)]
    app.register_blueprint(admin_routes(site), url_prefix="/_admin")
    app.register_blueprint(console_routes(site), url_prefix="/_console")

    def api(found: Request, endpoint: Endpoint, root_path: str, rest: str) -> Answer:
        provider = endpoint.provider
        target = endpoint.target(found.method, rest)
        struck = injection.strike(provider.vendor, provider.spec, target.operation, found.query_string)
        answer = endpoint.answer(found, root_path, rest, target, struck)
        operation = target.operation
        paged = operation is not None and operation.kind in ("collection", "related")
        _note(
            site.journal, found, answer, vendor=provider.vendor.name, spec=provider.spec, path=target.template,
            operation=operation.name if operation else "", page_size=provider.vendor.dialect.page_default if paged else None,
            faults=[fault.order.id for fault in struck],
        )  # fmt: skip
        return _with_headers(provider.vendor, answer)

    vendors = list(site.vendors.values())

    @lru_cache(maxsize=64)
    def owners(host: str) -> list[Vendor]:
        return [vendor for vendor in vendors if host_belongs_to(vendor.dialect, host)]

    def place(path: str, host: str) -> tuple[Endpoint | None, int, list[Vendor]]:
        own = owners(host)
        return *_place(endpoints, own, host, path), own

    def read(found: Request) -> Answer | None:
        try:
            path = spellings(found)[0]
            endpoint, end, _ = place(path, host_of(found.host))
            if endpoint is None:
                return None
            request_limits.check(found)
            site.sharing.refresh()
            if not endpoint.provider.vendor.faults.is_empty:
                return None
            return api(found, endpoint, path[:end], path[end:])
        except Exception as error:  # noqa: BLE001 - as the framework hands every error to its handler
            return failed(error, found)

    def dispatch(found: Request) -> Answer:
        path, host = spellings(found)[0], host_of(found.host)
        endpoint, end, own = place(path, host)
        if endpoint is not None:
            return api(found, endpoint, path[:end], path[end:])
        for vendor in own or vendors:
            beside = _beside_the_api(vendor, found, path)
            if beside is not None:
                _note(site.journal, found, beside[1], vendor=vendor.name, path=beside[0], faults=injection.struck_ids())
                return _with_headers(vendor, beside[1])
        owner = owner_of(vendors, host, path)
        answer = wrong_path(owner.dialect.web_server if owner else None)
        _note(site.journal, found, answer)
        return answer

    @app.route("/", defaults={"path": ""}, methods=METHODS)
    @app.route("/<anything:path>", methods=METHODS)
    def every(path: str) -> Response:
        return _response(*dispatch(request))

    def failed(error: Exception, found: Request) -> Answer:
        # JSON for every error: clients stop at a web page, and a fault of ours must not look like a quirk.
        if isinstance(error, Refusal):
            refusal = error
        elif isinstance(error, HTTPException):
            refusal = Refusal(error.code or 500, "invalid data", error.name)
        else:
            app.logger.error("a fault of the mock: %s", places(error))
            refusal = Refusal(500, "invalid data", f"a fault of the mock: {type(error).__name__}")
        endpoint, _, _ = place(spellings(found)[0], host_of(found.host))
        return error_answer(None, refusal, endpoint.provider.spec if endpoint else "1.1")

    @app.errorhandler(Exception)
    def fault(error: Exception) -> Response:
        return _response(*failed(error, request))

    app.wsgi_app = past_the_framework(app.wsgi_app, read)  # type: ignore[assignment, method-assign]
    return app


def _note(journal: Journal, found: Request, answer: Answer, **said: Any) -> None:
    pairs = parameters_of(found.query_string.decode("latin-1"))
    journal.note(method=found.method, pairs=pairs, status=answer[0], **said)


def _with_headers(vendor: Vendor, answer: Answer) -> Answer:
    status, headers, body = answer
    for quirk in acting(vendor.quirks, "headers"):
        headers = quirk.headers(headers)
    return status, headers, body


def _response(status: int, headers: Mapping[str, Any], body: bytes) -> Response:
    response = Response(body, status=status)
    del response.headers["Content-Type"]
    for name, value in headers.items():
        response.headers[name] = value
    return response
