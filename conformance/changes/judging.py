"""Judging what changes from bundle to bundle: take each one in, compare, put the rules, remember, go on.

Called by `oneroster check change` and by `oneroster check csv` of a folder of days. Reads only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from conformance.changes import FAMILIES
from conformance.changes.counting import counted
from conformance.changes.rulebook import RULES, ChangeRule
from conformance.changes.series import Member
from conformance.changes.snapshots import Snapshot, take
from conformance.changes.steps import Past, Step
from conformance.csv_judge import judge as judge_bundle
from conformance.notices import MOST_SAMPLES, Notice
from conformance.report import Outcome, Report
from oneroster_harness.terminal import AS_OF, DEFAULT_SEED, VERSION

assert FAMILIES
_REASONS = {
    "pair": "no two full bundles that can be read follow one another", "delta": "no delta is among the bundles",
    "history": "a record's past is known from the third bundle on", "step": "there is one bundle only",
}  # fmt: skip
_NO_ACCIDENT = {"change.rollover", "change.file-new", "change.encoding", "change.session-moved"}


@dataclass(slots=True)
class Series:
    """What was found in a series of bundles. asked: rules that were put; changes: one entry per pair of full bundles."""

    findings: list[Notice] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    changes: list[dict[str, Any]] = field(default_factory=list)
    specs: list[str] = field(default_factory=list)

    def outcomes(self) -> list[Outcome]:
        """What came of each rule."""
        failed = {notice.check for notice in self.findings}
        return [_outcome(rule, failed, self.asked) for rule in RULES.values()]


def _outcome(rule: ChangeRule, failed: set[str], asked: set[str]) -> Outcome:
    if rule.id in failed:
        return Outcome(rule.id, "fail", "", rule.section)
    return Outcome(rule.id, "pass", "", rule.section) if rule.id in asked else Outcome(rule.id, "skip", _REASONS[rule.needs], rule.section)


def compare(found: Sequence[Member], *, spec: str | None = None, tell: Callable[[str], None] = lambda text: None) -> Series:
    """Put the rules to each step of a series. Raises CannotRun when a bundle is not there or may not be read."""
    series, past = Series(), Past()
    bulk: Snapshot | None = None
    delta: Snapshot | None = None
    for member in found:
        tell(member.label)
        snapshot = take(member.path, member.label, spec)
        series.specs.append(snapshot.standard.version)
        if member.is_delta or snapshot.is_delta:
            if delta is not None:
                # A delta after a delta: there is no full bundle between them to compare with.
                _step(series, Step(bulk, None, delta, past))
            delta = snapshot
            continue
        if bulk is not None or delta is not None or snapshot.trouble:
            _step(series, Step(bulk, snapshot, delta, past))
        delta, bulk = None, snapshot
    if delta is not None:
        _step(series, Step(bulk, None, delta, past))
    series.findings = fold(series.findings)
    return series


def _step(series: Series, step: Step) -> None:
    # Accidents of the full bundles first: that the delta does not go with them follows.
    for rule in sorted(RULES.values(), key=lambda rule: rule.needs != "pair"):
        if not step.has(rule.needs):
            continue
        series.asked.add(rule.id)
        for notice in rule.judge(step):
            told = _filled(rule, notice)
            series.findings.append(told)
            if rule.needs == "pair" and told.severity != "info" and rule.id not in _NO_ACCIDENT:
                step.note(rule.id, str(told.where["file"]))
    if step.pair is not None:
        series.changes.append(counted(step))
    step.remember()


def _filled(rule: ChangeRule, notice: Notice) -> Notice:
    return replace(
        notice, check=rule.id, severity=notice.severity or rule.severity, section=rule.section, remedy=notice.remedy or rule.remedy,
        expected=notice.expected or rule.expected,
    )  # fmt: skip


def fold(notices: Sequence[Notice]) -> list[Notice]:
    """One notice per fault and column of a series: counts added up, the samples of the first days kept."""
    found: dict[tuple[object, ...], Notice] = {}
    for notice in notices:
        key = (notice.check, notice.message, notice.severity, notice.cause_of, notice.where.get("file"), notice.where.get("column"))
        first = found.get(key)
        samples = notice.samples or (dict(notice.where),)
        if first is None:
            found[key] = replace(notice, samples=samples)
        else:
            found[key] = replace(first, count=first.count + notice.count, samples=(*first.samples, *samples)[:MOST_SAMPLES])
    return list(found.values())


def judge_changes(
    found: Sequence[Member], *, target: str, spec: str | None = None, seed: int = DEFAULT_SEED, as_of: date = AS_OF, each: bool = False,
    tell: Callable[[str], None] = lambda text: None,
) -> Report:  # fmt: skip
    """The report on a series of bundles. each: every bundle is judged by itself as well, by the rules of `check csv`."""
    started = time.perf_counter()
    alone = [(member, judge_bundle(member.path, spec=spec, seed=seed, as_of=as_of)) for member in found] if each else []
    series = compare(found, spec=spec, tell=tell)
    report = Report(target=target, spec=series.specs[-1] if series.specs else spec or "1.1", seed=seed, as_of=as_of.isoformat(), version=VERSION)
    report.outcomes = [*_alone([one for _, one in alone]), *series.outcomes()]
    report.findings = [*fold([_placed(notice, member.label) for member, one in alone for notice in one.findings]), *series.findings]
    report.changes = series.changes
    report.elapsed_s = time.perf_counter() - started
    return report


def _placed(notice: Notice, label: str) -> Notice:
    samples = tuple(dict(sample) | {"bundle": label} for sample in notice.samples)
    return replace(notice, where=dict(notice.where) | {"bundle": label}, samples=samples)


def _alone(reports: Sequence[Report]) -> list[Outcome]:
    """Outcomes of the rules over all bundles: failed in one, else passed in one, else skipped."""
    found: dict[str, Outcome] = {}
    for outcome in (one for report in reports for one in report.outcomes):
        rank = ("fail", "error", "pass", "skip")
        before = found.get(outcome.id)
        if before is None or rank.index(outcome.outcome) < rank.index(before.outcome):
            found[outcome.id] = outcome
    return list(found.values())
