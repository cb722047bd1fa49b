"""Known deviations: what a vendor is documented to do is told, marked, and no longer counts against it.

Called by the API judge and the check command. Reads the dialect's own claims; what they are worth stands in its file.
"""

from __future__ import annotations

from dataclasses import replace

from conformance.notices import Notice
from conformance.report import Outcome, Report
from oneroster_standard.dialects import Dialect, load_quirks
from oneroster_standard.dialects.delivery import tripped_by_habits


def known_checks(dialect: Dialect) -> frozenset[str]:
    """Checks that a vendor is documented to fail: named by its file, or tripped by its quirks or its habits of delivery."""
    quirks = load_quirks()
    tripped = {check for name in dialect.default_quirks if name in quirks for check in quirks[name].trips}
    return dialect.known_checks | tripped | tripped_by_habits(dialect)


def mark_known(report: Report, dialect: Dialect) -> None:
    """Mark a report's findings that the vendor is known for, and what follows from them, as known and info."""
    known = known_checks(dialect)
    report.findings = [
        replace(notice, known=True, severity="info", graded=notice.graded or notice.severity, remedy=_remedy(notice, dialect))
        if notice.check in known or notice.cause_of in known
        else notice
        for notice in report.findings
    ]
    report.outcomes = [_with_reason(outcome, report, dialect) for outcome in report.outcomes]


def _remedy(notice: Notice, dialect: Dialect) -> str:
    return notice.remedy if notice.remedy != "report it to the vendor" else f"{dialect.title} is known for it: expect it"


def _with_reason(outcome: Outcome, report: Report, dialect: Dialect) -> Outcome:
    own = [notice for notice in report.findings if notice.check == outcome.id]
    if own and all(notice.known for notice in own):
        return replace(outcome, reason=f"known deviation of {dialect.title}")
    return outcome
