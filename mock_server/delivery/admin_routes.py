"""The admin API's part on delivery: drops on demand, habits and schedules, the mock's calendar.

Registered by the worker's entry. Every call becomes an order to the delivery, which lives in the command's process:
a worker keeps nothing of it.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from flask import Blueprint, Flask, Response, request

from mock_server.delivery.control import Address, send

if TYPE_CHECKING:
    from mock_server.application import Site

PREFIX = "/_admin"
NOT_SERVED = {
    "error": "nothing is delivered",
    "expected": "oneroster serve --sftp-port 0, or --share-dir DIR",
}


def _json(status: int, document: Any) -> Response:
    return Response(orjson.dumps(document), status=status, content_type="application/json")


def _ordered(address: Address | None, order: str, vendor: str = "") -> Response:
    """Send an order with the request's JSON body; answer as the delivery does."""
    if address is None:
        return _json(409, NOT_SERVED)
    body = request.get_json(silent=True) if request.get_data() else {}
    if not isinstance(body, dict):
        return _json(
            400, {"error": "the body is no JSON object", "expected": '{"form": "zip", "habits": []}'}
        )
    try:
        answer = send(address, {**body, "order": order, "vendor": vendor})
    except ConnectionError as error:
        return _json(503, {"error": str(error)})
    return _json(int(answer["status"]), answer["body"])


def _vendor_routes(blueprint: Blueprint, address: Address | None) -> None:
    @blueprint.post("/vendors/<vendor>/drop")
    def drop(vendor: str) -> Response:
        return _ordered(address, "drop", vendor)

    @blueprint.post("/vendors/<vendor>/drop/step")
    def step(vendor: str) -> Response:
        return _ordered(address, "step", vendor)

    @blueprint.get("/vendors/<vendor>/delivery")
    def show(vendor: str) -> Response:
        return _ordered(address, "show", vendor)

    @blueprint.put("/vendors/<vendor>/delivery")
    def configure(vendor: str) -> Response:
        return _ordered(address, "configure", vendor)


def _calendar_routes(blueprint: Blueprint, address: Address | None) -> None:
    @blueprint.route("/delivery/clock", methods=["GET", "PUT"])
    def clock() -> Response:
        return _ordered(address, "clock")

    @blueprint.post("/delivery/advance")
    def advance() -> Response:
        return _ordered(address, "advance")


def delivery_routes(admin_token: str, address: Address | None) -> Blueprint:
    """All routes; without an address they say that nothing is delivered."""
    blueprint = Blueprint("delivery", __name__)

    @blueprint.before_request
    def guard() -> Response | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and hmac.compare_digest(token.encode(), admin_token.encode()):
            return None
        return _json(401, {"error": "the admin token is missing or wrong"})

    _vendor_routes(blueprint, address)
    _calendar_routes(blueprint, address)

    return blueprint


def follow(site: Site, address: Address, folder: Path) -> None:
    """Let the delivery, which lives in another process, follow what happens to the site.

    folder: where the stores of later days are written.
    """

    def days_passed(days: int) -> None:
        for vendor, store in site.calendar.stores(folder).items():
            send(address, {"order": "store", "vendor": vendor, "path": str(store)})
        send(address, {"order": "advance", "days": days})

    def was_reset(snapshot: str | None) -> None:
        # The delivery has no snapshots: it goes back to the start or stays as it is.
        if snapshot is None:
            send(address, {"order": "reset"})

    site.calendar.followers.append(days_passed)
    site.reset_followers.append(was_reset)


def add_delivery(app: Flask, config: Mapping[str, Any], site: Site, folder: Path) -> Flask:
    """Register the routes of a worker's configuration: its `admin_token`, and `delivery` if something is delivered."""
    found = config.get("delivery")
    address = Address(**found) if found else None
    app.register_blueprint(delivery_routes(config["admin_token"], address), url_prefix=PREFIX)
    if address is not None:
        follow(site, address, folder)
    return app
