"""The rate limiter of a vendor: so many requests of one credential in a time, or a minimum interval between two.

Called by the application once it knows who sent a request. Built on the library `limits`, whose windows live in the
shared state so that workers count together. Off unless a dialect or the admin API sets a limit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from email.utils import formatdate
from typing import Any

import limits
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

from mock_server.answers import Refusal
from mock_server.state import SharedState
from oneroster_harness.problems import UsageProblem, unknown

RETRY = ("seconds", "date", "absent")
_LONGEST = 200
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a vendor allows a credential.

    rate: as the library writes it, such as "300/minute" or "60/minute; 1000/hour"; empty for none. interval_ms: between two
    requests, 0 for none. status, retry: the refusal, and whether Retry-After says seconds, a date or nothing.
    """

    rate: str = ""
    interval_ms: int = 0
    status: int = 429
    retry: str = "seconds"

    @property
    def is_off(self) -> bool:
        """Whether nothing is limited."""
        return not self.rate and not self.interval_ms

    def document(self) -> dict[str, Any]:
        """The limits as JSON."""
        return asdict(self)


def read_limits(given: Any, before: Limits) -> Limits:
    """Limits out of JSON or TOML; keys that are not given stay.

    Raises UsageProblem that names the key and what is valid.
    """
    if not isinstance(given, Mapping):
        raise UsageProblem("limits is not an object", '{"rate": "300/minute", "interval_ms": 0}')
    names = [field.name for field in fields(Limits)]
    for name in given:
        if name not in names:
            raise unknown("key of limits", str(name)[:_LONGEST], names)
    found = Limits(**{**before.document(), **given})
    if not isinstance(found.rate, str) or len(found.rate) > _LONGEST:
        raise UsageProblem("rate is not text", "300/minute")
    try:
        limits.parse_many(found.rate) if found.rate else []
    except ValueError as error:
        raise UsageProblem(f"rate {found.rate!r} cannot be read", "300/minute; 15 per 5 minutes") from error
    for name, least, most in (("interval_ms", 0, 3_600_000), ("status", 400, 599)):
        value = getattr(found, name)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise UsageProblem(f"{name} is {str(value)[:_LONGEST]!r}", f"a whole number from {least} to {most}")
    if found.retry not in RETRY:
        raise unknown("retry", str(found.retry)[:_LONGEST], RETRY)
    return found


class SharedWindows(Storage):
    """Windows of the library in the state that the workers share."""

    STORAGE_SCHEME = None

    def __init__(self, owner: str, state: SharedState, clock: Clock) -> None:
        super().__init__()
        self._prefix = f"{owner}/limits/"
        self._state = state
        self._clock = clock

    @property
    def base_exceptions(self) -> type[Exception]:
        """What the library may wrap; nothing of ours is."""
        return LookupError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count in the window of a key, which begins with its first count."""
        return self._state.hit(self._prefix + key, expiry, self._clock(), amount)

    def get(self, key: str) -> int:
        """What was counted in the running window."""
        return self._state.window(self._prefix + key, self._clock())[0]

    def get_expiry(self, key: str) -> float:
        """When the running window ends."""
        return self._state.window(self._prefix + key, self._clock())[1]

    def check(self) -> bool:
        """Whether the state answers."""
        return True

    def reset(self) -> int | None:
        """Forget all windows of the vendor."""
        self._state.forget_counts(self._prefix)
        return None

    def clear(self, key: str) -> None:
        """Forget a window."""
        self._state.forget_counts(self._prefix + key)


class Limiter:
    """Refuses what a credential asks beyond the limits."""

    def __init__(self, vendor: str, state: SharedState, clock: Clock) -> None:
        self._clock = clock
        self._windows = SharedWindows(vendor, state, clock)
        self._strategy = FixedWindowRateLimiter(self._windows)

    def reset(self) -> None:
        """Begin anew, as after a change of the limits."""
        self._windows.reset()

    def check(self, limits_now: Limits, client_id: str) -> None:
        """Count a request of a credential; raises Refusal when it is one too many."""
        if limits_now.is_off:
            return
        wait_s = max(self._rate_wait_s(limits_now, client_id), self._interval_wait_s(limits_now, client_id))
        if wait_s > 0:
            wait = math.ceil(wait_s)
            headers = {
                "seconds": {"Retry-After": str(wait)},
                "date": {"Retry-After": formatdate(self._clock() + wait, usegmt=True)},
            }.get(limits_now.retry, {})
            raise Refusal(limits_now.status, "server_busy", f"too many requests, wait {wait} seconds", headers)

    def _rate_wait_s(self, limits_now: Limits, client_id: str) -> float:
        waits = [0.0]
        for item in limits.parse_many(limits_now.rate) if limits_now.rate else ():
            if not self._strategy.hit(item, client_id):
                waits.append(self._strategy.get_window_stats(item, client_id).reset_time - self._clock())
        return max(waits)

    def _interval_wait_s(self, limits_now: Limits, client_id: str) -> float:
        # Finer than the library's seconds: a window of one request that lasts the interval.
        if not limits_now.interval_ms:
            return 0.0
        key = f"interval/{client_id}"
        if self._windows.incr(key, limits_now.interval_ms / 1000) <= 1:
            return 0.0
        return max(0.001, float(self._windows.get_expiry(key)) - self._clock())
