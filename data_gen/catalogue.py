"""Entries of the defect catalogue for `oneroster explain` and the generated documentation.

Called through the `oneroster.catalogues` entry point.
"""

from __future__ import annotations

from typing import Any

from data_gen import defects
from data_gen.defects.record_registry import RECORD_DEFECTS
from data_gen.defects.registry import DEFECTS
from data_gen.defects.sources import source_text


def entries() -> list[dict[str, Any]]:
    """One entry per defect, in order of id; file and column say where it is planted, empty for the whole bundle.

    collection and field are those of the same fault in a store; either place may be missing.
    """
    assert defects.FAMILIES
    return [_entry(id) for id in sorted({*DEFECTS, *RECORD_DEFECTS})]


def _entry(id: str) -> dict[str, Any]:
    of_files, of_records = DEFECTS.get(id), RECORD_DEFECTS.get(id)
    told = of_files or of_records
    assert told is not None
    return {
        "id": id,
        "kind": "defect",
        "title": told.title,
        "description": told.description or told.title,
        "severity": "",
        "section": "",
        "source": source_text(told.source),
        "confidence": {},
        "assumed": False,
        "trips": [found.trips for found in (of_files, of_records) if found and found.trips],
        "remedy": "",
        "file": of_files.file if of_files else "",
        "column": of_files.column if of_files else "",
        "collection": of_records.collection if of_records else "",
        "field": of_records.field if of_records else "",
        "specs": list(told.specs),
    }
