"""A finished report in the formats that people and machines read.

Called by the check command; every format is made of the same Report and shows no more than it holds.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from conformance.report import Report
from conformance.reports.github import github_report
from conformance.reports.html import html_report
from conformance.reports.junit import junit_report
from conformance.reports.markdown import markdown_report
from conformance.reports.sarif import sarif_report
from conformance.reports.text import text_report
from oneroster_harness.problems import CannotRun, unknown


def json_report(report: Report, fail_on: str) -> str:
    """The machine form."""
    return json.dumps(report.document(), indent=2, ensure_ascii=False) + "\n"


FORMATS: dict[str, Callable[[Report, str], str]] = {
    "text": text_report,
    "json": json_report,
    "html": html_report,
    "junit": junit_report,
    "sarif": sarif_report,
    "markdown": markdown_report,
    "github": github_report,
}


def write_reports(report: Report, orders: tuple[str, ...], fail_on: str) -> list[tuple[str, str]]:
    """Write each `FORMAT:PATH`; returns (format, path) of what was written.

    Raises UsageProblem for an unknown format, CannotRun when a path cannot be written.
    """
    written = []
    for format_name, path in map(read_order, orders):
        try:
            Path(path).write_text(FORMATS[format_name](report, fail_on), encoding="utf-8")
        except OSError as error:
            raise CannotRun(f"the report cannot be written: {error.strerror}", where=path) from error
        written.append((format_name, path))
    return written


def read_order(order: str) -> tuple[str, str]:
    """Format and path of `FORMAT:PATH`; raises UsageProblem."""
    format_name, _, path = order.partition(":")
    if format_name not in FORMATS or not path:
        raise unknown("report", order, [f"{name}:PATH" for name in FORMATS])
    return format_name, path
