"""Discovery of OneRoster 1.2: where a service describes itself.

Called by servers and by clients that look for a description. Two sets of file names are in use, that of the REST
bindings and that of the conformance guide; neither is known to be the wrong one.
"""

from __future__ import annotations

FOLDER = "discovery"
_FILES = {
    "rostering": "onerosterv1p2rostersservice_openapi3_v1p0.json",
    "gradebook": "onerosterv1p2gradebookservice_openapi3_v1p0.json",
    "resources": "onerosterv1p2resourcesservice_openapi3_v1p0.json",
}


def file_names(service: str) -> tuple[str, str]:
    """Names of a service's OpenAPI file below its root and FOLDER: the bindings' first, then the guide's."""
    return _FILES[service], f"imsorv1p2_{service}_openapi3_v1p0.json"
