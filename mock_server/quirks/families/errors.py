"""Quirks of errors and content types."""

from __future__ import annotations

from dataclasses import replace

import orjson

from mock_server.answers import Refusal
from mock_server.quirks.hooks import ApiRequest, ErrorAnswer, Quirk, WholeAnswer, quirk

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


@quirk("error.private-shape")
class PrivateShape(Quirk):
    """Errors in a form of the vendor's own (D71)."""

    def error(self, error: ErrorAnswer) -> ErrorAnswer:
        """Keep a message only."""
        return replace(error, payload={"message": "the request could not be carried out"})


@quirk("error.code-minor-spelling")
class CodeMinorSpelling(Quirk):
    """imsx_CodeMinor with a capital letter (D71)."""

    def error(self, error: ErrorAnswer) -> ErrorAnswer:
        """Rename the member in every entry."""
        entries = [
            {name.replace("imsx_codeMinor", "imsx_CodeMinor"): value for name, value in entry.items()}
            for entry in error.payload.get("statusInfoSet", ())
        ]
        return replace(error, payload={**error.payload, "statusInfoSet": entries})


def _is_single(asked: ApiRequest) -> bool:
    return len(asked.path.strip("/").split("/")) == 2


class _UnknownId(Quirk):
    status = 404

    def answer(self, asked: ApiRequest, answer: WholeAnswer) -> WholeAnswer:
        """Change the status of a missing object."""
        return replace(answer, status=self.status) if answer.status == 404 and _is_single(asked) else answer


@quirk("error.unknown-id-400")
class UnknownIdBadRequest(_UnknownId):
    """400 for an unknown id (D69)."""

    status = 400


@quirk("error.unknown-id-500")
class UnknownIdFails(_UnknownId):
    """500 for an unknown id (D69)."""

    status = 500


@quirk("relationship.unknown-parent-empty")
class UnknownParentEmpty(Quirk):
    """200 and an empty list for an unknown school, term or class (D70)."""

    def answer(self, asked: ApiRequest, answer: WholeAnswer) -> WholeAnswer:
        """Turn the missing parent into an empty list."""
        words = asked.path.strip("/").split("/")
        if answer.status != 404 or len(words) < 3:
            return answer
        key = {"students": "users", "teachers": "users", "terms": "academicSessions", "gradingPeriods": "academicSessions"}
        body = orjson.dumps({key.get(words[-1], words[-1]): []})
        return WholeAnswer(200, {**answer.headers, "X-Total-Count": "0"}, body)


@quirk("permission.forbidden-as-500")
class ForbiddenAsFault(Quirk):
    """Demographics that are not shared are a 500 (D34)."""

    def admit(self, asked: ApiRequest) -> WholeAnswer | None:
        """Fail on demographics."""
        if asked.segment == "demographics":
            raise Refusal(500, "internal_server_error", "the request could not be carried out")
        return None


class _Text(Quirk):
    def change(self, body: bytes) -> bytes:
        """Change the text of a JSON answer."""
        return body

    def answer(self, asked: ApiRequest, answer: WholeAnswer) -> WholeAnswer:
        """Change the text of answers with records."""
        return replace(answer, body=self.change(answer.body)) if answer.status == 200 and not asked.is_token else answer


@quirk("json.byte-order-mark")
class ByteOrderMark(_Text):
    """Bodies begin with a byte order mark (D74)."""

    def change(self, body: bytes) -> bytes:
        """Put the mark before the text."""
        return b"\xef\xbb\xbf" + body


@quirk("json.duplicate-keys")
class DuplicateKeys(_Text):
    """Records bear status twice (D74)."""

    def change(self, body: bytes) -> bytes:
        """Repeat the member."""
        return body.replace(b'"status":"active"', b'"status":"active","status":"active"')
