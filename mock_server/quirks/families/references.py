"""Quirks of references between objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mock_server.quirks.hooks import Quirk, Record, RecordContext, quirk

_NARROW = {"school": "school", "terms": "term", "gradingPeriod": "gradingPeriod", "student": "student"}
OTHER_HOST = "https://district.rosterserver.example"


def each_reference(record: Record, change: Callable[[str, dict[str, str]], dict[str, str]]) -> Record:
    """The record with every reference changed; change is given the property's name and the reference."""

    def walk(name: str, value: Any) -> Any:
        if isinstance(value, dict) and "sourcedId" in value:
            return change(name, value)
        if isinstance(value, list) and value and isinstance(value[0], dict) and "sourcedId" in value[0]:
            return [change(name, item) for item in value]
        return value

    return {name: walk(name, value) for name, value in record.items()}


@quirk("reference.href-other-host")
class HrefOtherHost(Quirk):
    """hrefs lead to the district's own server (D08)."""

    def root(self, root: str) -> str:
        """Another host, the standard's path of the version."""
        *_, service, version = root.split("/")
        return f"{OTHER_HOST}/ims/oneroster/{service}/v1p2" if version == "v1p2" else f"{OTHER_HOST}/ims/oneroster/v1p1"


@quirk("reference.href-missing")
class HrefMissing(Quirk):
    """References hold sourcedId and type only (D09)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Drop every href."""
        return each_reference(record, lambda _, found: {key: text for key, text in found.items() if key != "href"})


@quirk("reference.type-narrow")
class TypeNarrow(Quirk):
    """Reference types of typed views: school, term, student (D89)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Narrow the types by the property's name."""
        return each_reference(record, lambda name, found: {**found, "type": _NARROW.get(name, found["type"])})
