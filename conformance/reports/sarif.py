"""The report as SARIF 2.1.0, for code scanning: one rule per check, one result per finding."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, urlsplit

from conformance.catalogue import entries
from conformance.notices import Notice
from conformance.report import Report, place

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "onerosterFinding/v1"
LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def sarif_report(report: Report, fail_on: str = "error") -> str:
    """All findings in the order in which to mend them; what is known or accepted is suppressed with its reason."""
    found = report.ordered()
    known = {entry["id"]: entry for entry in entries()}
    checks = sorted({notice.check for notice in found} | {outcome.id for outcome in report.outcomes})
    places = {check: number for number, check in enumerate(checks)}
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "oneroster-harness", "semanticVersion": report.version, "version": report.version,
                "rules": [_rule(check, known.get(check, {})) for check in checks],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": report.verdict != "incomplete",
                "toolExecutionNotifications": [{"level": "error", "message": {"text": text}} for text in report.incomplete],
            }
        ],
        "results": [_result(notice, places[notice.check], report) for notice in found],
        "properties": {
            "target": report.target, "spec": report.spec, "seed": report.seed, "asOf": report.as_of, "verdict": report.verdict,
            "profiles": {name: one["verdict"] for name, one in report.profiles.items()},
        },
    }  # fmt: skip
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _rule(check: str, entry: dict[str, Any]) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": check, "defaultConfiguration": {"level": LEVELS[entry.get("severity", "warning")]}}
    for key, text in (("shortDescription", entry.get("title")), ("fullDescription", entry.get("description")), ("help", entry.get("remedy"))):
        if text:
            rule[key] = {"text": text}
    if entry.get("section"):
        rule["properties"] = {"section": entry["section"]}
    return rule


def _result(notice: Notice, rule: int, report: Report) -> dict[str, Any]:
    facts = [f"{name} {text}" for name, text in (("expected", notice.expected), ("observed", notice.observed), ("try", notice.remedy)) if text]
    times = f" ({notice.count} times)" if notice.count > 1 else ""
    result: dict[str, Any] = {
        "ruleId": notice.check, "ruleIndex": rule, "level": LEVELS[notice.severity],
        "message": {"text": f"{notice.message}{times}" + "".join(f"; {fact}" for fact in facts)},
        "locations": [_location(notice, report)], "partialFingerprints": {FINGERPRINT: notice.id}, "occurrenceCount": notice.count,
        "properties": {"section": notice.section, "followsFrom": notice.cause_of or None, "finding": notice.id},
    }  # fmt: skip
    if notice.is_settled:
        reason = notice.accepted or "the vendor is known for it"
        result["suppressions"] = [{"kind": "external", "justification": reason}]
    return result


def _location(notice: Notice, report: Report) -> dict[str, Any]:
    where = notice.where
    logical = {"fullyQualifiedName": place(notice) or "the run"}
    if "file" not in where:
        return {"physicalLocation": {"artifactLocation": {"uri": _uri(report.target)}}, "logicalLocations": [logical]}
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(f"{report.target}/{where['file']}" if where["file"] else report.target)}}
    if isinstance(where.get("row"), int) and where["row"] > 0:
        physical["region"] = {"startLine": where["row"]}
    return {"physicalLocation": physical, "logicalLocations": [logical]}


def _uri(path: str) -> str:
    """A URI reference: a URL as it is, a path with the signs encoded that a URI may not hold."""
    if urlsplit(path).scheme in ("http", "https"):
        return path
    text = PurePosixPath(path.replace("\\", "/"))
    return quote(str(text)) if not text.is_absolute() else f"file://{quote(str(text))}"
