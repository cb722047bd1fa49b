"""The report for a terminal: verdict, root causes with what mends them, what was not exercised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.notices import Notice
from conformance.report import Report, place

MOST_SKIPS = 12
MOST_OTHERS = 10
MOST_BLOCKERS = 20
MOST_STEPS = 3
MOST_FIELDS = 6
CHANGE_KINDS = ("created", "changed", "removed", "rekeyed")
SAYS = {"pass": "would take it", "fail": "would not take it", "incomplete": "cannot be answered for by this run"}


def text_report(report: Report, fail_on: str = "error") -> str:
    """All findings, root causes first, and the checks that were not exercised with their reasons."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    counts = report.counts()
    yield f"{report.target}  OneRoster {report.spec}, seed {report.seed}"
    yield f"verdict: {report.verdict}" + (f" ({'; '.join(report.incomplete)})" if report.incomplete else "")
    settled = "known or accepted" if any(notice.accepted for notice in report.findings) else "known deviations"
    known = sum(notice.known for notice in report.findings)
    yield (
        f"checks: {counts['passed']} passed, {report.failed_checks()} failed, {report.known_checks()} {settled}, "
        f"{counts['skipped']} not exercised"
    )
    yield (
        f"findings: {counts['error']} errors, {counts['warning']} warnings, {counts['info']} remarks"
        + (f" ({known} known)" if known else "")
        + (f"; {report.requests} requests" if report.requests else "")
    )
    yield from profile_lines(report)
    yield from _changes(report)
    for check, notices in report.roots().items():
        yield ""
        yield from _finding(notices, [found for found in report.findings if found.cause_of == check])
    marked = [notice for notice in report.ordered() if notice.known]
    if marked:
        yield ""
        yield "known deviations of this vendor:"
        yield from (f"  {notice.check}: {notice.message}{_times(notice)}" for notice in marked)
    accepted = [notice for notice in report.ordered() if notice.accepted]
    if accepted:
        yield ""
        yield "accepted by the baseline:"
        yield from (f"  {notice.check}: {notice.message}{_times(notice)}: {notice.accepted}  [{notice.id}]" for notice in accepted)
    faults = [outcome for outcome in report.outcomes if outcome.outcome == "error"]
    if faults:
        yield ""
        yield "checks that failed themselves:"
        yield from (f"  {outcome.id}: {outcome.reason}" for outcome in faults)
    yield from _skips(report)


def _changes(report: Report) -> Iterator[str]:
    """What changed from bundle to bundle, file by file; of a long series the last steps only."""
    shown = report.changes[-MOST_STEPS:]
    if len(shown) < len(report.changes):
        yield ""
        yield f"{len(report.changes):,} steps; the last {len(shown)} (all: --json)"
    for step in shown:
        yield ""
        yield f"{step['from']} -> {step['to']}"
        yield f"  {'':<32} {'created':>9} {'changed':>9} {'removed':>9} {'other id':>9} {'as before':>10}"
        quiet = [name for name, found in step["files"].items() if not any(found[kind] for kind in CHANGE_KINDS)]
        for name, found in step["files"].items():
            if name not in quiet:
                counts = " ".join(f"{found[kind]:>9,}" for kind in CHANGE_KINDS)
                yield f"  {name:<32} {counts} {found['unchanged']:>10,}"
                fields = sorted(found["fields"].items(), key=lambda one: (-one[1], one[0]))
                if fields:
                    yield f"    changed: {', '.join(f'{column} {count:,}' for column, count in fields[:MOST_FIELDS])}"
        if quiet:
            yield f"  as before: {', '.join(quiet)}"
        yield from (f"  {name}: {why}" for name, why in step["not_compared"].items())


def profile_lines(report: Report) -> Iterator[str]:
    """What each named consumer would say, and why."""
    for name, found in report.profiles.items():
        yield ""
        yield f"profile {name}: {found['verdict']} ({found['title']} {SAYS[found['verdict']]}; {found['met']} of {found['demands']} demands met)"
        for kind, label in (("blockers", "blocked by"), ("remarks", "would use")):
            yield from (_blocker(label, one) for one in found[kind][:MOST_BLOCKERS])
            if len(found[kind]) > MOST_BLOCKERS:
                yield f"  {label:<11} {len(found[kind]) - MOST_BLOCKERS} more"
        reasons: dict[str, list[str]] = {}
        for one in found["not_exercised"]:
            reasons.setdefault(one["reason"].partition(": ")[2] or one["reason"], []).append(one["demand"].removeprefix("check "))
        yield from (f"  not put     {', '.join(demands[:MOST_SKIPS])}: {reason}" for reason, demands in reasons.items())
        yield from (f"  accepted    {one['message']}: {one['reason']}" for one in found.get("accepted", ()))
        yield from (f"  not judged  {text}" for text in found["not_judged"])


def _blocker(label: str, one: Mapping[str, Any]) -> str:
    facts = ", ".join(f"{name} {one[name]}" for name in ("expected", "observed") if one[name])
    where = f" at {one['where']}" if one["where"] and one["where"] not in one["message"] else ""
    return f"  {label:<11} {one['message']}{where}" + (f" ({facts})" if facts else "") + f"  [{one['demand']}]"


def _finding(notices: list[Notice], consequences: list[Notice]) -> Iterator[str]:
    notice, *others = notices
    yield f"{notice.severity}: {notice.message}{_times(notice)}  [{notice.check}]"
    yield from (f"  also      {other.message}{_times(other)}" for other in others[:MOST_OTHERS])
    if len(others) > MOST_OTHERS:
        yield f"  also      {len(others) - MOST_OTHERS} more of this check"
    facts = (
        ("where", place(notice)), ("expected", notice.expected), ("observed", notice.observed),
        ("section", notice.section), ("try", notice.remedy), ("repeat", notice.curl), ("finding", notice.id),
    )  # fmt: skip
    yield from (f"  {name:<9} {text}" for name, text in facts if text)
    yield from (f"  {'steps' if place == 1 else '':<9} {place}. {step}" for place, step in enumerate(notice.steps, 1))
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
