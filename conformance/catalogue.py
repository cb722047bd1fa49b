"""Entries of all checks, of APIs, of CSV bundles, of changes between them and of consumers, for `oneroster checks`, `explain` and the documentation.

Called through the `oneroster.catalogues` entry point.
"""

from __future__ import annotations

from typing import Any

import conformance.api_checks
import conformance.changes
import conformance.csv_rules
from conformance.baselines import ENTRIES
from conformance.changes.rulebook import RULES as CHANGE_RULES
from conformance.consumer.checks import CHECKS as CONSUMER_CHECKS
from conformance.csv_rules.rulebook import RULES
from conformance.registry import CHECKS

__all__ = ["conformance", "entries"]


def entries() -> list[dict[str, Any]]:
    """One entry per check in order of id; judges: api, csv, change, consumer, or run for what is said of a run itself."""
    found = [
        _entry(check.id, "api", check.title, check.why, check.severity, check.section, check.remedy, check.writes)
        for check in CHECKS.values()
    ]
    found += [
        _entry(rule.id, "csv", rule.title, rule.why, rule.severity, rule.section, rule.remedy or rule.expected, False)
        for rule in RULES.values()
    ]
    found += [
        _entry(rule.id, "change", rule.title, rule.why, rule.severity, rule.section, rule.remedy, False) for rule in CHANGE_RULES.values()
    ]
    found += [dict(entry) for entry in ENTRIES]
    found += [
        _entry(check.id, "consumer", check.title, check.why, check.severity, check.section, check.remedy, False)
        for check in CONSUMER_CHECKS.values()
    ]
    return sorted(found, key=lambda entry: str(entry["id"]))


def _entry(id: str, judges: str, title: str, why: str, severity: str, section: str, remedy: str, writes: bool) -> dict[str, Any]:
    symptom = remedy.startswith("@")
    return {
        "id": id,
        "kind": "check",
        "judges": judges,
        "title": title,
        "description": why,
        "severity": severity,
        "section": section,
        "source": section,
        "confidence": {},
        "trips": [],
        "remedy": "the setup step of the vendor (--vendor)" if symptom else remedy,
        "writes": writes,
    }
