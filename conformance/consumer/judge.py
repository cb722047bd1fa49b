"""Judging a consumer over days, vendors and channels; gives the report that every format is made of.

Called by the command and by tests.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from conformance.consumer.adapter import Adapter, entity_names
from conformance.consumer.checks import CHECKS
from conformance.consumer.comparison import Course, Wrong
from conformance.consumer.findings import notices_of
from conformance.consumer.hardships import Hardship, damaged, load_hardships
from conformance.consumer.landed import Landed, NotLanded, read_landed
from conformance.consumer.running import TIMED_OUT, facts_of, run_once
from conformance.consumer.school import School, bundle_of, happenings_of, playing, vendor_name, write_days
from conformance.report import Outcome, Report
from oneroster_harness.terminal import AS_OF, DEFAULT_SEED, VERSION

DEFAULT_DAYS = 6
DEFAULT_STUDENTS = 60
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Play:
    """What is played. vendors: names or dialect files. kind: hardships or none."""

    vendors: tuple[str, ...] = ("reference",)
    channels: tuple[str, ...] = ("api",)
    days: int = DEFAULT_DAYS
    students: int = DEFAULT_STUDENTS
    seed: int = DEFAULT_SEED
    as_of: date = AS_OF
    quirks: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    """Faults of every day, for every vendor."""
    has_hardships: bool = True


@dataclass
class Pupil:
    """The consumer as it meets one vendor by one channel."""

    vendor: str
    given: str
    channel: str
    folder: Path
    course: Course
    first: Path
    stopped: str = ""
    runs: list[Wrong] = field(default_factory=list)


def judge(adapter: Adapter, play: Play, folder: Path, tell: Tell = lambda text: None) -> Report:
    """Play the days and compare; folder: for the districts, the bundles and the consumer's own files."""
    started = time.perf_counter()
    report = Report(
        target=adapter.name, spec="1.1", seed=play.seed, as_of=play.as_of.isoformat(), version=VERSION
    )
    tell("make the district")
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        school = stack.enter_context(
            playing(folder, play.vendors, students=play.students, seed=play.seed, as_of=play.as_of, quirks=play.quirks)
        )
        pupils = [
            _pupil(adapter, play, school, folder, given, channel) for given in play.vendors for channel in play.channels
        ]
        _play(adapter, play, school, pupils, tell)
    for pupil in pupils:
        pupil.course.end()
        report.findings += notices_of(pupil.vendor, pupil.channel, pupil.runs + pupil.course.wrongs)
        if pupil.stopped:
            report.incomplete.append(f"{pupil.vendor} by {pupil.channel}: {pupil.stopped}")
    report.outcomes = _outcomes(report, set().union(*(pupil.course.exercised for pupil in pupils)) if pupils else set())
    report.covered = _covered(play, pupils)
    report.elapsed_s = time.perf_counter() - started
    return report


def _pupil(adapter: Adapter, play: Play, school: School, folder: Path, given: str, channel: str) -> Pupil:
    vendor = vendor_name(given)
    own = folder / vendor / channel
    own.mkdir(parents=True, exist_ok=True)
    bundles = folder / vendor
    first = bundles / "district.zip"
    if not first.exists():
        write_days(bundles, given, play.days, students=play.students, seed=play.seed, as_of=play.as_of)
    course = Course(adapter, channel, school.tells_deletions(vendor), load_hardships().page_cap)
    return Pupil(vendor, given, channel, own, course, first)


def _play(adapter: Adapter, play: Play, school: School, pupils: Sequence[Pupil], tell: Tell) -> None:
    today = school.today()
    for day in range(play.days + 1):
        if day:
            today = school.advance()
        for pupil in pupils:
            if pupil.stopped:
                continue
            tell(f"day {day}: {pupil.vendor} by {pupil.channel}")
            truth = {entity: school.truth(pupil.vendor, entity, pupil.channel) for entity in entity_names()}
            pupil.course.begin(truth, happenings_of(pupil.first, day))
            _Day(adapter, play, school, pupil, day, today).live()


