"""Faults of tokens, permissions and the clock that judges them."""

from __future__ import annotations

from dataclasses import replace
from email.utils import formatdate

from mock_server.answers import forbidden, unauthorized
from mock_server.faults.hooks import Fault, fault
from mock_server.quirks.hooks import ApiRequest, WholeAnswer


@fault("fault.auth-token-dies")
class TokenDies(Fault):
    """Tokens issued so far stop working (a static key or a signature is refused once)."""

    def admit(self, asked: ApiRequest) -> WholeAnswer | None:
        """Take the tokens back, then refuse as for any dead token."""
        self.vendor.keyring.end_tokens()
        raise unauthorized("the token is unknown or has expired")


@fault("fault.auth-token-born-expired")
class TokenBornExpired(Fault):
    """A token that is over when it arrives."""

    def issued_life_s(self, life_s: int) -> int:
        """Over a minute ago."""
        return -60


@fault("fault.auth-unauthorized")
class Unauthorized(Fault):
    """401 for a good credential."""

    def admit(self, asked: ApiRequest) -> WholeAnswer | None:
        """Refuse."""
        raise unauthorized("the token is unknown or has expired")


@fault("fault.auth-forbidden")
class Forbidden(Fault):
    """403 for what is allowed."""

    def admit(self, asked: ApiRequest) -> WholeAnswer | None:
        """Refuse."""
        raise forbidden("the integration may not read this")


@fault("fault.server-wrong-clock")
class WrongClock(Fault):
    """A clock that is off, in the Date header and in every judgement by time."""

    def clock(self, now: float) -> float:
        """The provider's wrong time."""
        return now + self.whole("skew_s")

    def answer(self, asked: ApiRequest, answer: WholeAnswer) -> WholeAnswer:
        """Tell it in the Date header."""
        return replace(answer, headers={**answer.headers, "Date": formatdate(self.clock(self.vendor.now()), usegmt=True)})
