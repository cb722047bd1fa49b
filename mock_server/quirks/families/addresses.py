"""Quirks of addresses: service roots, slashes, pages of the web server in the place of data."""

from __future__ import annotations

from dataclasses import replace

import orjson

from mock_server.answers import unknown_object
from mock_server.quirks.hooks import ApiRequest, ErrorAnswer, Quirk, WholeAnswer, quirk
from mock_server.web_server import HTML, SIGN_IN_PAGE


@quirk("address.base-path-moved")
class BasePathMoved(Quirk):
    """The first service root is gone (D01); the mounts read this."""


@quirk("address.tail-not-ims")
class TailNotIms(Quirk):
    """The service root lacks /ims (D02); the mounts read this. A root without it is served as it is."""


@quirk("address.trailing-slash-404")
class TrailingSlashNotFound(Quirk):
    """A slash at the end is another path (D10)."""

    def admit(self, asked: ApiRequest) -> WholeAnswer | None:
        """Refuse a path with a slash at its end."""
        if len(asked.path) > 1 and asked.path.endswith("/"):
            raise unknown_object("no such path")
        return None


@quirk("address.trailing-slash-redirect")
class TrailingSlashRedirect(Quirk):
    """A slash at the end is redirected to the path without it (D10)."""

    def admit(self, asked: ApiRequest) -> WholeAnswer | None:
        """Lead to the path without the slash."""
        if len(asked.path) < 2 or not asked.path.endswith("/"):
            return None
        place = f"../{asked.path.rstrip('/').rpartition('/')[2]}"
        return WholeAnswer(301, {"Location": f"{place}?{asked.query}" if asked.query else place}, b"")


@quirk("address.login-page-200")
class LoginPage(Quirk):
    """Every path under the service root gives the web site's sign-in form (D12)."""

    def admit(self, asked: ApiRequest) -> WholeAnswer | None:
        """Show the form."""
        return WholeAnswer(200, {"Content-Type": HTML}, SIGN_IN_PAGE)


@quirk("address.wrong-path-login-page")
class WrongPathLoginPage(Quirk):
    """A path that the API does not have gives the web site's sign-in form (D12)."""

    def error(self, error: ErrorAnswer) -> ErrorAnswer:
        """Show the form instead of 404."""
        if error.status != 404 or "no such path" not in str(error.payload.get("imsx_description", "")):
            return error
        return replace(error, status=200, headers={**error.headers, "Content-Type": HTML}, body=SIGN_IN_PAGE)


@quirk("endpoint.private-parameter")
class PrivateParameter(Quirk):
    """ext_basic=true leaves lists of children out (D61)."""

    def answer(self, asked: ApiRequest, answer: WholeAnswer) -> WholeAnswer:
        """Take children out of the records."""
        if answer.status != 200 or "ext_basic=true" not in asked.query or not answer.body.startswith(b"{"):
            return answer
        return replace(answer, body=_without_children(answer.body))


def _without_children(body: bytes) -> bytes:
    document = orjson.loads(body)
    for value in document.values():
        for record in value if isinstance(value, list) else [value]:
            if isinstance(record, dict):
                record.pop("children", None)
    return orjson.dumps(document)
