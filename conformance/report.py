"""A finished run as data: outcomes, findings, verdict; its machine form.

Made by the API runner and the CSV judge, read by every report format.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from conformance.causes import depth
from conformance.notices import Notice

ORDER = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one check: pass, fail, skip (with its reason) or error (a fault of the check itself)."""

    id: str
    outcome: str
    reason: str
    section: str


@dataclass
class Report:
    """One run against one target."""

    target: str
    spec: str
    seed: int
    as_of: str
    version: str
    outcomes: list[Outcome] = field(default_factory=list)
    findings: list[Notice] = field(default_factory=list)
    incomplete: list[str] = field(default_factory=list)
    requests: int = 0
    elapsed_s: float = 0.0
    profiles: dict[str, Any] = field(default_factory=dict)
    covered: dict[str, list[str]] = field(default_factory=dict)
    changes: list[dict[str, Any]] = field(default_factory=list)
    """What changed from bundle to bundle, in numbers, where bundles were compared."""

    def counts(self) -> dict[str, int]:
        """Findings by severity (each finding once), checks passed and skipped."""
        found = {severity: sum(notice.severity == severity for notice in self.findings) for severity in ORDER}
        found["passed"] = sum(outcome.outcome == "pass" for outcome in self.outcomes)
        found["skipped"] = sum(outcome.outcome == "skip" for outcome in self.outcomes)
        return found

    def failed_checks(self) -> int:
        """Checks with a finding that still counts."""
        fresh = {notice.check for notice in self.findings if not notice.is_settled}
        return sum(outcome.outcome == "fail" and outcome.id in fresh for outcome in self.outcomes)

    def known_checks(self) -> int:
        """Failed checks whose every finding the vendor is known for, or a baseline accepts."""
        return sum(outcome.outcome == "fail" for outcome in self.outcomes) - self.failed_checks()

    def keep(self, asks: Callable[[str], bool]) -> None:
        """Drop checks that were not asked for, with their findings."""
        self.outcomes = [outcome for outcome in self.outcomes if asks(outcome.id)]
        self.findings = [notice for notice in self.findings if asks(notice.check)]

    @property
    def verdict(self) -> str:
        """fail with an error finding, else incomplete when something could not be read, else pass."""
        if any(notice.severity == "error" for notice in self.findings):
            return "fail" if not self.incomplete else "incomplete"
        if self.incomplete or any(outcome.outcome == "error" for outcome in self.outcomes):
            return "incomplete"
        return "pass"

    def fails_at(self, severity: str) -> bool:
        """Whether a finding at or above a severity, an incomplete verdict or a named profile makes the run fail."""
        weak = ORDER[severity]
        if any(found["verdict"] != "pass" for found in self.profiles.values()):
            return True
        return self.verdict == "incomplete" or any(ORDER[notice.severity] <= weak for notice in self.findings)

    def ordered(self) -> list[Notice]:
        """Findings: root causes before consequences, the gravest first, of those what explains most."""
        return sorted(
            self.findings,
            key=lambda found: (bool(found.cause_of), ORDER[found.severity], depth(found.check), found.check),
        )

    def roots(self) -> dict[str, list[Notice]]:
        """Findings that follow from no other and still count, by check, in order."""
        grouped: dict[str, list[Notice]] = {}
        for notice in self.ordered():
            if not notice.cause_of and not notice.is_settled:
                grouped.setdefault(notice.check, []).append(notice)
        return grouped

    def document(self) -> dict[str, Any]:
        """The machine form."""
        return {
            "tool": "oneroster-harness",
            "version": self.version,
            "seed": self.seed,
            "as_of": self.as_of,
            "spec": self.spec,
            "target": self.target,
            "verdict": self.verdict,
            "summary": self.counts(),
            "profiles": self.profiles,
            "requests": self.requests,
            "elapsed_s": round(self.elapsed_s, 3),
            "incomplete": list(self.incomplete),
            "covered": {subject: list(found) for subject, found in self.covered.items()},
            **({"changes": self.changes} if self.changes else {}),
            "checks": [
                {"id": found.id, "outcome": found.outcome, "reason": found.reason, "section": found.section}
                for found in self.outcomes
            ],
            "findings": [_finding(notice) for notice in self.ordered()],
        }


def _finding(notice: Notice) -> dict[str, Any]:
    return {
        "id": notice.id,
        "check": notice.check,
        "severity": notice.severity,
        "count": notice.count,
        "message": notice.message,
        "where": dict(notice.where),
        "expected": notice.expected,
        "observed": notice.observed,
        "section": notice.section,
        "remedy": notice.remedy,
        "curl": notice.curl,
        "cause_of": notice.cause_of or None,
        "known": notice.known,
        "accepted": notice.accepted or None,
        "standard_severity": notice.graded or notice.severity,
        "samples": [dict(sample) for sample in notice.samples],
        "steps": list(notice.steps),
    }


def place(notice: Notice) -> str:
    """Where a finding is, in one line: request and pointer, or file, row and column."""
    where = notice.where
    if "file" in where:
        parts = [str(where["file"] or "the bundle")]
        parts += [f"{name} {where[name]}" for name in ("row", "column") if where.get(name)]
        return ", ".join(parts) + (f" (of {where['bundle']})" if where.get("bundle") else "")
    return " ".join(str(where[name]) for name in ("request", "pointer") if where.get(name))
