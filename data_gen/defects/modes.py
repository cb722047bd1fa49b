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
    position = _as_delta(draft).index("status")
    sheet = draft.sheet(DELTA_FILE)
    for row in rows:
        cells = sheet.cells(row)
        cells[position] = ""
        sheet.replace(row, cells)
    return [draft.place(DELTA_FILE, row, "status") for row in rows]


def _as_delta(draft: Draft) -> list[str]:
    """Make a delta of the file unless it is one: rows that no defect holds are marked too. Returns its header."""
    sheet, manifest = draft.sheet(DELTA_FILE), draft.sheet("manifest.csv")
    header = sheet.header
    if "delta" in draft.worked_out:
        return header
    draft.worked_out["delta"] = True
    status, changed = header.index("status"), header.index("dateLastModified")
    for row in range(2, len(sheet.lines) + 1):
        cells = sheet.cells(row)
        if len(cells) == len(header):
            cells[changed], cells[status] = CHANGED, "active"
            taken = row in sheet.taken
            sheet.replace(row, cells)
            if not taken:
                sheet.taken.discard(row)
    for row in range(2, len(manifest.lines) + 1):
        if manifest.cells(row)[:1] == ["file.demographics"]:
            manifest.replace(row, ["file.demographics", "delta"])
    return header


@defect(
    "bulk.changes-only",
    trips="csv.bulk-status",
    file=DELTA_FILE,
    column="status",
    stage="files",
    source="pain list, runners-up: a delta taken for bulk",
    once=True,
)
def changes_only(draft: Draft, count: int) -> list[Place]:
    """A file holds the changes of a day and the manifest calls it bulk.

    Whoever believes the manifest retires everybody who is not listed; the filled status gives it away.
    """
    draft.require_untouched(DELTA_FILE)
    sheet = draft.sheet(DELTA_FILE)
    status = sheet.header.index("status")
    del sheet.lines[2 + len(sheet.lines) // 10 :]
    for row in range(2, len(sheet.lines) + 1):
        cells = sheet.cells(row)
        cells[status] = "active"
        sheet.replace(row, cells)
    return [draft.place(DELTA_FILE, row, "status") for row in range(2, len(sheet.lines) + 1)]


@defect("delta.bad-instant", trips="csv.date-time", file=DELTA_FILE, column="dateLastModified", stage="rows", source="D174")
def bad_instant(draft: Draft, count: int) -> list[Place]:
    """A row of a delta file says its day and not its instant.

    The manifest calls demographics.csv a delta and its other rows bear status and dateLastModified.
    """
    rows = draft.choose(DELTA_FILE, "delta.bad-instant", count, lambda row, fields: True)
    position = _as_delta(draft).index("dateLastModified")
    sheet = draft.sheet(DELTA_FILE)
    for row in rows:
        cells = sheet.cells(row)
        cells[position] = CHANGED[:10]
        sheet.replace(row, cells)
    return [draft.place(DELTA_FILE, row, "dateLastModified") for row in rows]
