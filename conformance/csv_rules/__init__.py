"""The rules for CSV bundles, by family; most are derived from the standard's tables."""

from conformance.csv_rules import (
    archive,
    cells,
    header_rows,
    identities,
    manifest,
    people,
    references,
    roles,
    sessions,
    structure,
    vocabulary,
)

FAMILIES = (archive, manifest, structure, header_rows, cells, vocabulary, references, sessions, people, roles, identities)
