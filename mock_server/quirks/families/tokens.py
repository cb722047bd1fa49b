"""Quirks of the token endpoint."""

from __future__ import annotations

from mock_server.quirks.hooks import Quirk, Record, TokenRequest, quirk


@quirk("token.expires-in-string")
class ExpiresInString(Quirk):
    """expires_in as text; such a server names no scope either (D17)."""

    def token(self, answer: Record) -> Record:
        """Turn the number into text."""
        found = {name: value for name, value in answer.items() if name != "scope"}
        return {**found, "expires_in": str(answer["expires_in"])}


@quirk("token.reissued")
class Reissued(Quirk):
    """The live token again, with what is left of its life (D18)."""

    def __init__(self) -> None:
        self._first: Record | None = None
        self._asked = 0

    def token(self, answer: Record) -> Record:
        """Hand out the first answer again, one second shorter each time."""
        if self._first is None:
            self._first = dict(answer)
        self._asked += 1
        life = int(self._first["expires_in"]) - (self._asked - 1)
        return {**self._first, "expires_in": str(life) if isinstance(answer["expires_in"], str) else life}


@quirk("token.basic-only")
class BasicOnly(Quirk):
    """Credentials in the body are refused (D14)."""

    def token_request(self, request: TokenRequest) -> str | None:
        """Refuse when there is no Basic header."""
        return None if request.in_header else "invalid_client"


@quirk("token.app-name-required")
class AppNameRequired(Quirk):
    """The token URL must carry appName (D04); the status of the refusal is assumed."""

    def token_request(self, request: TokenRequest) -> str | None:
        """Refuse when the query has no appName."""
        return None if request.query.get("appName") else "invalid_request"
