"""Defects of status and dateLastModified in bulk and in delta files."""

from __future__ import annotations

from data_gen.defects.draft import Draft, Fields, Place
from data_gen.defects.registry import cell_defect, defect

DELTA_FILE = "demographics.csv"
"""The file that becomes a delta: no other file points to it, so nothing else changes its meaning."""
CHANGED = "2026-09-30T12:00:00.000Z"


@cell_defect("bulk.status-filled", trips="csv.bulk-status", file="orgs.csv", column="status", source="D174")
def status_filled(cell: str, row: Fields, draft: Draft) -> str | None:
    """A row of a bulk file bears a status."""
    return "active"


@defect(
    "delta.status-blank",
    trips="csv.delta-status",
    file=DELTA_FILE,
    column="status",
    stage="rows",
    source="D174",
)
def status_blank(draft: Draft, count: int) -> list[Place]:
    """A row of a delta file has no status.

    The manifest calls demographics.csv a delta and its other rows bear status and dateLastModified. Whether the
    record changed or went away cannot be told.
    """
    rows = draft.choose(DELTA_FILE, "delta.status-blank", count, lambda row, fields: True)
    sheet, manifest = draft.sheet(DELTA_FILE), draft.sheet("manifest.csv")
    header = sheet.header
    status, changed = header.index("status"), header.index("dateLastModified")
    for row in range(2, len(sheet.lines) + 1):
        cells = sheet.cells(row)
        if len(cells) == len(header):
            cells[changed] = CHANGED
            cells[status] = "" if row in rows else "active"
            taken = row in sheet.taken
            sheet.replace(row, cells)
            if not taken:
                sheet.taken.discard(row)
    for row in range(2, len(manifest.lines) + 1):
        if manifest.cells(row)[:1] == ["file.demographics"]:
            manifest.replace(row, ["file.demographics", "delta"])
    return [draft.place(DELTA_FILE, row, "status") for row in rows]
