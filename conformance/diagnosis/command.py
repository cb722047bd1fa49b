"""`oneroster diagnose`: what is wrong with an endpoint or a bundle, and which setup step mends it.

Called by the front door.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from conformance.api_judge import version_of
from conformance.diagnosis.api import ApiDiagnosis
from conformance.diagnosis.bundle import diagnose_bundle
from conformance.diagnosis.result import Diagnosis
from conformance.diagnosis.rosters import OfApi, OfBundle
from conformance.diagnosis.student import trace
from conformance.diagnosis.support import write_support
from conformance.transport import is_loopback
from oneroster_harness.problems import EXIT_CLEAN, EXIT_COULD_NOT_RUN, EXIT_FINDINGS, UsageProblem
from oneroster_harness.providers import resolve
from oneroster_harness.terminal import (
    AS_OF,
    IsoDate,
    auth_options,
    echo_json,
    echo_text,
    hints,
    json_option,
    spec_option,
    vendor_option,
)
from oneroster_standard.dialects import DialectProblem, load_dialect

EPILOG = """
\b
Examples:
  oneroster diagnose springfield --bundle support.zip
  oneroster diagnose https://sis.example.org/ims/oneroster/v1p1 --token-url https://sis.example.org/token --student 10482
"""
SILENT = ("network.dns", "network.port", "network.timeout")


@click.command(epilog=EPILOG)
@click.argument("target", metavar="URL|PATH|NAME")
@click.option("--student", metavar="ID", help="Also tell why this student is missing, by sourcedId or identifier")
@click.option("--bundle", "support", type=click.Path(path_type=Path), metavar="OUT.zip", help="Write what a helper needs to see, without anybody's values")
@click.option("--as-of", type=IsoDate(), help="Day that the terms should hold, default today; on this machine's mock the day of its districts")
@spec_option
@vendor_option()
@auth_options
@json_option
def diagnose(
    target: str, student: str | None, support: Path | None, as_of: date | None, spec: str | None, vendor: str | None, auth: str | None,
    token_url: str | None, providers_file: str | None, json_target: str | None,
) -> None:  # fmt: skip
    """Tell what is wrong with an endpoint or a bundle, first cause first, and how to mend it. Reads only."""
    _require_vendor(vendor)
    requests: list[dict[str, Any]] = []
    if "://" not in target and Path(target).exists():
        found = diagnose_bundle(Path(target), spec, vendor, as_of)
        if student is not None and found.cause is None:
            trace(found, OfBundle(Path(target)), student, as_of or datetime.now(UTC).date())
        elif student is not None:
            found.skipped("student", "the bundle is to be mended first")
    else:
        endpoint = resolve(
            target, auth=auth, token_url=token_url, spec=spec, vendor=vendor, providers_file=providers_file, environ=os.environ
        )
        looked = ApiDiagnosis(endpoint, version_of(endpoint), as_of or _today(endpoint.url))
        found = looked.run()
        if student is not None and (found.cause is None or found.cause.startswith("data.")):
            trace(found, OfApi(looked), student, looked.today)
        elif student is not None:
            found.skipped("student", "the provider is to be mended first")
        requests = looked.probe.entries
    if support is not None:
        write_support(support, found, requests)
        hints().print(f"support bundle: {support}", markup=False)
    _finish(found, json_target)


def _today(url: str) -> date:
    """The present day; a mock on this machine stands at the day of its districts."""
    return AS_OF if is_loopback(urlsplit(url).hostname or "") else datetime.now(UTC).date()


def _require_vendor(vendor: str | None) -> None:
    try:
        load_dialect(vendor or "reference")
    except DialectProblem as problem:
        raise UsageProblem(str(problem)) from problem


def _finish(found: Diagnosis, json_target: str | None) -> None:
    echo_text(found.text(), json_target)
    echo_json(found.document(), json_target)
    raise SystemExit(EXIT_COULD_NOT_RUN if found.cause in SILENT else EXIT_FINDINGS if found.cause else EXIT_CLEAN)
