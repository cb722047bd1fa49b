"""The report as workflow commands: each finding becomes an annotation of the run where this is printed."""

from __future__ import annotations

from conformance.notices import Notice
from conformance.report import Report, place

MOST = 50
COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def github_report(report: Report, fail_on: str = "error") -> str:
    """One line per root finding, the first ones first; what follows from another is left to the other reports."""
    found = [notice for notices in report.roots().values() for notice in notices]
    lines = [_line(notice, report) for notice in found[:MOST]]
    if len(found) > MOST:
        lines.append(f"::notice title=OneRoster::{len(found) - MOST} more findings are in the full report")
    for name, one in report.profiles.items():
        if one["verdict"] != "pass":
            lines.append(f"::error title={_property('OneRoster profile ' + name)}::{_data(one['verdict'] + ': ' + _why(one))}")
    return "\n".join(lines) + "\n"


def _why(one: dict[str, object]) -> str:
    found = one["blockers"] or one["not_exercised"]
    texts = [str(item.get("message") or item.get("reason")) for item in found] if isinstance(found, list) else []
    return "; ".join(texts[:3]) + (f" and {len(texts) - 3} more" if len(texts) > 3 else "")


def _line(notice: Notice, report: Report) -> str:
    parts = {"title": f"OneRoster {notice.check}"}
    if notice.where.get("file"):
        parts["file"] = f"{report.target}/{notice.where['file']}"
        if notice.where.get("row"):
            parts["line"] = str(notice.where["row"])
    properties = ",".join(f"{name}={_property(text)}" for name, text in parts.items())
    where = place(notice)
    text = f"{notice.message}" + (f" ({notice.count} times)" if notice.count > 1 else "") + (f" at {where}" if where else "")
    return f"::{COMMANDS[notice.severity]} {properties}::{_data(f'{text}; try: {notice.remedy} [{notice.id}]')}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
