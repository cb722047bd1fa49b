"""OAuth 2 scopes of OneRoster: short names and their URLs.

Called by servers that grant and clients that ask; never decides what is granted.
"""

from __future__ import annotations

PREFIXES = {
    "1.1": "https://purl.imsglobal.org/spec/or/v1p1/scope/",
    "1.2": "https://purl.imsglobal.org/spec/or/v1p2/scope/",
}

ALL: dict[str, tuple[str, ...]] = {
    "1.1": (
        "roster-core.readonly",
        "roster.readonly",
        "roster-demographics.readonly",
        "resource.readonly",
        "gradebook.readonly",
        "gradebook.createput",
        "gradebook.delete",
    ),
    "1.2": (
        "roster-core.readonly",
        "roster.readonly",
        "roster-demographics.readonly",
        "resource-core.readonly",
        "resource.readonly",
        "gradebook-core.readonly",
        "gradebook.readonly",
        "gradebook.createput",
        "gradebook.createpost",
        "gradebook.delete",
        "assessment.readonly",
        "assessment.createput",
        "assessment.delete",
    ),
}
ALL_1P1 = ALL["1.1"]

IMPLIED: dict[str, tuple[str, ...]] = {
    "roster.readonly": ("roster-core.readonly",),
    "resource.readonly": ("resource-core.readonly",),
    "gradebook.readonly": ("gradebook-core.readonly",),
}
"""A wider scope opens what the narrower one opens (for 1.1 by analogy with 1.2: UNCONFIRMED)."""


def expand(short_name: str, version: str = "1.1") -> str:
    """Return the scope's URL; a name that is a URL already stays as it is."""
    return short_name if "://" in short_name else PREFIXES[version] + short_name


def short(scope: str) -> str:
    """Return the scope's name without its prefix."""
    for prefix in PREFIXES.values():
        if scope.startswith(prefix):
            return scope.removeprefix(prefix)
    return scope
