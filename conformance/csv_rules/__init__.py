"""The rules for CSV bundles, by family; most are derived from the standard's tables."""

from conformance.csv_rules import archive, cells, manifest, people, references, sessions, structure

FAMILIES = (archive, manifest, structure, cells, references, sessions, people)
