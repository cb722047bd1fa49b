"""Profiles put to a finished run: severities that they change, and a verdict of each.

Called by both judges; without profiles nothing is changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from conformance.profiles.asking import Asking
from conformance.profiles.evidence import ApiEvidence, CsvEvidence, Evidence
from conformance.profiles.model import Profile
from conformance.profiles.verdicts import unread_verdict, verdict_of
from conformance.report import ORDER, Report
from conformance.run import Run


def apply_severities(report: Report, profiles: Sequence[Profile]) -> None:
    """Grade findings as the named profiles do, the gravest where they differ; what a vendor is known for stays a remark."""
    changed: dict[str, str] = {}
    for profile in profiles:
        for check, severity in profile.severity.items():
            changed[check] = min(changed.get(check, severity), severity, key=ORDER.__getitem__)
    report.findings = [
        replace(notice, severity=changed[notice.check], graded=notice.graded or notice.severity)
        if notice.check in changed and not notice.known
        else notice
        for notice in report.findings
    ]


def judge_api_profiles(report: Report, run: Run, profiles: Sequence[Profile], *, allow_writes: bool, unread: str) -> None:
    """Add each profile's verdict of a provider; unread: why nothing could be read, empty when it could."""
    evidence = ApiEvidence(run)
    for profile in profiles:
        if unread:
            verdict = unread_verdict(profile, unread)
        else:
            asked = _answers_wanted(profile, evidence)
            verdict = verdict_of(profile, report, evidence, Asking(run, profile, allow_writes).answers() if asked else ())
        report.profiles[profile.name] = verdict.document()
    apply_severities(report, profiles)


def _answers_wanted(profile: Profile, evidence: Evidence) -> bool:
    """Whether the consumer could read this source at all: its requests are not sent where it could not."""
    return profile.api is not None and evidence.spec in profile.api.specs


def judge_csv_profiles(report: Report, evidence: CsvEvidence, profiles: Sequence[Profile]) -> None:
    """Add each profile's verdict of a bundle."""
    for profile in profiles:
        report.profiles[profile.name] = verdict_of(profile, report, evidence).document()
    apply_severities(report, profiles)
