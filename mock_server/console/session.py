"""Signing in to the console: the admin token once, then a cookie that is worth nothing elsewhere.

Called by the pages. The cookie is signed with a key made from the token, so that every worker knows it and nothing is kept.
"""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import urlsplit

from flask import Request, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

COOKIE = "oneroster_console"
LIFE_S = 12 * 3600
_SIGNED_IN = "signed in"


class Session:
    """Who may change things. admin_token: what a person types once."""

    def __init__(self, admin_token: str) -> None:
        self._token = admin_token
        key = hashlib.sha256(b"oneroster-console/" + admin_token.encode()).digest()
        self._serializer = URLSafeTimedSerializer(key, salt="console")

    def accepts(self, token: str) -> bool:
        """Whether this is the admin token."""
        return hmac.compare_digest(token.strip().encode(), self._token.encode())

    def is_open(self, request: Request) -> bool:
        """Whether a browser has signed in."""
        try:
            return bool(self._serializer.loads(request.cookies.get(COOKIE, ""), max_age=LIFE_S) == _SIGNED_IN)
        except BadSignature:
            return False

    def begin(self, response: Response, path: str) -> None:
        """Give the cookie."""
        response.set_cookie(
            COOKIE, str(self._serializer.dumps(_SIGNED_IN)), max_age=LIFE_S, httponly=True, samesite="Strict", path=path
        )

    def end(self, response: Response, path: str) -> None:
        """Take the cookie away."""
        response.delete_cookie(COOKIE, path=path)


def is_own_form(request: Request) -> bool:
    """Whether a form came from a page of this server, and not from a site that the browser happens to have open."""
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host
