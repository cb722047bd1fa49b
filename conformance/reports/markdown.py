"""The report as Markdown for a comment at a pull request: short, details folded, never longer than a comment may be."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from conformance.notices import Notice
from conformance.report import Report, place

MOST_CHARACTERS = 65_536
"""What the body of a comment may hold."""
MOST_BLOCKERS = 20
SIGNS = {"pass": "✅", "fail": "❌", "incomplete": "⚠️", "error": "❌", "warning": "⚠️", "info": "ℹ️"}
_SPECIAL = re.compile(r"([\\`*_{}\[\]|~])")
_ROOM_FOR_THE_END = 400


def markdown_report(report: Report, fail_on: str = "error") -> str:
    """Verdict and counts first, then findings in the order in which to mend them; what does not fit is counted."""
    text = "\n".join([*_head(report), *_changes(report)]) + "\n"
    found = list(report.roots().items())
    for number, (check, notices) in enumerate(found):
        block = "\n".join(_finding(report, check, notices)) + "\n"
        if len(text) + len(block) > MOST_CHARACTERS - _ROOM_FOR_THE_END:
            text += f"\n{len(found) - number} more root causes did not fit here; the full report has them.\n"
            break
        text += block
    for block in (_settled(report), _skips(report), _foot(report)):
        if len(text) + len(block) <= MOST_CHARACTERS:
            text += block
    return text


def _head(report: Report) -> Iterator[str]:
    counts = report.counts()
    yield f"### {SIGNS[report.verdict]} OneRoster {report.spec}: {report.verdict}"
    yield ""
    yield f"{code(report.target)}"
    yield ""
    yield "| errors | warnings | remarks | checks passed | failed | not exercised |"
    yield "| ---: | ---: | ---: | ---: | ---: | ---: |"
    yield f"| {counts['error']} | {counts['warning']} | {counts['info']} | {counts['passed']} | {report.failed_checks()} | {counts['skipped']} |"
    yield ""
    yield from (f"- {SIGNS['incomplete']} {escape(reason)}" for reason in report.incomplete)
    for name, one in report.profiles.items():
        yield f"- {SIGNS[one['verdict']]} profile **{escape(name)}**: {one['verdict']}, {one['met']} of {one['demands']} demands met"
        yield from (f"  - {escape(blocker['message'])} ({code(blocker['demand'])})" for blocker in one["blockers"][:MOST_BLOCKERS])
        more = len(one["blockers"]) - MOST_BLOCKERS
        yield from (f"  - {more} more",) if more > 0 else ()
        yield from (f"  - not put: {escape(skipped['reason'])}" for skipped in one["not_exercised"][:3])


def _changes(report: Report) -> Iterator[str]:
    """The last step of what changed, as a table; longer series stand in the full report."""
    if not report.changes:
        return
    step = report.changes[-1]
    yield ""
    yield f"{code(step['from'])} → {code(step['to'])}"
    yield ""
    yield "| file | created | changed | removed | other id | as before |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    for name, found in step["files"].items():
        yield f"| {name} | {found['created']:,} | {found['changed']:,} | {found['removed']:,} | {found['rekeyed']:,} | {found['unchanged']:,} |"
    yield from (f"| {name} | {why} | | | | |" for name, why in step["not_compared"].items())


def _finding(report: Report, check: str, notices: list[Notice]) -> Iterator[str]:
    notice = notices[0]
    followers = sorted({found.check for found in report.findings if found.cause_of == check})
    times = f" ({notice.count:,} times)" if notice.count > 1 else ""
    yield ""
    yield f"<details><summary>{SIGNS[notice.severity]} {html.escape(notice.message)}{times} <code>{html.escape(check)}</code></summary>"
    yield ""
    facts = (
        ("where", code(place(notice))), ("expected", escape(notice.expected)), ("observed", escape(notice.observed)),
        ("section", escape(notice.section)), ("try", escape(notice.remedy)), ("finding", code(notice.id)),
        ("follows", ", ".join(map(code, followers))),
    )  # fmt: skip
    yield from (f"- {name}: {text}" for name, text in facts if text)
    yield from (f"{place}. {code(step)}" for place, step in enumerate(notice.steps, 1))
    yield from (f"- also: {escape(other.message)} ({code(other.id)})" for other in notices[1:6])
    if len(notices) > 6:
        yield f"- also: {len(notices) - 6} more of this check"
    yield ""
    yield "</details>"


def _settled(report: Report) -> str:
    found = [notice for notice in report.ordered() if notice.is_settled]
    if not found:
        return ""
    lines = [f"- {escape(notice.message)} ({code(notice.check)}): {escape(notice.accepted or 'the vendor is known for it')}" for notice in found[:100]]
    return "\n".join(["", f"<details><summary>{len(found)} known or accepted findings</summary>", "", *lines, "", "</details>", ""])


def _skips(report: Report) -> str:
    reasons: dict[str, int] = {}
    for outcome in report.outcomes:
        if outcome.outcome == "skip":
            reasons[outcome.reason] = reasons.get(outcome.reason, 0) + 1
    if not reasons:
        return ""
    lines = [f"- {escape(reason)}: {count} checks" for reason, count in list(reasons.items())[:50]]
    return "\n".join(["", f"<details><summary>{sum(reasons.values())} checks not exercised</summary>", "", *lines, "", "</details>", ""])


def _foot(report: Report) -> str:
    return f"\n<sub>oneroster-harness {report.version}, seed {report.seed}, as of {report.as_of}</sub>\n"


def escape(text: str) -> str:
    """Text of others that may not become markup, a mention, a link or a line of its own."""
    plain = _SPECIAL.sub(r"\\\1", " ".join(text.split()))
    return plain.replace("<", "&lt;").replace(">", "&gt;").replace("@", "@\u200b").replace("#", "#\u200b")


def code(text: str) -> str:
    """Text in backticks; empty stays empty."""
    return f"`{text.replace('`', chr(39))}`" if text else ""
