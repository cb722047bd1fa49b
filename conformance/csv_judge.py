"""Judging a CSV bundle: read every file once, put the rules to it, report.

Called by `oneroster check csv` and by tests. Reads only; holds no names of people and never writes to disk.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from conformance.csv_files.package import Package
from conformance.csv_files.reading import LINE, FileReading, read_frames
from conformance.csv_files.version import find_version, open_any
from conformance.csv_rules import FAMILIES, consequences
from conformance.csv_rules.cell_tests import CellJudge
from conformance.csv_rules.facts import BundleFacts, Finding, Skip
from conformance.csv_rules.keeping import Keeper
from conformance.csv_rules.rulebook import RULES, Rule
from conformance.notices import Notice
from conformance.profiles.applying import judge_csv_profiles
from conformance.profiles.evidence import CsvEvidence, Watcher
from conformance.profiles.model import Profile
from conformance.report import Outcome, Report
from oneroster_harness.terminal import AS_OF, DEFAULT_SEED, VERSION
from oneroster_standard.bundles import BundleProblem
from oneroster_standard.standard import load

__all__ = ["FAMILIES", "Judgement", "RuleOutcome", "judge", "judge_bundle"]

MANIFEST = "manifest.csv"
MANY_ROWS = 2_000_000


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What came of one rule: pass, fail or skip with its reason."""

    rule: Rule
    outcome: str
    reason: str = ""


@dataclass(slots=True)
class Judgement:
    """All outcomes and findings of a bundle, and the facts that they rest on."""

    facts: BundleFacts
    outcomes: list[RuleOutcome] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def judge(
    path: Path, *, spec: str | None = None, seed: int = DEFAULT_SEED, as_of: date = AS_OF, profiles: tuple[Profile, ...] = ()
) -> Report:  # fmt: skip
    """Judge a folder or a ZIP; returns the report that every format is made of. profiles: consumers to ask for.

    Raises CannotRun like judge_bundle.
    """
    started = time.perf_counter()
    watcher = Watcher(profiles)
    judgement = judge_bundle(path, spec=spec, watcher=watcher)
    report = Report(
        target=str(path),
        spec=judgement.facts.standard.version,
        seed=seed,
        as_of=as_of.isoformat(),
        version=VERSION,
        outcomes=[
            Outcome(found.rule.id, found.outcome, found.reason, found.rule.section)
            for found in judgement.outcomes
        ],
        findings=[_notice(finding) for finding in judgement.findings],
    )
    judge_csv_profiles(report, CsvEvidence(judgement.facts, watcher), profiles)
    report.elapsed_s = time.perf_counter() - started
    return report


def _notice(finding: Finding) -> Notice:
    rule = RULES[finding.check]
    where: dict[str, object] = {
        "file": finding.file,
        "row": finding.line or None,
        "column": finding.column or None,
    }
    return Notice(
        message=finding.message,
        where=where,
        expected=finding.expected or rule.expected,
        observed=finding.observed,
        count=finding.count,
        severity=finding.severity or rule.severity,
        check=rule.id,
        section=rule.section,
        remedy=finding.remedy
        or rule.remedy
        or f"send it as the standard asks: {finding.expected or rule.expected}",
        cause_of=finding.cause_of,
        samples=tuple({"file": finding.file} | sample for sample in finding.samples),
    )


def judge_bundle(path: Path, *, spec: str | None = None, watcher: Watcher | None = None) -> Judgement:
    """Judge a folder or a ZIP.

    watcher: counts what profiles ask about while the files are read.
    spec: the version that the caller expects; the files are judged by their own version, a difference is a finding.
    Raises CannotRun when there is nothing at the path or it may not be read.
    """
    package = open_any(path)
    try:
        facts = BundleFacts(package, load(find_version(package, spec)), spec)
        if package.trouble is None:
            _drop_files_of_other_versions(facts)
            _read_manifest(facts)
            for name in facts.data_files:
                if name in package.members:
                    _read_file(facts, name, watcher)
    finally:
        package.close()
    return _apply(facts)


def _drop_files_of_other_versions(facts: BundleFacts) -> None:
    package: Package = facts.package
    for name in [name for name in package.members if name not in facts.standard.csv_files]:
        package.unknown.append(package.members.pop(name))


