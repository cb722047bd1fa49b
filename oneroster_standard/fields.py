"""Which fields of a class can be filtered, sorted and selected; derived from the tables.

Called by the mock and by the suite; never lists a field by hand.
"""

from __future__ import annotations

from oneroster_standard.standard import Property, Standard

REFERENCE_PARTS = ("sourcedId", "href", "type")
METADATA_PREFIX = "metadata."


def filterable(standard: Standard, class_name: str) -> dict[str, Property]:
    """Dotted path -> property, for every property that a filter may name.

    References and nested objects appear by their parts (school.sourcedId); metadata keys are free
    (METADATA_PREFIX plus any name) and not listed.
    """
    found: dict[str, Property] = {}
    for item in standard.classes[class_name].properties:
        if item.kind == "guidref":
            for part in REFERENCE_PARTS:
                found[f"{item.name}.{part}"] = Property(
                    f"{item.name}.{part}",
                    "guid" if part == "sourcedId" else "string",
                    item.cardinality,
                    item.basis,
                )
        elif item.kind == "object":
            for path, inner in filterable(standard, item.target).items():
                lists = item.is_list or inner.is_list
                found[f"{item.name}.{path}"] = Property(
                    f"{item.name}.{path}",
                    inner.type,
                    "0..*" if lists else item.cardinality,
                    inner.basis,
                )
        elif item.kind != "metadata":
            found[item.name] = item
    return found


def sortable(standard: Standard, class_name: str) -> dict[str, Property]:
    """Name -> property, for every property with one comparable value."""
    return {
        item.name: item
        for item in standard.classes[class_name].properties
        if not item.is_list and item.kind not in ("guidref", "object", "metadata")
    }


def is_known(standard: Standard, class_name: str, path: str) -> bool:
    """Whether a filter may name this path, metadata keys included."""
    return path in filterable(standard, class_name) or (
        path.startswith(METADATA_PREFIX) and len(path) > len(METADATA_PREFIX)
    )
