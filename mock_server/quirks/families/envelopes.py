"""Quirks of the payload around the records."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import orjson

from mock_server.quirks.hooks import ApiRequest, Page, Quirk, WholeAnswer, quirk

if TYPE_CHECKING:
    from mock_server.provider import Provider


@quirk("envelope.endpoint-named")
class EndpointNamed(Quirk):
    """The payload key is the last word of the path (D62)."""

    def page(self, page: Page, provider: Provider) -> Page:
        """Rename the key."""
        return replace(page, key=page.path.rstrip("/").rpartition("/")[2])


@quirk("envelope.single-as-array")
class SingleAsArray(Quirk):
    """A single object comes in an array (D65)."""

    def single(self, key: str, body: bytes) -> tuple[str, bytes]:
        """Wrap the object."""
        return key, b"[" + body + b"]"


@quirk("envelope.extra-keys")
class ExtraKeys(Quirk):
    """status and totalCount beside the records (D67)."""

    def page(self, page: Page, provider: Provider) -> Page:
        """Add the members."""
        return replace(page, extra={**page.extra, "status": 1, "totalCount": page.total})


def _is_empty_page(answer: WholeAnswer) -> bool:
    return answer.status == 200 and answer.body.startswith(b'{"') and answer.body.endswith(b'":[]}')


@quirk("envelope.bare-array")
class BareArray(Quirk):
    """A collection is an array without a key (D64)."""

    def page(self, page: Page, provider: Provider) -> Page:
        """Mark the page for the answer."""
        return replace(page, headers={**page.headers, "x-bare": "1"})

    def answer(self, asked: ApiRequest, answer: WholeAnswer) -> WholeAnswer:
        """Take the array out of its object."""
        if "x-bare" not in answer.headers:
            return answer
        headers = {name: value for name, value in answer.headers.items() if name != "x-bare"}
        records = next(value for value in orjson.loads(answer.body).values() if isinstance(value, list))
        return WholeAnswer(answer.status, headers, orjson.dumps(records))


@quirk("envelope.single-named-by-type")
class SingleNamedByType(Quirk):
    """A single org or session stands under its type, such as school or term (D63)."""

    def single(self, key: str, body: bytes) -> tuple[str, bytes]:
        """Rename the key."""
        return (str(orjson.loads(body).get("type", key)), body) if key in ("org", "academicSession") else (key, body)


@quirk("envelope.empty-body")
class EmptyBody(Quirk):
    """An unfiltered page without records is 200 and no body at all (D68)."""

    def answer(self, asked: ApiRequest, answer: WholeAnswer) -> WholeAnswer:
        """Drop the body."""
        return replace(answer, body=b"") if _is_empty_page(answer) and "filter=" not in asked.query else answer


@quirk("paging.past-end-without-key")
class PastEndWithoutKey(Quirk):
    """Past the last record the body is an empty object (D46)."""

    def answer(self, asked: ApiRequest, answer: WholeAnswer) -> WholeAnswer:
        """Drop the key."""
        offset = parse_qs(asked.query).get("offset", ["0"])[0]
        return replace(answer, body=b"{}") if offset.strip("0") and _is_empty_page(answer) else answer
