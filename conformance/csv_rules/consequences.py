"""Findings that follow from another finding about the same cells: the root is told once, they stand under it.

Called by the judge after all rules; written by hand from what each fault does to its own column.
"""

from __future__ import annotations

from collections.abc import Sequence

from conformance.csv_rules.facts import Finding

SAME_CELLS: dict[str, str] = {
    "csv.padded-value": "csv.required-value",
    "csv.reference": "csv.list-form",
    "csv.guid-characters": "csv.spreadsheet-id",
    "csv.manifest-known-property": "csv.manifest-properties",
}
"""Rule -> the rule whose finding in the same file and column, on the same first row, explains it."""


def attach(findings: Sequence[Finding]) -> None:
    """Name the root of each finding that follows from another; a cause that a rule named itself stays."""
    roots = {(found.check, found.file, found.column): found for found in findings if not found.cause_of}
    for found in findings:
        root = roots.get((SAME_CELLS.get(found.check, ""), found.file, found.column))
        # A root without a row is about rows that are missing; more consequences than causes stand for themselves.
        if root and not found.cause_of and root.line in (0, found.line) and found.count <= root.count:
            found.cause_of = root.check
