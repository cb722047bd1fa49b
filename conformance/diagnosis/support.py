"""The support bundle: what a helper needs to see, in a ZIP that holds no value of anybody and no secret.

Called by the command.
"""

from __future__ import annotations

import json
import platform
import sys
import zipfile
from pathlib import Path
from typing import Any

from conformance.diagnosis.result import Diagnosis
from oneroster_harness.problems import CannotRun, UsageProblem
from oneroster_harness.terminal import VERSION

README = """What this file holds

diagnosis.json   the cause, the steps and their outcomes
requests.json    each request: method, template of the path, status, time, headers, shape of the answer
environment.json versions

Not in it: names, ids, values of filters, bodies, credentials, tokens. Ids are shown as marks (#1a2b3c4d) from which nothing leads back.
"""
MOMENT = (2026, 1, 1, 0, 0, 0)
"""The same content gives the same bytes: the time of writing is not told."""


def write_support(out: Path, found: Diagnosis, requests: list[dict[str, Any]]) -> None:
    """Write the ZIP; raises UsageProblem when something lies there, CannotRun when it cannot be written."""
    if out.exists():
        raise UsageProblem("the support bundle would replace a file", "a new name", str(out))
    environment = {"tool": "oneroster-harness", "version": VERSION, "python": sys.version.split()[0], "system": platform.system()}
    parts = {
        "README.txt": README, "diagnosis.json": _json(found.document()), "requests.json": _json(requests),
        "environment.json": _json(environment),
    }  # fmt: skip
    try:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in parts.items():
                archive.writestr(zipfile.ZipInfo(name, MOMENT), text)
    except OSError as error:
        raise CannotRun(f"the support bundle cannot be written: {error.strerror}", where=str(out)) from error


def _json(document: Any) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
