"""Quirks of errors and content types."""

from __future__ import annotations

from dataclasses import replace

from mock_server.quirks.hooks import ErrorAnswer, Quirk, quirk

_HTML = b"<!doctype html><html><head><title>Not Found</title></head><body><h1>Not Found</h1></body></html>"


@quirk("error.html-not-found")
class HtmlNotFound(Quirk):
    """404 as a web page (D72)."""

    def error(self, error: ErrorAnswer) -> ErrorAnswer:
        """Swap the body."""
        if error.status != 404:
            return error
        return replace(
            error, body=_HTML, headers={**error.headers, "Content-Type": "text/html; charset=utf-8"}
        )


@quirk("error.unknown-id-empty-200")
class UnknownIdEmpty(Quirk):
    """200 with an empty object for an unknown id (D69)."""

    def error(self, error: ErrorAnswer) -> ErrorAnswer:
        """Turn a missing object into success."""
        if error.status != 404 or "no such object" not in str(error.payload.get("imsx_description", "")):
            return error
        return replace(error, status=200, body=b"{}")


@quirk("error.content-type-wrong")
class ContentTypeWrong(Quirk):
    """JSON labelled as text (D73)."""

    def headers(self, headers: dict[str, str]) -> dict[str, str]:
        """Change the label of JSON answers."""
        if headers.get("Content-Type") != "application/json":
            return headers
        return {**headers, "Content-Type": "text/plain; charset=utf-8"}
