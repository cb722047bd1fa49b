"""A vendor's own rendering of a collection: every record through the record hooks, written once.

Called by the provider when one of its quirks changes records; without such a quirk the district's store is served
as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mock_server.collections import Rows
from mock_server.quirks.hooks import Quirk, RecordContext
from oneroster_standard.marks import parse, render
from oneroster_standard.standard import EntityClass, Standard
from oneroster_standard.store import CollectionWriter, StoreCollection

_TEXTS = ("string", "uri")


def context_of(entity: EntityClass, row: int) -> RecordContext:
    """What a hook may know about a record of a class."""
    optional = [
        item for item in entity.properties if not item.required and item.kind not in ("metadata", "object")
    ]
    return RecordContext(
        row=row,
        texts=tuple(item.name for item in optional if item.kind in _TEXTS and not item.is_list),
        optional=tuple(item.name for item in optional if not item.is_list),
        lists=tuple(item.name for item in optional if item.is_list),
    )


def changes_records(quirk: Quirk) -> bool:
    """Whether a quirk overrides the record hook."""
    return type(quirk).record is not Quirk.record


def render_collection(
    standard: Standard, name: str, rows: Rows, quirks: Sequence[Quirk], folder: Path
) -> Rows:
    """Write a collection again with every record hook applied; returns the mapped result."""
    entity = standard.collection(name)
    base = context_of(entity, 0)
    writer = CollectionWriter(folder, name)
    batch: list[bytes] = []
    for row, raw in enumerate(rows.iter_bytes()):
        record = parse(raw)
        context = RecordContext(row, base.texts, base.optional, base.lists)
        for quirk in quirks:
            record = quirk.record(name, record, context)
        batch.append(render(record))
        if len(batch) == 4096:
            writer.extend(batch)
            batch = []
    writer.extend(batch)
    writer.close()
    return StoreCollection(folder, name)
