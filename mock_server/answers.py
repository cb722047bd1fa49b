"""Refusals with the status codes and payloads of the 1.1 text.

Raised anywhere in the server, written by the application; descriptions name fields and parameters, never values
of a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oneroster_standard import status_info


class Refusal(Exception):
    """An error answer: HTTP status, code minor, description."""

    def __init__(
        self, status: int, code_minor: str, description: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(description)
        self.status = status
        self.code_minor = code_minor
        self.description = description
        self.headers = dict(headers or {})

    def payload(self, spec: str = "1.1") -> dict[str, Any]:
        """The JSON body of a version; 1.1's has the description once more at the top for clients that look there."""
        if spec != "1.1":
            code_minor = "internal_server_error" if self.status == 500 else self.code_minor
            return status_info.payload_1p2("failure", "error", code_minor, self.description)
        found = status_info.payload("failure", "error", self.code_minor, self.description)
        return {**found, "imsx_description": self.description}


def bad_request(description: str, code_minor: str = "invalid data") -> Refusal:
    """400: a request that cannot be read."""
    return Refusal(400, code_minor, description)


def unknown_object(description: str) -> Refusal:
    """404: no object behind the path."""
    return Refusal(404, "unknown object", description)


def _challenge(error: str = "") -> dict[str, str]:
    """The challenge of RFC 6750, section 3; it names an error only where a token was sent."""
    return {"WWW-Authenticate": 'Bearer realm="OneRoster"' + (f', error="{error}"' if error else "")}


def unauthorized(description: str, error: str = "") -> Refusal:
    """401: not signed in. error: invalid_token for a token that is not good."""
    return Refusal(401, "unauthorized", description, _challenge(error))


def forbidden(description: str, error: str = "") -> Refusal:
    """403: signed in, but not allowed. error: insufficient_scope for a token that opens too little."""
    return Refusal(403, "forbidden", description, _challenge(error) if error else None)


def warning(code_minor: str, description: str) -> dict[str, str]:
    """A status entry that goes with data: success, severity warning."""
    return status_info.entry("success", "warning", code_minor, description)
