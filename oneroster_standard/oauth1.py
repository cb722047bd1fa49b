"""OAuth 1.0a one-legged signing as OneRoster 1.1 uses it, on oauthlib.

Called by clients to sign and by the mock to verify. No signature arithmetic of our own: both sides share this
module, so published vectors pin it. Never keeps nonces; the server that verifies does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, cast
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from oauthlib.common import Request, urldecode
from oauthlib.oauth1 import Client
from oauthlib.oauth1.rfc5849 import signature
from oauthlib.oauth1.rfc5849.utils import parse_authorization_header

HttpMethod = Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE"]
METHODS = ("HMAC-SHA256", "HMAC-SHA1")
WINDOW_PAST_S = 600
WINDOW_FUTURE_S = 300
_LEGAL_IN_QUERY = "%=&;:+~,*@!()/?'$-._"
_SCHEME = re.compile(r"oauth[ ,]\s*", re.IGNORECASE)


class SignatureRefused(Exception):
    """A signed request that cannot be accepted; reason is safe to show (no key, no secret)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class SignedBy:
    """Who signed a verified request, and the pair that must not come twice."""

    key: str
    nonce: str
    timestamp: int
    method: str


@dataclass(frozen=True, slots=True)
class _Signed:
    """What oauthlib's verification reads of a request."""

    http_method: str
    uri: str
    params: list[tuple[str, str]]
    signature: str


def sign(
    method: HttpMethod,
    url: str,
    *,
    key: str,
    secret: str,
    signature_method: str = "HMAC-SHA256",
    timestamp: int | None = None,
    nonce: str | None = None,
) -> dict[str, str]:
    """Return the Authorization header for a request without a form body.

    url: exactly as it will be sent, query included. timestamp (seconds) and nonce are drawn by oauthlib
    when they are not given.
    """
    client = Client(
        key,
        client_secret=secret,
        signature_method=signature_method,
        timestamp=None if timestamp is None else str(timestamp),
        nonce=nonce,
    )
    _, headers, _ = client.sign(_legal(url), http_method=method)
    return {"Authorization": str(headers["Authorization"])}


def is_signed(authorization: str | None, query: str) -> bool:
    """Whether a request carries OAuth 1.0a parameters, in its header or in its query."""
    return bool(authorization and authorization[:5].lower() == "oauth" and _SCHEME.match(authorization)) or "oauth_signature=" in query


def _legal(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(
        parts._replace(query=quote(parts.query, safe=_LEGAL_IN_QUERY), fragment="")
    )


def _protocol_parameters(
    authorization: str | None, query: str
) -> tuple[dict[str, str], dict[str, str]]:
    in_query = (
        {name: value for name, value in urldecode(query) if name.startswith("oauth_")}
        if "oauth" in query or "%" in query
        else {}
    )
    if not (authorization and _SCHEME.match(authorization)):
        return in_query, {}
    header = _SCHEME.sub("OAuth ", authorization, count=1)
    try:
        in_header = {
            name: unquote(value) for name, value in parse_authorization_header(header)
        }
    except ValueError as error:
        raise SignatureRefused(
            "the Authorization header cannot be read as OAuth parameters"
        ) from error
    if in_query:
        raise SignatureRefused("OAuth parameters stand in the header and in the query")
    return in_header, {"Authorization": header}


def verify(
    method: str,
    url: str,
    *,
    authorization: str | None,
    secret_of: Callable[[str], str | None],
    now: float,
    methods: tuple[str, ...] = METHODS,
) -> SignedBy:
    """Check a signed request; raises SignatureRefused with the reason.

    url: absolute, as the client called it. secret_of: secret of a key, None when the key is unknown.
    now: seconds since 1970. The caller refuses a (key, timestamp, nonce) that it has seen already.
    Window: 600 s into the past, 300 s into the future (the standard's number is UNCONFIRMED).
    Source: RFC 5849, sections 3.2 and 3.4.
    """
    legal = _legal(url)
    query = urlsplit(legal).query
    try:
        found, headers = _protocol_parameters(authorization, query)
        params = signature.collect_parameters(uri_query=query, body=[], headers=headers)
    except ValueError as error:
        raise SignatureRefused("the query cannot be decoded") from error
    signed_by, text = _claims(found, methods, now)
    secret = secret_of(signed_by.key)
    request = cast(
        Request, _Signed(http_method=method, uri=legal, params=params, signature=text)
    )
    check = (
        signature.verify_hmac_sha1
        if signed_by.method == "HMAC-SHA1"
        else signature.verify_hmac_sha256
    )
    # An unknown key is verified too, against an empty secret, so that both refusals take the same time.
    if not check(request, secret or "", "") or secret is None:
        raise SignatureRefused(
            "the signature does not fit the request, or the key is unknown"
        )
    return signed_by


def _claims(
    found: Mapping[str, str], methods: tuple[str, ...], now: float
) -> tuple[SignedBy, str]:
    for name in (
        "oauth_consumer_key",
        "oauth_nonce",
        "oauth_timestamp",
        "oauth_signature_method",
        "oauth_signature",
    ):
        if not found.get(name):
            raise SignatureRefused(f"{name} is missing")
    if found.get("oauth_version", "1.0") != "1.0":
        raise SignatureRefused("oauth_version is not 1.0")
    if found["oauth_signature_method"] not in methods:
        raise SignatureRefused(
            f"the signature method is not one of {', '.join(methods)}"
        )
    if not found["oauth_timestamp"].isdecimal() or len(found["oauth_timestamp"]) > 12:
        raise SignatureRefused("oauth_timestamp is not a whole number of seconds")
    timestamp = int(found["oauth_timestamp"])
    if timestamp < now - WINDOW_PAST_S:
        raise SignatureRefused(
            f"oauth_timestamp is {int(now - timestamp)} s old; at most {WINDOW_PAST_S} s are accepted"
        )
    if timestamp > now + WINDOW_FUTURE_S:
        raise SignatureRefused(
            f"oauth_timestamp is {int(timestamp - now)} s ahead; at most {WINDOW_FUTURE_S} s are accepted"
        )
    claimed = SignedBy(
        found["oauth_consumer_key"],
        found["oauth_nonce"],
        timestamp,
        found["oauth_signature_method"],
    )
    return claimed, found["oauth_signature"]