def _read_manifest(facts: BundleFacts) -> None:
    if MANIFEST not in facts.package.members:
        return
    facts.manifest.is_present = True
    reading = FileReading(facts.standard.csv_files[MANIFEST])
    facts.readings[MANIFEST] = reading
    try:
        with facts.package.open(MANIFEST) as stream:
            for frame in read_frames(stream, reading):
                if not (reading.has("propertyName") and reading.has("value")):
                    continue
                bare = CellJudge(facts, reading, {}).judge(frame)
                facts.manifest.rows.extend(bare.select(LINE, "propertyName", "value").iter_rows())
    except BundleProblem:
        reading.stopped_by = "cut"
    facts.manifest.is_readable = (
        not reading.stopped_by and reading.has("propertyName") and reading.has("value")
    )


def _read_file(facts: BundleFacts, name: str, watcher: Watcher | None) -> None:
    reading = FileReading(facts.standard.csv_files[name])
    facts.readings[name] = reading
    rules = {id: rule.cell for id, rule in RULES.items() if rule.cell is not None and facts.standard.version in rule.specs}
    judge: CellJudge | None = None
    keeper = Keeper(reading)
    try:
        with facts.package.open(name) as stream:
            for frame in read_frames(stream, reading):
                # The columns are known only when the header was read, which the first frame follows.
                judge = judge or CellJudge(facts, reading, rules)
                bare = judge.judge(frame)
                keeper.keep(bare)
                if watcher is not None:
                    watcher.see(reading, bare, facts.mode(name))
    except BundleProblem:
        reading.stopped_by = "cut"
    keeper.hand_over(facts)


def _apply(facts: BundleFacts) -> Judgement:
    judgement = Judgement(facts)
    rules = [rule for rule in RULES.values() if facts.standard.version in rule.specs]
    with ThreadPoolExecutor(max_workers=2 if sum(reading.rows for reading in facts.present) < MANY_ROWS else 1) as pool:
        # Rules read the same facts and nothing of each other; their order is kept. Of many rows each rule keeps all cores busy by itself.
        asked = list(pool.map(lambda rule: _ask(facts, rule), rules))
    for rule, (findings, reason) in zip(rules, asked, strict=True):
        judgement.findings.extend(findings)
        outcome = "fail" if findings else "skip" if reason else "pass"
        judgement.outcomes.append(RuleOutcome(rule, outcome, reason))
    consequences.attach(judgement.findings)
    return judgement


def _ask(facts: BundleFacts, rule: Rule) -> tuple[list[Finding], str]:
    if rule.bundle is not None:
        found: list[Finding] = []
        try:
            found.extend(rule.bundle(facts))
        except Skip as skip:
            return found, str(skip)
        return found, ""
    found = [
        Finding(
            rule.id,
            f"{rule.title.rstrip('.')}: not in {column}",
            file,
            tally.places[0].line,
            column,
            observed=tally.places[0].remark,
            count=tally.count,
            samples=[
                {"row": place.line, "column": column, "observed": place.remark} for place in tally.places
            ],
        )
        for (check, file, column), tally in facts.cells.items()
        if check == rule.id
    ]
    if found or facts.judged.get(rule.id):
        return found, ""
    return found, _why_unasked(facts, rule)


def _why_unasked(facts: BundleFacts, rule: Rule) -> str:
    read = [reading for reading in facts.present if not reading.stopped_by and reading.rows]
    if not read:
        return "no file with rows was read"
    if rule.id == "csv.delta-status" and facts.manifest.is_readable:
        # Every file's mode is known and none is a delta: nothing is missing.
        return "" if all(facts.mode(reading.name) == "bulk" for reading in read) else "no delta row was read"
    if rule.id in ("csv.bulk-status", "csv.date-time") and facts.manifest.is_readable:
        modes = {facts.mode(reading.name) for reading in read}
        if rule.id == "csv.date-time" and modes == {"bulk"}:
            return ""
        if rule.id == "csv.bulk-status" and modes == {"delta"}:
            return ""
    return "no file has a filled column that it applies to"
