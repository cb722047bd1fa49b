"""Entries of the quirk catalogue for `oneroster quirks` and `oneroster explain`.

Called through the `oneroster.catalogues` entry point.
"""

from __future__ import annotations

from typing import Any

from oneroster_standard.dialects import SHIPPED, load_dialect, load_quirks
from oneroster_standard.dialects.delivery import load_delivery, load_habits

LEGAL = "no check: legal"
"""What finds a habit that the standard allows."""


def entries() -> list[dict[str, Any]]:
    """One entry per quirk; assumed is true where no source ties it to the vendors that show it."""
    shown = {name: load_dialect(name).default_quirks for name in SHIPPED}
    shown = {name: (*ids, *load_delivery(name).default_habits) for name, ids in shown.items()}
    return [
        {
            "id": found.id,
            "kind": "quirk",
            "title": found.title,
            "description": found.description,
            "severity": "",
            "section": found.deviation,
            "source": found.source,
            "confidence": dict(found.confidence),
            "assumed": all(basis == "guess" for basis in found.confidence.values()),
            "trips": list(found.trips),
            "default_for": [name for name, ids in shown.items() if found.id in ids],
            "remedy": "",
        }
        for found in (*load_quirks().values(), *load_habits().values())
    ]
