"""From wrong rows to findings: one per cause and entity, with exact counts, the kinds of happenings, and what follows from what.

Called by the judge. Shows entities, columns, days and marks of keys, never a value.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from conformance.consumer.checks import CHECKS, CONSEQUENCES
from conformance.consumer.comparison import Wrong
from conformance.notices import MOST_SAMPLES, Notice, redacted_id

_MESSAGES = {
    "consumer.runs": "the consumer's command fails",
    "consumer.lands": "what was landed cannot be found",
    "consumer.columns": "a required column is not landed",
    "consumer.one-row-per-key": "records have several rows",
    "consumer.all-pages": "only the first page is landed",
    "consumer.steps-by-received": "the records between a cut page and the next step are missing",
    "consumer.failed-read-keeps-rows": "rows are gone after a read that was not whole",
    "consumer.failure-told": "a run whose read failed ends as if all was well",
    "consumer.passing-fault": "a run fails on a fault that passes",
    "consumer.tobedeleted-honoured": "records told as tobedeleted still count",
    "consumer.absent-retired": "records that are gone still count",
    "consumer.retired-in-time": "records are retired too late",
    "consumer.wrongly-retired": "records that are still there no longer count",
    "consumer.restored": "records that came back do not count",
    "consumer.id-case": "records whose keys differ in case only are mixed up",
    "consumer.dates-keep-their-day": "dates are off by a day, or became instants",
    "consumer.updates-applied": "rows keep an earlier value",
    "consumer.rows-missing": "records are missing",
    "consumer.rows-extra": "rows stand for nothing that the provider has",
    "consumer.values": "rows hold another value",
}


def notices_of(vendor: str, channel: str, wrongs: Iterable[Wrong]) -> list[Notice]:
    """The findings of one vendor and channel, root causes told from what follows."""
    grouped: dict[tuple[str, str, str], list[Wrong]] = defaultdict(list)
    for wrong in wrongs:
        grouped[wrong.check, wrong.entity, wrong.column].append(wrong)
    found = {check for check, _, _ in grouped}
    return [_notice(vendor, channel, group, _cause(check, found)) for (check, _, _), group in grouped.items()]


def _cause(check: str, found: set[str]) -> str:
    return next((root for root, following in CONSEQUENCES.items() if root in found and check in following), "")


def _notice(vendor: str, channel: str, group: Sequence[Wrong], cause: str) -> Notice:
    first = min(group, key=lambda wrong: wrong.day)
    check = CHECKS[first.check]
    keys = {wrong.key for wrong in group if wrong.key}
    days = sorted({wrong.day for wrong in group})
    where = {
        "file": first.entity or "the run", "row": None, "column": first.column or None, "vendor": vendor, "channel": channel, "day": days[0],
    }  # fmt: skip
    of = " of " + first.entity if first.entity else ""
    return Notice(
        message=f"{_MESSAGES[check.id]}{of}{f', column {first.column}' if first.column else ''} ({vendor}, {channel})",
        where=where, expected=check.title, observed=_observed(group, keys, days), count=max(len(keys), 1), severity=check.severity,
        check=check.id, section=check.section, remedy=check.remedy, cause_of=cause,
        samples=tuple(
            {"day": wrong.day, "file": wrong.entity, "column": wrong.column or None, "id": redacted_id(wrong.key), "after": wrong.reason or None}
            for wrong in group[:MOST_SAMPLES] if wrong.key
        ),
    )  # fmt: skip


def _observed(group: Sequence[Wrong], keys: set[str], days: Sequence[int]) -> str:
    told = [f"{len(keys):,} of {group[0].rows:,} rows"] if keys else []
    if not keys and group[0].reason:
        told.append(group[0].reason)
    told.append(f"first on day {days[0]}" + (f", on {len(days)} days" if len(days) > 1 else ""))
    reasons = Counter(wrong.reason for wrong in {(one.key, one.reason): one for one in group}.values() if wrong.reason and wrong.key)
    if reasons:
        told.append("after " + ", ".join(f"{reason} ({count})" for reason, count in reasons.most_common(5)))
    return "; ".join(told)
