"""Defects: faults planted into a clean bundle on purpose, each with its place in an answer key.

One family per subject; importing a family registers its defects.
"""

from data_gen.defects import (
    academics,
    archive,
    enrollments,
    files,
    gradebook,
    headers,
    identities,
    manifest,
    modes,
    objectives,
    people,
    record_faults,
    record_relations,
    roles,
    rows,
    series,
)

FAMILIES = (
    academics, archive, enrollments, files, gradebook, headers, identities, manifest, modes, objectives, people, record_faults, record_relations,
    roles, rows, series,
)  # fmt: skip
