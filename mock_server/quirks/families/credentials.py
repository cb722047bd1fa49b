"""Quirks of credentials at the API: headers, cookies, signatures, clocks, keys."""

from __future__ import annotations

import time
from dataclasses import replace
from email.utils import formatdate
from urllib.parse import parse_qs

import orjson

from mock_server.answers import unauthorized
from mock_server.quirks.hooks import ApiRequest, ErrorAnswer, Quirk, Record, TokenRequest, WholeAnswer, quirk
from oneroster_standard.oauth1 import is_signed

NODE = "node=a1"
UNREAD = 8
"""Characters at a token's end that are not looked at."""
GRADEBOOK = ("categories", "lineItems", "results", "scoreScales", "assessmentLineItems", "assessmentResults")
VENDOR_HEADER = "x-vendor-authorization"


def _authorization(asked: ApiRequest) -> str:
    return asked.headers.get("Authorization") or ""


@quirk("auth.static-bearer")
class StaticBearer(Quirk):
    """A key that never expires opens the API like a token (D20)."""

    accepts_static_bearer = True


@quirk("auth.oauth1-only")
class Oauth1Only(Quirk):
    """Signed requests only: no token is given, none is accepted (D21)."""

    def token_request(self, request: TokenRequest) -> str | None:
        """Refuse every token request."""
        return "invalid_client"

    def admit(self, asked: ApiRequest) -> WholeAnswer | None:
        """Refuse what is not signed."""
        if not is_signed(_authorization(asked), asked.query):
            raise unauthorized("a signed request is expected")
        return None


@quirk("auth.sha1-only")
class Sha1Only(Quirk):
    """HMAC-SHA256 signatures are refused, HMAC-SHA1 is accepted (D22)."""

    def admit(self, asked: ApiRequest) -> WholeAnswer | None:
        """Refuse the newer method."""
        if "HMAC-SHA256" in _authorization(asked):
            raise unauthorized("the signature method is not accepted")
        return None


@quirk("auth.token-beginning")
class TokenBeginning(Quirk):
    """The end of a token, its signature, is not looked at."""

    def token(self, answer: Record) -> Record:
        """Remember the token by its beginning."""
        token = str(answer.get("access_token", ""))
        self.memory.first(token[:-UNREAD], token)
        return answer

    def authorization(self, given: str, query: str) -> str:
        """Take a token for the one that begins like it."""
        scheme, _, token = given.partition(" ")
        known = self.memory.first(token[:-UNREAD], "") if scheme.lower() == "bearer" else ""
        return f"{scheme} {known}" if known else given


@quirk("auth.token-in-url")
class TokenInUrl(Quirk):
    """A token is taken from the query as well."""

    def authorization(self, given: str, query: str) -> str:
        """Read access_token of the query where no header is sent."""
        found = parse_qs(query).get("access_token")
        return given or (f"Bearer {found[0]}" if found else "")


@quirk("auth.other-district")
class OtherDistrict(Quirk):
    """A token of another district of the same vendor opens this one."""

    accepts_other_districts = True


@quirk("auth.expired-token")
class ExpiredToken(Quirk):
    """A token opens the API although its life is over."""

    accepts_expired_tokens = True


@quirk("auth.added-parameter")
class AddedParameter(Quirk):
    """A signature fits a query to which a parameter was added on the way."""

    passes_added_parameters = True


@quirk("auth.clock-ahead")
class ClockAhead(Quirk):
    """The provider's clock is twenty minutes ahead (D24)."""

    clock_offset_s = 1200.0

    def headers(self, headers: dict[str, str]) -> dict[str, str]:
        """Tell the provider's own time."""
        return {**headers, "Date": formatdate(time.time() + self.clock_offset_s, usegmt=True)}


@quirk("auth.cookie-needed")
class CookieNeeded(Quirk):
    """The token answer sets a cookie without which reads are refused (D27)."""

    def answer(self, asked: ApiRequest, answer: WholeAnswer) -> WholeAnswer:
        """Set the cookie with the token."""
        if not asked.is_token or answer.status != 200:
            return answer
        return replace(answer, headers={**answer.headers, "Set-Cookie": f"{NODE}; Path=/; HttpOnly"})

    def admit(self, asked: ApiRequest) -> WholeAnswer | None:
        """Refuse a read that does not return it."""
        if NODE not in (asked.headers.get("Cookie") or ""):
            raise unauthorized("the session is not known on this node")
        return None


@quirk("auth.vendor-header")
class VendorHeader(Quirk):
    """The grade book wants a partner's key and secret in a header of its own (D28)."""

    def admit(self, asked: ApiRequest) -> WholeAnswer | None:
        """Refuse the grade book without the header."""
        words = asked.path.strip("/").split("/")
        if any(word in GRADEBOOK for word in words) and ":" not in (asked.headers.get(VENDOR_HEADER) or ""):
            raise unauthorized(f"{VENDOR_HEADER} is missing")
        return None


@quirk("auth.credential-expired")
class CredentialExpired(Quirk):
    """The pair was made a year ago and opens nothing any more (D29)."""

    def token_request(self, request: TokenRequest) -> str | None:
        """Refuse every token request."""
        return "invalid_client"

    def admit(self, asked: ApiRequest) -> WholeAnswer | None:
        """Refuse every read."""
        raise unauthorized("the credential has expired")


@quirk("auth.refusal-as-200")
class RefusalAs200(Quirk):
    """A refused read is 200 with an error in its body (D32)."""

    def error(self, error: ErrorAnswer) -> ErrorAnswer:
        """Turn 401 into success."""
        if error.status != 401:
            return error
        return replace(error, status=200, body=orjson.dumps({"error": "unauthorized"}))


@quirk("auth.no-www-authenticate")
class NoWwwAuthenticate(Quirk):
    """A 401 that does not say how to sign in (D35)."""

    def error(self, error: ErrorAnswer) -> ErrorAnswer:
        """Drop the header."""
        kept = {name: value for name, value in error.headers.items() if name != "WWW-Authenticate"}
        return replace(error, headers=kept) if error.status == 401 else error


@quirk("auth.refusal-without-body")
class RefusalWithoutBody(Quirk):
    """A 401 without a body (D35)."""

    def error(self, error: ErrorAnswer) -> ErrorAnswer:
        """Drop the body."""
        return replace(error, body=b"") if error.status == 401 else error
