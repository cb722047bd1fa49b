"""Quirks of values: absence, types, forms, spellings."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mock_server.quirks.hooks import Page, Quirk, Record, RecordContext, quirk
from oneroster_standard.store import KEY, SEPARATOR, sourced_id_of

if TYPE_CHECKING:
    from mock_server.provider import Provider

IMPORT_TIME = "2026-09-30T02:00:01.000Z"


def _map(record: Record, names: tuple[str, ...], change: Callable[[Any], Any]) -> Record:
    return {
        name: change(value) if name in names and value is not None else value
        for name, value in record.items()
    }


@quirk("value.null-instead-of-absent")
class NullInsteadOfAbsent(Quirk):
    """Absent optional properties are null (D77)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Add what is absent."""
        return {
            **record,
            **{name: None for name in (*context.optional, *context.lists) if name not in record},
        }


@quirk("value.empty-string-instead-of-absent")
class EmptyStringInsteadOfAbsent(Quirk):
    """Absent texts are empty, absent lists are [], and there is no metadata (D78)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Add what is absent, take metadata away."""
        kept = {name: value for name, value in record.items() if name != "metadata"}
        texts = {name: "" for name in context.texts if name not in kept}
        return {**kept, **texts, **{name: [] for name in context.lists if name not in kept}}


@quirk("value.boolean-json")
class BooleanJson(Quirk):
    """enabledUser, primary and the races are JSON booleans (D76)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Turn the words into booleans."""
        words = {"true": True, "false": False}
        return {
            name: words.get(value, value)
            if isinstance(value, str) and name not in ("title", "name")
            else value
            for name, value in record.items()
        }


@quirk("value.number-instead-of-string")
class NumberInsteadOfString(Quirk):
    """A session's schoolYear is a number (D81)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Turn the year into a number."""
        return _map(record, ("schoolYear",), int) if collection == "academicSessions" else record


@quirk("value.date-with-time")
class DateWithTime(Quirk):
    """Dates carry a time of day (D82)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Append midnight."""
        return _map(record, ("startDate", "endDate", "birthDate"), lambda day: f"{day}T00:00:00.000Z")


@quirk("value.instant-without-zone")
class InstantWithoutZone(Quirk):
    """dateLastModified without milliseconds and zone (D83)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Cut the instant."""
        return _map(record, ("dateLastModified",), lambda text: text[:19])


@quirk("value.enumeration-case")
class EnumerationCase(Quirk):
    """Roles are capitalised (D88)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Capitalise the role of people."""
        return _map(record, ("role",), str.capitalize) if collection == "enrollments" else record


@quirk("value.padded")
class Padded(Quirk):
    """A few users' sourcedIds end in a blank in lists (D91); references to them do not."""

    def page(self, page: Page, provider: Provider) -> Page:
        """Pad the collection's first user and about one in forty."""
        if page.key != "users" or page.query.fields:
            return page
        rows = provider.rows("users")
        first = sourced_id_of(rows.record_bytes(0)).encode() if len(rows) else b""
        return replace(page, records=tuple(_padded(joined, first) for joined in page.records))


def _padded(joined: bytes, first: bytes) -> bytes:
    # Every record of a page passes here, so that nothing is looked up twice.
    records, start, crc32 = joined.split(SEPARATOR), len(KEY), zlib.crc32
    ids = [record[start : record.index(b'"', start)] for record in records]
    for place, own in enumerate(ids):
        # An id with escapes is left alone: its letters are not those of the record.
        if (not crc32(own) % 40 or own == first) and b"\\" not in own:
            end = start + len(own)
            records[place] = records[place][:end] + b" " + records[place][end:]
    return SEPARATOR.join(records)


@quirk("value.scalar-instead-of-array")
class ScalarInsteadOfArray(Quirk):
    """grades is a text (D80)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Join the list."""
        return _map(record, ("grades",), ",".join)


@quirk("value.last-modified-is-import-time")
class ImportTime(Quirk):
    """One dateLastModified on every record (D84)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Set the import's instant."""
        return {**record, "dateLastModified": IMPORT_TIME}


@quirk("value.grades-unsorted")
class GradesUnsorted(Quirk):
    """A class of the upper grades names several grades in no order (D87)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Widen the grades of every third class."""
        if collection != "classes" or context.row % 3:
            return record
        return {**record, "grades": ["05", "11", "10", "12"]}


@quirk("value.user-id-type-spelling")
class UserIdTypeSpelling(Quirk):
    """userIds of one kind are called Fed and FED (D105)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Rename the type: by the key, so that a user's does not change when another one arrives."""
        if not isinstance(record.get("userIds"), list):  # also one text, where a defect was planted
            return record
        kind = "FED" if zlib.crc32(str(record.get("sourcedId")).encode()) % 2 else "Fed"
        return {**record, "userIds": [{**item, "type": kind} for item in record["userIds"]]}