@dataclass
class _Day:
    """One day of one pupil: a bad run where one is due, then a good one."""

    adapter: Adapter
    play: Play
    school: School
    pupil: Pupil
    day: int
    today: str

    def live(self) -> None:
        hardship = load_hardships().on(self.pupil.channel, self.day, self.play.days) if self.play.has_hardships else None
        if hardship is not None and self._bad_run(hardship):
            return
        self._good_run()

    @property
    def _cap(self) -> tuple[str, ...]:
        return (f"fault.paging-capped@cap={load_hardships().page_cap}", *self.play.faults)

    def _bad_run(self, hardship: Hardship) -> bool:
        """A run into trouble; returns whether it was also the day's good one."""
        if self.pupil.channel == "api":
            self.school.set_faults(self.pupil.vendor, [*self._cap, *hardship.faults])
            code = self._run(self._bundle())
            struck = self.school.struck(self.pupil.vendor, hardship.faults)
        else:
            spoilt = self.pupil.folder / "bundle.zip"
            struck = damaged(self._bundle(), hardship.damage, spoilt)
            code = self._run(spoilt) if struck else 0
        if not struck:
            return False
        landed = self._landed()
        if landed is None:
            return True
        course = self.pupil.course
        went_well = code in self.adapter.accept
        has_lost = course.on_a_bad_day(landed, self.day)
        if hardship.passing:
            course.exercised.add("consumer.passing-fault")
            if not went_well:
                self._note("consumer.passing-fault")
            elif not has_lost and course.is_current(landed):
                course.on_a_good_day(landed, self.day)
                return True
        elif hardship.told:
            course.exercised.add("consumer.failure-told")
            if went_well and self.pupil.channel in self.adapter.commands:
                self._note("consumer.failure-told")
        return False

    def _good_run(self) -> None:
        if self.pupil.channel == "api":
            self.school.set_faults(self.pupil.vendor, self._cap)
        code = self._run(self._bundle())
        self.pupil.course.exercised.add("consumer.runs")
        if code not in self.adapter.accept:
            self._note("consumer.runs", "no end in time" if code == TIMED_OUT else f"exit code {code}")
            if self.day == 0:
                self.pupil.stopped = "the first run failed"
                return
        landed = self._landed()
        if landed is not None:
            self.pupil.course.on_a_good_day(landed, self.day)

    def _bundle(self) -> Path:
        return bundle_of(self.pupil.first, self.day, "full" if self.pupil.channel != "delta" else "delta")

    def _facts(self) -> dict[str, str]:
        return facts_of(
            self.adapter, self.school.provider(self.pupil.vendor), vendor=self.pupil.given, folder=self.pupil.folder, day=self.day,
            date=self.today,
        )  # fmt: skip

    def _run(self, bundle: Path) -> int:
        facts = self._facts()
        if self.pupil.channel != "api":
            kind = "delta" if self.pupil.channel == "delta" and self.day else "full"
            facts |= {"bundle": str(bundle), "bundle_kind": kind}
        return run_once(self.adapter, self.pupil.channel, facts, self.school.provider(self.pupil.vendor))

    def _landed(self) -> dict[str, Landed] | None:
        try:
            return read_landed(self.adapter, self._facts())
        except NotLanded as problem:
            self.pupil.course.exercised.add("consumer.lands")
            self._note("consumer.lands", str(problem))
            if self.day == 0:
                self.pupil.stopped = "what the first run landed cannot be read"
            return None

    def _note(self, check: str, reason: str = "") -> None:
        self.pupil.runs.append(Wrong(check, "", "", self.day, reason=reason))


def _outcomes(report: Report, exercised: set[str]) -> list[Outcome]:
    failed = {notice.check for notice in report.findings}
    return [
        Outcome(
            check.id, "fail" if check.id in failed else "pass" if check.id in exercised else "skip",
            "" if check.id in failed | exercised else check.unasked, check.section,
        )
        for check in CHECKS.values()
    ]  # fmt: skip


def _covered(play: Play, pupils: Sequence[Pupil]) -> dict[str, list[str]]:
    """What was played, and how often each kind of happening was handled wrongly."""
    touched = {(pupil.vendor, pupil.channel, *place) for pupil in pupils for place in pupil.course.touched}
    mishandled = {
        (pupil.vendor, pupil.channel, wrong.entity, wrong.key, wrong.reason) for pupil in pupils for wrong in pupil.course.wrongs if wrong.reason
    }
    reasons = sorted({found[4] for found in touched})
    hardships = load_hardships()
    return {
        "vendors": [pupil.vendor for pupil in pupils[:: len(play.channels)]],
        "channels": list(play.channels),
        "days": [str(play.days)],
        "hardships": [
            f"day {found.day}: {found.what}" for table in (hardships.api, hardships.bundle) for found in table.values()
            if play.has_hardships and found.day < play.days
        ],
        "happenings": [
            f"{reason}: {sum(found[4] == reason for found in touched)} rows, {sum(found[4] == reason for found in mishandled)} wrong"
            for reason in reasons
        ],
    }  # fmt: skip
