"""Quirks of values that a consumer cannot take as they stand: local codes, masks, markup, missing or moving stamps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import orjson

from mock_server.collections import parse, render
from mock_server.quirks.hooks import Page, Quirk, Record, RecordContext, quirk
from oneroster_standard.store import SEPARATOR

if TYPE_CHECKING:
    from mock_server.provider import Provider

WRITABLE = ("categories", "lineItems", "results")
MASK = "********"
LOCAL_GRADES = {"KG": "K4", "01": "1", "02": "Grade 2", "09": "9", "12": "UG"}
"""K4 and plain numbers were met (IC-PS1, PS-LPS); the text form is a guess."""


@quirk("value.empty-array-instead-of-absent")
class EmptyArrayInsteadOfAbsent(Quirk):
    """Absent lists are [] (D79)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Add empty lists."""
        return {**record, **{name: [] for name in context.lists if name not in record}}


@quirk("value.grade-codes-local")
class GradeCodesLocal(Quirk):
    """Grades are the district's own codes (D86)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Swap the codes that have a local form."""
        if not isinstance(record.get("grades"), list):
            return record
        return {**record, "grades": [LOCAL_GRADES.get(grade, grade) for grade in record["grades"]]}


@quirk("value.markup-in-text")
class MarkupInText(Quirk):
    """Texts hold HTML entities, doubled blanks and line breaks (D90)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Spoil every fifth title and family name."""
        if context.row % 5:
            return record
        if collection == "users":
            return {**record, "familyName": f"O&#39;{record['familyName']}  "}
        if collection == "classes":
            return {**record, "title": f"{record['title']} &amp;\n\tmore"}
        return record


@quirk("value.masked")
class Masked(Quirk):
    """A field without access holds asterisks (D92); that it does so on the wire is a guess."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Mask e-mail and phone."""
        return {name: MASK if name in ("email", "phone", "sms") else value for name, value in record.items()}


@quirk("value.last-modified-missing")
class LastModifiedMissing(Quirk):
    """Roster records carry no dateLastModified (D85)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Drop the stamp of what comes from files; what clients write is stamped by the server."""
        if collection in WRITABLE:
            return record
        return {name: value for name, value in record.items() if name != "dateLastModified"}


@quirk("value.last-modified-is-now")
class LastModifiedIsNow(Quirk):
    """dateLastModified moves with every answer (D85)."""

    def page(self, page: Page, provider: Provider) -> Page:
        """Stamp each answer a second later than the one before."""
        number = self.memory.count("answers")
        stamp = f"2026-10-01T{number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}.000Z"
        found = []
        for joined in page.records:
            for raw in joined.split(SEPARATOR):
                record = parse(raw)
                found.append(render({**record, "dateLastModified": stamp}) if "dateLastModified" in record else raw)
        return replace(page, records=(SEPARATOR.join(found),) if found else ())

    def single(self, key: str, body: bytes) -> tuple[str, bytes]:
        """The same for one object."""
        number = self.memory.count("answers")
        record = orjson.loads(body)
        if "dateLastModified" in record:
            record["dateLastModified"] = f"2026-10-01T{number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}.000Z"
        return key, orjson.dumps(record)
