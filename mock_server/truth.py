"""What a perfect consumer of a vendor would hold: each entity's landed rows, by API or by CSV.

Called by the admin API. Made from the store's records and the vendor's data, not from its wire habits: blanks are
trimmed, null and empty text are absence, booleans are words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mock_server.provider import Provider
from oneroster_standard.marks import parse

LINKS = {"classResources": ("classes", "classSourcedId"), "courseResources": ("courses", "courseSourcedId")}


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    found = str(value).strip()
    return found or None


def _landed(value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, Mapping):
        return _text(value["sourcedId"])
    if isinstance(value, list):
        found = []
        for one in value:
            if isinstance(one, Mapping):
                user_id = (
                    f"{{{one['type']}:{one['identifier']}}}"
                    if "identifier" in one
                    else _text(one["sourcedId"])
                )
                found.append(user_id)
            else:
                found.append(_text(one))
        return found or None
    return _text(value)


def rows(provider: Provider, entity: str, channel: str) -> Iterator[dict[str, Any]]:
    """Landed rows of an entity, keys in order of the CSV headers.

    channel: api or csv. A bulk bundle carries no dateLastModified, so that channel has none, and it carries the
    district's own values where the API's record-level habits change them. What the vendor's API does not serve has no
    rows in that channel. KeyError for an unknown entity.
    """
    file = provider.standard.csv_files[f"{entity}.csv"]
    if entity in LINKS:
        yield from _links(provider, entity, channel)
        return
    if channel == "api" and provider.standard.collection(entity).service not in provider.services:
        return
    source = provider.store.collection(entity, provider.spec) if channel == "csv" else provider.rows(entity)
    for raw in source.iter_bytes():
        record = parse(raw)
        row: dict[str, Any] = {}
        for column in file.columns:
            value = _landed(record.get(column.property))
            row[column.header] = value[:10] if column.format == "date" and value else value
        row["status"] = "active"
        if channel == "csv":
            row["dateLastModified"] = None
        yield row


def _links(provider: Provider, entity: str, channel: str) -> Iterator[dict[str, Any]]:
    parent, header = LINKS[entity]
    source = provider.store.collection(parent, provider.spec) if channel == "csv" else provider.rows(parent)
    for raw in source.iter_bytes():
        record = parse(raw)
        for resource in record.get("resources") or ():
            own, linked = _text(record["sourcedId"]), _text(resource["sourcedId"])
            yield {
                "sourcedId": f"{own}-{linked}", "status": "active", "dateLastModified": None, "title": None,
                header: own, "resourceSourcedId": linked,
            }  # fmt: skip
