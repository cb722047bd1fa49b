"""The report for a terminal: verdict, root causes with what mends them, what was not exercised."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.notices import Notice
from conformance.report import Report, place

MOST_SKIPS = 12
MOST_OTHERS = 10


def text_report(report: Report, fail_on: str = "error") -> str:
    """All findings, root causes first, and the checks that were not exercised with their reasons."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    counts = report.counts()
    yield f"{report.target}  OneRoster {report.spec}, seed {report.seed}"
    yield f"verdict: {report.verdict}" + (f" ({'; '.join(report.incomplete)})" if report.incomplete else "")
    known = sum(notice.known for notice in report.findings)
    yield (
        f"checks: {counts['passed']} passed, {report.failed_checks()} failed, {report.known_checks()} known deviations, "
        f"{counts['skipped']} not exercised"
    )
    yield (
        f"findings: {counts['error']} errors, {counts['warning']} warnings, {counts['info']} remarks"
        + (f" ({known} known)" if known else "")
        + (f"; {report.requests} requests" if report.requests else "")
    )
    for check, notices in report.roots().items():
        yield ""
        yield from _finding(notices, [found for found in report.findings if found.cause_of == check])
    marked = [notice for notice in report.ordered() if notice.known]
    if marked:
        yield ""
        yield "known deviations of this vendor:"
        yield from (f"  {notice.check}: {notice.message}{_times(notice)}" for notice in marked)
    faults = [outcome for outcome in report.outcomes if outcome.outcome == "error"]
    if faults:
        yield ""
        yield "checks that failed themselves:"
        yield from (f"  {outcome.id}: {outcome.reason}" for outcome in faults)
    yield from _skips(report)


def _finding(notices: list[Notice], consequences: list[Notice]) -> Iterator[str]:
    notice, *others = notices
    yield f"{notice.severity}: {notice.message}{_times(notice)}  [{notice.check}]"
    yield from (f"  also      {other.message}{_times(other)}" for other in others[:MOST_OTHERS])
    if len(others) > MOST_OTHERS:
        yield f"  also      {len(others) - MOST_OTHERS} more of this check"
    facts = (
        ("where", place(notice)), ("expected", notice.expected), ("observed", notice.observed),
        ("section", notice.section), ("try", notice.remedy), ("repeat", notice.curl),
    )  # fmt: skip
    yield from (f"  {name:<9} {text}" for name, text in facts if text)
    if consequences:
        yield f"  follows   {', '.join(sorted({found.check for found in consequences}))}"


def _times(notice: Notice) -> str:
    return f" ({notice.count} times)" if notice.count > 1 else ""


def _skips(report: Report) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for outcome in report.outcomes:
        if outcome.outcome == "skip":
            reasons.setdefault(outcome.reason, []).append(outcome.id)
    if not reasons:
        return
    yield ""
    yield "not exercised:"
    for reason, ids in reasons.items():
        more = f" and {len(ids) - MOST_SKIPS} more" if len(ids) > MOST_SKIPS else ""
        yield f"  {reason}: {', '.join(ids[:MOST_SKIPS])}{more}"
