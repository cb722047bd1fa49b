"""What the admin API may ask of the delivery, checked and carried out.

Called by the control socket, on the service's event loop. Answers are JSON documents with an HTTP status.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mock_server.delivery.courier import PACE_S, Busy, Courier
from oneroster_harness.problems import UsageProblem, unknown

if TYPE_CHECKING:
    from mock_server.delivery.desk import Desk

SHOWN_WITHIN_S = 10.0
"""How long an order waits for its drop before it tells that it is still being prepared."""
LONGEST_DAYS = 3_660
MOST_SPEED = 10_000_000.0
Answer = tuple[int, dict[str, Any]]


def _text(order: Mapping[str, Any], name: str) -> str | None:
    found = order.get(name)
    if found is not None and not isinstance(found, str):
        raise UsageProblem(f"{name} is no text", "a text, or nothing")
    return found


def _texts(order: Mapping[str, Any], name: str) -> list[str] | None:
    found = order.get(name)
    if found is not None and not (isinstance(found, list) and all(isinstance(one, str) for one in found)):
        raise UsageProblem(
            f"{name} is no list of texts", '["delivery.late", "delivery.missing-file=users.csv"]'
        )
    return found


def _number(order: Mapping[str, Any], name: str, most: float) -> float:
    found = order.get(name, 0)
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found <= most:
        raise UsageProblem(f"{name} is no number of that kind", f"0 to {most:g}")
    return float(found)


def _known_only(order: Mapping[str, Any], *names: str) -> None:
    for name in set(order) - {"order", "vendor", *names}:
        raise unknown("key", name, names)


async def _drop(desk: Desk, courier: Courier, order: Mapping[str, Any]) -> Answer:
    _known_only(order, "form", "habits", "pace_s", "spec")
    pace = (
        None
        if "pace_s" in order and order["pace_s"] is None
        else _number({"pace_s": PACE_S, **order}, "pace_s", 3_600)
    )
    found = courier.drop(
        desk.clock.now(), _text(order, "form"), _texts(order, "habits"), pace, _text(order, "spec")
    )
    await courier.settled(found, SHOWN_WITHIN_S)
    return (400 if found.reason else 200 if found.status != "preparing" else 202), found.document()


async def _step(_desk: Desk, courier: Courier, order: Mapping[str, Any]) -> Answer:
    _known_only(order)
    return 200, (await courier.step()).document()


async def _show(desk: Desk, courier: Courier, _order: Mapping[str, Any]) -> Answer:
    return 200, {
        **courier.document(desk.clock.now()),
        "sftp": desk.sign_in(courier.vendor),
        "share": desk.share(courier.vendor),
    }


async def _configure(desk: Desk, courier: Courier, order: Mapping[str, Any]) -> Answer:
    _known_only(order, "form", "habits", "schedule", "spec")
    courier.configure(
        _text(order, "form"), _texts(order, "habits"), _text(order, "schedule"), _text(order, "spec")
    )
    desk.wake()
    return await _show(desk, courier, order)


async def _store(_desk: Desk, courier: Courier, order: Mapping[str, Any]) -> Answer:
    """Deliver another day's store from the next drop on."""
    _known_only(order, "path")
    courier.set_store(Path(_text(order, "path") or ""))
    return 200, {"status": "set"}


async def _clock(desk: Desk, order: Mapping[str, Any]) -> Answer:
    _known_only(order, "speed")
    if "speed" in order:
        desk.clock.set_speed(_number(order, "speed", MOST_SPEED))
        desk.wake()
    return 200, {"now": desk.clock.now().isoformat(), "speed": desk.clock.speed}


async def _advance(desk: Desk, order: Mapping[str, Any]) -> Answer:
    _known_only(order, "days", "hours", "minutes")
    span = timedelta(**{unit: _number(order, unit, LONGEST_DAYS) for unit in ("days", "hours", "minutes")})
    made = await desk.advance(span)
    told = {vendor: [drop.document() for drop in drops] for vendor, drops in made.items()}
    return 200, {"now": desk.clock.now().isoformat(), "drops": told}


async def _reset(desk: Desk, order: Mapping[str, Any]) -> Answer:
    _known_only(order)
    await desk.reset()
    return 200, {"status": "reset"}


OF_A_VENDOR: Mapping[str, Callable[..., Any]] = {
    "drop": _drop,
    "step": _step,
    "show": _show,
    "configure": _configure,
    "store": _store,
}
OF_ALL: Mapping[str, Callable[..., Any]] = {"clock": _clock, "advance": _advance, "reset": _reset}


async def carry_out(desk: Desk, order: Mapping[str, Any]) -> dict[str, Any]:
    """Carry out an order; returns {"status": HTTP status, "body": document}."""
    name, vendor = str(order.get("order")), str(order.get("vendor", ""))
    try:
        if name in OF_ALL:
            status, body = await OF_ALL[name](desk, order)
        elif vendor not in desk.couriers or name not in OF_A_VENDOR:
            status, body = 404, {"error": "unknown vendor", "vendors": sorted(desk.couriers)}
        else:
            status, body = await OF_A_VENDOR[name](desk, desk.couriers[vendor], order)
    except Busy as problem:
        status, body = 409, {"error": problem.met, "expected": problem.expected}
    except UsageProblem as problem:
        status, body = 400, {"error": problem.met, "expected": problem.expected}
    return {"status": status, "body": body}
