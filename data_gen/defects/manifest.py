"""Defects of manifest.csv: missing, wrong, or at odds with the files."""

from __future__ import annotations

from data_gen.defects.draft import Draft, Place, TooFew
from data_gen.defects.registry import defect

MANIFEST = "manifest.csv"


def _row_of(draft: Draft, name: str) -> int:
    sheet = draft.sheet(MANIFEST)
    for row in range(2, len(sheet.lines) + 1):
        if row not in sheet.taken and sheet.cells(row)[0] == name:
            return row
    raise TooFew(0)


def _set(draft: Draft, name: str, value: str) -> list[Place]:
    row = _row_of(draft, name)
    draft.sheet(MANIFEST).replace(row, [name, value])
    return [draft.place(MANIFEST, row, "value")]


@defect(
    "manifest.missing",
    trips="csv.manifest-present",
    file=MANIFEST,
    stage="files",
    source="D165",
    once=True,
)
def missing(draft: Draft, count: int) -> list[Place]:
    """The bundle has no manifest.

    Nobody can tell whether its files are full sets or changes.
    """
    draft.require_untouched(MANIFEST)
    draft.names[MANIFEST] = None
    return [draft.place(MANIFEST, None)]


@defect(
    "manifest.wrong-version",
    trips="csv.manifest-version",
    file=MANIFEST,
    column="value",
    stage="cells",
    source="D166",
    once=True,
)
def wrong_version(draft: Draft, count: int) -> list[Place]:
    """The manifest names a version of OneRoster that the files are not of."""
    return _set(draft, "oneroster.version", "1.0")


@defect(
    "manifest.property-missing",
    trips="csv.manifest-properties",
    file=MANIFEST,
    column="propertyName",
    stage="rows",
    source="1.1 CSV tables, manifest.csv",
    once=True,
)
def property_missing(draft: Draft, count: int) -> list[Place]:
    """The manifest says nothing about resources.csv."""
    draft.sheet(MANIFEST).remove(_row_of(draft, "file.resources"))
    return [draft.place(MANIFEST, None, "propertyName")]


@defect(
    "manifest.says-absent",
    trips="csv.manifest-matches-files",
    file=MANIFEST,
    column="value",
    stage="cells",
    source="D166",
    once=True,
)
def says_absent(draft: Draft, count: int) -> list[Place]:
    """The manifest calls courses.csv absent although it is there."""
    return _set(draft, "file.courses", "absent")


@defect(
    "manifest.bad-mode",
    trips="csv.manifest-values",
    file=MANIFEST,
    column="value",
    stage="cells",
    source="D166",
    once=True,
)
def bad_mode(draft: Draft, count: int) -> list[Place]:
    """The manifest gives classes.csv a mode that does not exist."""
    return _set(draft, "file.classes", "full")


@defect(
    "manifest.repeated-property",
    trips="csv.manifest-unique",
    file=MANIFEST,
    column="propertyName",
    stage="rows",
    source="D166",
    once=True,
)
def repeated_property(draft: Draft, count: int) -> list[Place]:
    """The manifest says twice what users.csv is."""
    row = draft.sheet(MANIFEST).append(["file.users", "bulk"])
    return [draft.place(MANIFEST, row, "propertyName")]


@defect(
    "manifest.unknown-property",
    trips="csv.manifest-known-property",
    file=MANIFEST,
    column="propertyName",
    stage="rows",
    source="D166",
    once=True,
)
def unknown_property(draft: Draft, count: int) -> list[Place]:
    """The manifest has a property that the standard does not know."""
    row = draft.sheet(MANIFEST).append(["file.attendance", "absent"])
    return [draft.place(MANIFEST, row, "propertyName")]
