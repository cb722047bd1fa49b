"""Quirks of the payload around the records."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mock_server.quirks.hooks import Page, Quirk, quirk

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
