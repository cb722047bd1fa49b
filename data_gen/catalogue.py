"""Entries of the defect catalogue for `oneroster explain` and the generated documentation.

Called through the `oneroster.catalogues` entry point.
"""

from __future__ import annotations

from typing import Any

from data_gen import defects
from data_gen.defects.registry import DEFECTS
from data_gen.defects.sources import source_text


def entries() -> list[dict[str, Any]]:
    """One entry per defect, in order of id; file and column say where it is planted, empty for the whole bundle."""
    assert defects.FAMILIES
    return [
        {
            "id": found.id,
            "kind": "defect",
            "title": found.title,
            "description": found.description or found.title,
            "severity": "",
            "section": "",
            "source": source_text(found.source),
            "confidence": {},
            "assumed": False,
            "trips": [found.trips] if found.trips else [],
            "remedy": "",
            "file": found.file,
            "column": found.column,
            "specs": list(found.specs),
        }
        for _, found in sorted(DEFECTS.items())
    ]
