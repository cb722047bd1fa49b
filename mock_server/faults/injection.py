"""Where faults touch a request on its way through the application.

Called by the application: strike once per request, whose faults then act as quirks; the clock that judges it; and deliver
when the response leaves. Without a fault each of them costs a look at an empty tuple.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from flask import Flask, Response, g, request

from mock_server.faults.hooks import Delivery, Fault
from mock_server.faults.selection import TOKEN, Asked

if TYPE_CHECKING:
    from mock_server.vendor import Vendor
    from oneroster_standard.standard import Operation

Struck = Sequence[Fault]
LONGEST_NUMBER = 18


def _number(pairs: Sequence[tuple[str, str]], name: str, default: int) -> int:
    text = next((value for key, value in pairs if key == name), "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else default


def strike(vendor: Vendor, spec: str, operation: Operation | None, query: bytes) -> Struck:
    """The faults that strike a request to a service root."""
    if vendor.faults.is_empty:
        return ()
    if operation is None:
        return _keep(vendor.faults.strike(Asked("", "", spec)))
    limit = offset = None
    pairs = parse_qsl(query.decode("latin-1"))
    if operation.kind in ("collection", "related"):
        limit, offset = _number(pairs, "limit", vendor.dialect.page_default), _number(pairs, "offset", 0)
        limit = min(limit, vendor.page_max or limit)
    words = (operation.payload_key, operation.path.split("/")[1])
    asked = Asked(operation.name, words[0], spec, limit, offset, words[1])
    return _keep(vendor.faults.strike(asked))


def strike_token(vendor: Vendor) -> Struck:
    """The faults that strike a token request."""
    return () if vendor.faults.is_empty else _keep(vendor.faults.strike(Asked(TOKEN, TOKEN)))


def _keep(struck: Struck) -> Struck:
    if struck:
        g.struck = struck
    return struck


def struck_ids() -> list[str]:
    """Ids of the faults that strike the request at hand."""
    return [fault.order.id for fault in g.get("struck", ())]


def clock(struck: Struck, now: float) -> float:
    """The provider's clock for this request."""
    for fault in struck:
        now = fault.clock(now)
    return now


def valid_s(struck: Struck, life_s: int) -> int:
    """Seconds that a token which is issued now stays good."""
    for fault in struck:
        life_s = fault.issued_life_s(life_s)
    return life_s


def install(app: Flask) -> None:
    """Let faults act on answers as they leave; before compression is installed, since the last installed acts first."""

    @app.after_request
    def deliver(response: Response) -> Response:
        struck: Struck = g.get("struck", ())
        for fault in struck:
            body = response.get_data()
            headers, delivery = fault.deliver(dict(response.headers), body)
            response.headers.update(headers)
            if isinstance(delivery, Delivery):
                # Only one fault can decide how a body ends: the first one.
                return _streamed(response, delivery)
            if delivery is not body:
                response.set_data(delivery)
        return response


def _streamed(response: Response, delivery: Delivery) -> Response:
    if request.method == "HEAD":
        return response
    streamed = Response(_pieces(delivery), status=response.status, headers=response.headers)
    del streamed.headers["Content-Length"]
    if delivery.length is not None:
        streamed.headers["Content-Length"] = str(delivery.length)
    return streamed


def _pieces(delivery: Delivery) -> Iterator[bytes]:
    yield from delivery.pieces
