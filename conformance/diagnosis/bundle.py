"""Looking at a bundle: the rules of `check csv`, the first root cause in plain words, and whether its terms hold the present day.

Called by the command.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from conformance.csv_judge import judge
from conformance.diagnosis.api import holds_day
from conformance.diagnosis.result import Diagnosis
from conformance.diagnosis.rosters import OfBundle
from conformance.report import place
from oneroster_standard.dialects import load_dialect

STAGES = (
    ("package", ("csv.archive", "csv.package", "csv.bundle", "csv.file", "csv.zip")),
    ("manifest", ("csv.manifest",)),
    ("text", ("csv.encoding", "csv.delimiter", "csv.quot", "csv.line", "csv.bom", "csv.nul", "csv.width", "csv.header", "csv.column")),
)
"""What is told as a step of its own, by the beginning of the rules' ids; the rest is `content`."""


def diagnose_bundle(path: Path, spec: str | None, vendor: str | None, as_of: date | None) -> Diagnosis:
    """Judge and tell the first cause.

    as_of: the day that the terms should hold; without one a bundle of another year is a note, since it may be an old one on purpose.
    Raises CannotRun when there is nothing at the path."""
    dialect = load_dialect(vendor or "reference")
    found = Diagnosis(str(path), dialect)
    report = judge(path, spec=spec)
    stages = {name: [0, 0] for name, _ in (*STAGES, ("content", ()))}
    for outcome in report.outcomes:
        stages[_stage(outcome.id)][0] += outcome.outcome in ("pass", "fail")
    roots = [notices[0] for notices in report.roots().values() if notices[0].severity == "error"]
    for notice in roots:
        stages[_stage(notice.check)][1] += 1
        more = f", {notice.count:,} times" if notice.count > 1 else ""
        found.failed(
            f"bundle.{_stage(notice.check)}", notice.check, f"{notice.message} ({place(notice)}{more})", remedy=notice.remedy,
            says=f"{notice.message} ({place(notice)}).", confidence=0.95,
        )  # fmt: skip
    for name, (judged, failed) in stages.items():
        if judged and not failed:
            found.passed(f"bundle.{name}", f"{judged} rules hold")
    if not roots:
        _sessions(found, path, as_of)
    return found


def _stage(id: str) -> str:
    return next((name for name, starts in STAGES if id.startswith(starts)), "content")


def _sessions(found: Diagnosis, path: Path, as_of: date | None) -> None:
    today = as_of or datetime.now(UTC).date()
    sessions = OfBundle(path).rows("academicSessions")
    if not sessions:
        found.skipped("sessions", "the bundle has no academic sessions")
    elif holds_day(sessions, today):
        found.passed("sessions", f"one of {len(sessions)} holds {today.isoformat()}")
    elif as_of is None:
        found.noted("sessions", f"none of {len(sessions)} holds {today.isoformat()}; give --as-of to have it judged")
    else:
        found.failed("sessions", "data.sessions-out-of-range", f"none of {len(sessions)} holds {today.isoformat()}")
