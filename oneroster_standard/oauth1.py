"""OAuth 1.0a one-legged signing as OneRoster 1.1 uses it, on oauthlib.

Called by clients to sign and by the mock to verify. No signature arithmetic of our own: both sides share this
module, so published vectors pin it. Never keeps nonces; the server that verifies does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, cast
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from oauthlib.common import safe_string_equals, urldecode
from oauthlib.oauth1 import Client
from oauthlib.oauth1.rfc5849 import signature
from oauthlib.oauth1.rfc5849.utils import parse_authorization_header

HttpMethod = Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE"]
Pairs = list[tuple[str, str]]
METHODS = ("HMAC-SHA256", "HMAC-SHA1")
WINDOW_PAST_S = 600
WINDOW_FUTURE_S = 300
_LEGAL_IN_QUERY = "%=&;:+~,*@!()/?'$-._"
_PLAIN_URL = re.compile(r"[A-Za-z0-9%=&;:+~,*@!()/?'$._\-]*", re.ASCII)
_PLAIN_PARAMETER = r'[A-Za-z0-9_]+="[^"\\]*"'
_PLAIN_HEADER = re.compile(rf"OAuth {_PLAIN_PARAMETER}(?:, ?{_PLAIN_PARAMETER})*", re.ASCII)
_PARAMETER = re.compile(r'([A-Za-z0-9_]+)="([^"\\]*)"', re.ASCII)
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
    if _PLAIN_URL.fullmatch(url):
        return url
    parts = urlsplit(url)
    return urlunsplit(
        parts._replace(query=quote(parts.query, safe=_LEGAL_IN_QUERY), fragment="")
    )


def _header_parameters(header: str) -> Pairs:
    """The parameters of an Authorization header: the form that every client sends in one go, any other by oauthlib."""
    if _PLAIN_HEADER.fullmatch(header):
        return list(dict(_PARAMETER.findall(header)).items())
    return list(parse_authorization_header(header))


def _protocol_parameters(authorization: str | None, query: str) -> tuple[dict[str, str], Pairs]:
    """The OAuth parameters of a request, and all that its header adds to what is signed."""
    in_query = (
        {name: value for name, value in urldecode(query) if name.startswith("oauth_")}
        if "oauth" in query or "%" in query
        else {}
    )
    if not (authorization and _SCHEME.match(authorization)):
        return in_query, []
    try:
        pairs = _header_parameters(_SCHEME.sub("OAuth ", authorization, count=1))
    except ValueError as error:
        raise SignatureRefused(
            "the Authorization header cannot be read as OAuth parameters"
        ) from error
    if in_query:
        raise SignatureRefused("OAuth parameters stand in the header and in the query")
    read = [(name, unquote(value)) for name, value in pairs]
    signed = [
        (name, plain if name.startswith("oauth_") else raw)
        for (name, plain), (_, raw) in zip(read, pairs, strict=True)
        if name not in ("realm", "oauth_signature")
    ]
    return dict(read), signed


@lru_cache(maxsize=1024)
def _base_uri(url: str) -> str:
    """The address of the signature base string. Pages of a walk differ in their query only, which is no part of it."""
    return str(signature.base_string_uri(url))


@lru_cache(maxsize=64)
def _client(key: str, secret: str) -> Client:
    return Client(key, client_secret=secret)


def _fits(method: str, url: str, params: Pairs, signed_by: SignedBy, text: str, secret: str) -> bool:
    """Whether a signature is that of a request; each step is oauthlib's, the comparison takes constant time."""
    # The types that are known of oauthlib are narrower than what it takes: any method, and pairs.
    normalized = signature.normalize_parameters(cast(dict[str, str], params))
    base = signature.signature_base_string(cast(HttpMethod, method), _base_uri(url.partition("?")[0]), normalized)
    sign_with = signature.sign_hmac_sha1_with_client if signed_by.method == "HMAC-SHA1" else signature.sign_hmac_sha256_with_client
    return bool(safe_string_equals(sign_with(base, _client(signed_by.key, secret)), text))


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
    query = legal.partition("?")[2]
    try:
        found, in_header = _protocol_parameters(authorization, query)
        params = signature.collect_parameters(uri_query=query, body=[], headers={}) + in_header
    except ValueError as error:
        raise SignatureRefused("the query cannot be decoded") from error
    signed_by, text = _claims(found, methods, now)
    secret = secret_of(signed_by.key)
    # An unknown key is verified too, against an empty secret, so that both refusals take the same time.
    if not _fits(method, legal, params, signed_by, text, secret or "") or secret is None:
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
