"""What a perfect consumer of a vendor would hold: each entity's landed rows, by API or by CSV.

Called by the admin API. Made from the store's records and the vendor's data, not from its wire habits: blanks are
trimmed, null and empty text are absence, booleans are words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mock_server.nested_truth import NESTED
from mock_server.provider import Provider
from oneroster_standard.marks import parse
from oneroster_standard.standard import CsvColumn, CsvFile

RENAMED = {"preferredGivenName": "preferredFirstName", "preferredFamilyName": "preferredLastName"}
"""Header of 1.2 -> the property that holds the same fact under another name."""
_PAIRS = (("type", "identifier"), ("itemValueLHS", "itemValueRHS"))


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
        return _item(value)
    if isinstance(value, list):
        return [_item(one) for one in value] or None
    return _text(value)


def _item(value: Any) -> str | None:
    if not isinstance(value, Mapping):
        return _text(value)
    for left, right in _PAIRS:
        if left in value and right in value:
            return f"{{{value[left]}:{value[right]}}}"
    return _text(value["sourcedId"])


def rows(provider: Provider, entity: str, channel: str) -> Iterator[dict[str, Any]]:
    """Landed rows of an entity, keys in order of the CSV headers.

    channel: api or csv. A bulk bundle carries no dateLastModified, so that channel has none, and it carries the
    district's own values where the API's record-level habits change them. What the vendor's API does not serve has no
    rows in that channel. KeyError for an unknown entity.
    """
    file = provider.standard.csv_files[f"{entity}.csv"]
    nested = NESTED.get(entity)
    collection = nested.collection if nested else entity
    if channel == "api" and provider.standard.collection(collection).service not in provider.services:
        return
    schools = _schools(provider, channel) if entity == "scoreScales" else {}
    for record in _records(provider, collection, channel):
        for row in nested.rows(record) if nested else [_plain(file, record)]:
            if schools:
                # A scale names its class in the API, and the school of that class as well in a file.
                row["orgSourcedId"] = schools.get(str(_landed(row["classSourcedId"])))
            landed = {column.header: _cell(column, row.get(column.header)) for column in file.columns}
            stamp = None if nested or channel == "csv" else landed["dateLastModified"]
            yield {**landed, "status": record.get("status") or "active", "dateLastModified": stamp}


def _records(provider: Provider, collection: str, channel: str) -> Iterator[Mapping[str, Any]]:
    """Records by a channel, with tombstones that the vendor drops: their absence says the same.

    A bundle is made of the district's day: what clients wrote into the gradebook is not in it.
    """
    if channel == "csv":
        is_written = provider.standard.collection(collection).service == "gradebook"
        source = provider.store.collection(collection, provider.spec) if is_written else provider.base(collection)
    else:
        source = provider.rows(collection)
    yield from map(parse, source.iter_bytes())
    yield from map(parse, provider.dropped(collection))


def _schools(provider: Provider, channel: str) -> dict[str, str]:
    return {found["sourcedId"]: found["school"]["sourcedId"] for found in _records(provider, "classes", channel)}


def _plain(file: CsvFile, record: Mapping[str, Any]) -> dict[str, Any]:
    return {column.header: record.get(RENAMED.get(column.header, column.property)) for column in file.columns}


def _cell(column: CsvColumn, value: Any) -> Any:
    landed = _landed(value)
    if isinstance(landed, list) and not column.is_list:
        return ",".join(landed)  # a user's grades are a list in the API and one text in a file of 1.2
    return landed[:10] if column.format == "date" and landed else landed
