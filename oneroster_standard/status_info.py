"""Status payloads of OneRoster 1.1 and 1.2 and their code lists.

Called by the mock to write them and by the suite for the vocabulary; never chooses a code for anyone.
"""

from __future__ import annotations

from typing import Any

CODE_MINORS = (
    "full success",
    "unknown object",
    "invalid data",
    "unauthorized",
    "invalid_sort_field",
    "invalid_filter_field",
    "invalid_selection_field",
    "invalid_blank_selection_field",
    "forbidden",
    "server_busy",
)
CODE_MAJORS = ("success", "failure")
SEVERITIES = ("status", "warning", "error")


def entry(
    code_major: str, severity: str, code_minor: str, description: str
) -> dict[str, str]:
    """One entry of statusInfoSet."""
    return {
        "imsx_codeMajor": code_major,
        "imsx_severity": severity,
        "imsx_codeMinor": code_minor,
        "imsx_description": description,
    }


def payload(
    code_major: str, severity: str, code_minor: str, description: str
) -> dict[str, Any]:
    """The error body of 1.1: an array of one status entry."""
    return {"statusInfoSet": [entry(code_major, severity, code_minor, description)]}


CODE_MINORS_1P2 = {
    "full success": "fullsuccess",
    "unknown object": "unknownobject",
    "invalid data": "invaliddata",
    "unauthorized": "unauthorisedrequest",
    "invalid_blank_selection_field": "invalid_selection_field",
    "internal_server_error": "internal_server_error",
}
"""Code minors of 1.1 -> their form in 1.2; those that are spelled alike are left out."""


def code_minor_1p2(code_minor: str) -> str:
    """A code minor as 1.2 spells it."""
    return CODE_MINORS_1P2.get(code_minor, code_minor)


def payload_1p2(
    code_major: str, severity: str, code_minor: str, description: str
) -> dict[str, Any]:
    """The error body of 1.2: one status at the root of the object, code_minor as 1.1 or 1.2 spells it."""
    field = {
        "imsx_codeMinorFieldName": "TargetEndSystem",
        "imsx_codeMinorFieldValue": code_minor_1p2(code_minor),
    }
    return {
        "imsx_codeMajor": code_major,
        "imsx_severity": severity,
        "imsx_description": description,
        "imsx_CodeMinor": {"imsx_codeMinorField": [field]},
    }
