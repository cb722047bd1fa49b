"""OpenAPI documents of each vendor and version, and a page to browse them without the internet.

Called by the pages. The page is Swagger UI from its own package; nothing is fetched from anywhere else.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from flask import Blueprint, Response, abort, render_template, request, url_for

from mock_server.console.connecting import addresses, documents, token_url
from mock_server.vendor import Vendor
from oneroster_standard.openapi import openapi
from oneroster_standard.standard import load

ASSETS = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
ALL = "all"


def document_of(vendor: Vendor, spec: str, service: str, root: str) -> dict[str, Any]:
    """The document of a vendor's version. service: one of 1.2's, or all for 1.1.

    Raises KeyError when it is not served.
    """
    if (spec, service) not in documents(vendor):
        raise KeyError(service)
    services = vendor.dialect.services_of(spec) if service == ALL else (service,)
    base = next(found.url for found in addresses(vendor, root) if found.spec == spec and service in (ALL, found.service))
    return openapi(
        load(spec), services, server_url=base, token_url=token_url(vendor, root), title=f"{vendor.dialect.title}: OneRoster"
    )


def add_document_routes(blueprint: Blueprint, vendors: dict[str, Vendor]) -> None:
    """Routes of documents, their page and its assets."""

    def found(name: str, spec: str, service: str) -> dict[str, Any]:
        try:
            return document_of(vendors[name], spec, service, request.host_url.rstrip("/"))
        except KeyError:
            abort(404)

    @blueprint.get("/openapi/<name>/<spec>/<service>.json")
    def document(name: str, spec: str, service: str) -> dict[str, Any]:
        return found(name, spec, service)

    @blueprint.get("/openapi/<name>/<spec>/<service>")
    def document_page(name: str, spec: str, service: str) -> str:
        title = found(name, spec, service)["info"]["title"]
        url = url_for("console.document", name=name, spec=spec, service=service)
        return render_template("console/openapi.html.j2", title=title, url=url)

    @blueprint.get("/openapi-assets/<asset>")
    def document_asset(asset: str) -> Response:
        if asset not in ASSETS:
            abort(404)
        body = files("flask_swagger_ui").joinpath("dist", asset).read_bytes()
        return Response(body, content_type=f"{ASSETS[asset]}; charset=utf-8", headers={"Cache-Control": "max-age=86400"})
