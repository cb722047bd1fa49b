"""The admin API's part on delivery: drops on demand, habits and schedules, the mock's calendar.

Registered by the worker's entry. Every call becomes an order to the delivery, which lives in the command's process:
a worker keeps nothing of it.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
from flask import Blueprint, Flask, Response, request

from mock_server.delivery.control import Address, send

PREFIX = "/_admin"
RESET, ADVANCE = f"{PREFIX}/reset", f"{PREFIX}/advance"
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


Stores = Callable[[], Mapping[str, Path]]
"""Each vendor's store of the district's day."""


def delivery_routes(admin_token: str, address: Address | None, stores: Stores) -> Blueprint:
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

    @blueprint.after_app_request
    def reset_too(answer: Response) -> Response:
        # The admin API's reset knows nothing of the delivery, which lives in another process and has no snapshots.
        is_reset = request.path == RESET and request.method == "POST" and answer.status_code == 200
        if address is not None and is_reset:
            body = request.get_json(silent=True)
            if not (isinstance(body, dict) and "snapshot" in body):
                send(address, {"order": "reset"})
        return answer

    @blueprint.after_app_request
    def days_too(answer: Response) -> Response:
        # Days that pass in the district pass for its deliveries as well: what falls due holds the data of the new day.
        if address is not None and request.path == ADVANCE and request.method == "POST" and answer.status_code == 200:
            for vendor, store in stores().items():
                send(address, {"order": "store", "vendor": vendor, "path": str(store)})
            send(address, {"order": "advance", "days": request.get_json()["days"]})
        return answer

    return blueprint


def add_delivery(app: Flask, config: Mapping[str, Any], stores: Stores) -> Flask:
    """Register the routes of a worker's configuration: its `admin_token`, and `delivery` if something is delivered."""
    found = config.get("delivery")
    app.register_blueprint(
        delivery_routes(config["admin_token"], Address(**found) if found else None, stores), url_prefix=PREFIX
    )
    return app
