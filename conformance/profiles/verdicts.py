"""Would this consumer take what was judged, and if not, why: the demands of a profile put to a report and its evidence.

Called by both judges after all checks. A demand that could not be put leaves the verdict incomplete, never passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from conformance.notices import Notice
from conformance.profiles.evidence import CsvEvidence, Evidence, FieldCount
from conformance.profiles.model import (
    API,
    CSV,
    REQUIRED,
    UNKNOWN,
    USED,
    Basis,
    CheckDemand,
    EntityDemand,
    FieldDemand,
    Profile,
)
from conformance.report import ORDER, Outcome, Report, place

PASS, FAIL, INCOMPLETE, SKIP = "pass", "fail", "incomplete", "skip"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one demand. outcome: pass, fail or skip; check: the check behind it, if one."""

    demand: str
    outcome: str
    message: str = ""
    need: str = REQUIRED
    where: str = ""
    expected: str = ""
    observed: str = ""
    remedy: str = ""
    check: str = ""
    known: Basis = UNKNOWN

    def document(self) -> dict[str, Any]:
        """The machine form."""
        return {
            "demand": self.demand, "message": self.message, "where": self.where, "expected": self.expected, "observed": self.observed,
            "remedy": self.remedy, "check": self.check or None, "basis": self.known.basis, "source": self.known.source,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a profile says of a run."""

    profile: Profile
    answers: tuple[Answer, ...]

    @property
    def blockers(self) -> list[Answer]:
        """Required demands that are not met."""
        return [one for one in self.answers if one.outcome == FAIL and one.need == REQUIRED]

    @property
    def remarks(self) -> list[Answer]:
        """What the consumer would use and does not find."""
        return [one for one in self.answers if one.outcome == FAIL and one.need != REQUIRED]

    @property
    def unasked(self) -> list[Answer]:
        """Required demands that this run could not put."""
        return [one for one in self.answers if one.outcome == SKIP and one.need == REQUIRED]

    @property
    def word(self) -> str:
        """fail with a blocker, else incomplete when a demand was not put, else pass."""
        return FAIL if self.blockers else INCOMPLETE if self.unasked else PASS

    def document(self) -> dict[str, Any]:
        """The machine form."""
        return {
            "verdict": self.word, "title": self.profile.title, "blockers": [one.document() for one in self.blockers],
            "remarks": [one.document() for one in self.remarks],
            "not_exercised": [{"demand": one.demand, "reason": one.message} for one in self.unasked],
            "not_judged": list(self.profile.not_judged), "demands": len(self.answers), "met": sum(one.outcome == PASS for one in self.answers),
        }  # fmt: skip


def verdict_of(profile: Profile, report: Report, evidence: Evidence, more: Iterable[Answer] = ()) -> Verdict:
    """Put every demand of a profile; more: answers to its own requests."""
    refused = _channel(profile, evidence)
    if refused is not None:
        return Verdict(profile, (refused,))
    found = [
        *_version(profile, evidence), *_auth(profile, evidence), *_files(profile, evidence), *_entities(profile, evidence),
        *_checks(profile, report, evidence), *more,
    ]  # fmt: skip
    return Verdict(profile, tuple(found))


def unread_verdict(profile: Profile, reason: str) -> Verdict:
    """The verdict of a run that could not begin."""
    return Verdict(profile, (Answer("run", SKIP, reason, known=profile.known),))


def _channel(profile: Profile, evidence: Evidence) -> Answer | None:
    terms = profile.api if evidence.channel == API else profile.csv
    if terms is not None:
        return None
    kinds = ("an API", "bundles") if evidence.channel == API else ("a bundle", "APIs")
    return Answer(
        "channel", FAIL, f"this consumer does not read {kinds[0]}", expected=f"{kinds[1]} only", known=profile.known,
        remedy=f"offer it {'a bundle' if evidence.channel == API else 'an API'}",
    )  # fmt: skip


def _version(profile: Profile, evidence: Evidence) -> Iterator[Answer]:
    terms = profile.api if evidence.channel == API else profile.csv
    if terms is None:
        return
    wanted = " or ".join(terms.specs)
    is_read = evidence.spec in terms.specs
    yield Answer(
        "version", PASS if is_read else FAIL, "" if is_read else f"this consumer reads OneRoster {wanted} only", expected=wanted,
        observed=evidence.spec, remedy="" if is_read else f"offer {wanted}; or judge the endpoint of that version", known=terms.known,
    )  # fmt: skip


def _auth(profile: Profile, evidence: Evidence) -> Iterator[Answer]:
    if evidence.channel != API or profile.api is None or not profile.api.auth:
        return
    is_met = evidence.auth in profile.api.auth
    wanted = " or ".join(profile.api.auth)
    reason = "" if is_met else f"the consumer signs in by {wanted}, this run by {evidence.auth}; run again with --auth {profile.api.auth[0]}"
    yield Answer("auth", PASS if is_met else SKIP, reason, known=profile.api.known)


def _files(profile: Profile, evidence: Evidence) -> Iterator[Answer]:
    if profile.csv is None or not isinstance(evidence, CsvEvidence):
        return
    terms = profile.csv
    for need, names in ((REQUIRED, terms.required), (USED, terms.used)):
        for name in names:
            state = evidence.file(name)
            missing = state.trouble or ("" if state.rows else f"{name} has no rows")
            yield Answer(
                f"file.{name}", FAIL if missing else PASS, missing, need, name, "the file, with its rows" if missing else "",
                remedy=f"export {name} with the bundle" if missing else "", known=terms.known,
            )  # fmt: skip
    for name in evidence.data_files:
        state = evidence.file(name)
        if state.trouble:
            continue
        if terms.mode != "any":
            is_met = state.mode == terms.mode
            yield Answer(
                f"mode.{name}", PASS if is_met else FAIL, "" if is_met else f"{name} is a {state.mode} file; this consumer takes {terms.mode} bundles only",
                where=name if not is_met else "", expected=terms.mode, observed=state.mode,
                remedy="" if is_met else _mode_remedy(terms.mode), known=terms.known,
            )  # fmt: skip
        if terms.most_rows:
            fits = state.rows <= terms.most_rows
            yield Answer(
                f"rows.{name}", PASS if fits else FAIL, "" if fits else f"{name} has more rows than this consumer takes", where=name,
                expected=f"{terms.most_rows:,} at most", observed=f"{state.rows:,}", remedy="" if fits else "split the export by schools",
                known=terms.known,
            )  # fmt: skip


def _mode_remedy(mode: str) -> str:
    return "set the export to full (bulk) and send the whole set each time" if mode == "bulk" else "set the export to changes (delta)"


def _entities(profile: Profile, evidence: Evidence) -> Iterator[Answer]:
    for entity in profile.entities:
        if evidence.channel not in entity.channels:
            continue
        state = evidence.state(entity.name)
        if state.trouble and not state.is_told:
            yield Answer(f"{entity.name}", SKIP, state.trouble, entity.need, state.where, known=entity.known)
            continue
        missing = state.trouble or ("" if state.rows else f"there are no {entity.name}")
        yield Answer(
            f"{entity.name}", FAIL if missing else PASS, missing, entity.need, state.where, "records" if missing else "",
            remedy=f"share {entity.name} with this integration" if missing else "", known=entity.known,
        )  # fmt: skip
        if not missing:
            yield from _fields(entity, evidence)


def _fields(entity: EntityDemand, evidence: Evidence) -> Iterator[Answer]:
    for demand in entity.fields:
        counted = evidence.count(entity.name, demand) if evidence.channel in demand.channels else None
        # A property that this kind of source has no place for cannot be demanded of it.
        if counted is not None:
            yield _field(entity, demand, counted)


def _field(entity: EntityDemand, demand: FieldDemand, counted: FieldCount) -> Answer:
    name = f"{entity.name}.{demand.field}"
    if not counted.total and demand.of[0]:
        return Answer(name, SKIP, f"no record with {demand.of[0]} {' or '.join(demand.of[1])}", demand.need, counted.where, known=demand.known)
    missing = set(demand.covers) - counted.met
    share = counted.filled / counted.total if counted.total else 0.0
    message = expected = observed = ""
    if share < demand.share or not counted.filled:
        message = f"{name} is empty in {counted.total - counted.filled:,} of {counted.total:,} records"
        expected, observed = f"a value in {demand.share:.0%} of them" if demand.share else "a value in some of them", f"{share:.0%}"
        if demand.of[0]:
            message += f" with {demand.of[0]} {' or '.join(demand.of[1])}"
    elif counted.unfit:
        message = f"{name} does not have the form that is asked in {counted.unfit:,} of {counted.filled:,} records"
        expected = " or ".join(demand.one_of) or f"a value that fits {demand.pattern}"
    elif missing:
        message, expected = f"{name} is never {' or '.join(sorted(missing))}", f"records with {', '.join(demand.covers)}"
    return Answer(
        name, FAIL if message else PASS, message, demand.need, counted.where if message else "", expected, observed,
        f"fill {demand.field} of {entity.name} in the student information system, or let the export hold it" if message else "", known=demand.known,
    )  # fmt: skip


def _checks(profile: Profile, report: Report, evidence: Evidence) -> Iterator[Answer]:
    asked: set[tuple[str, ...]] = set()
    is_of_csv = evidence.channel == CSV
    for demand in profile.checks:
        if evidence.channel not in demand.channels:
            continue
        met = [one for one in report.outcomes if one.id.startswith("csv.") == is_of_csv and any(_is_named(one.id, name) for name in demand.ids)]
        for outcome in met:
            # The same check may be asked of other places, or with another need.
            if (outcome.id, *demand.places) not in asked:
                asked.add((outcome.id, *demand.places))
                yield _check(profile, demand, outcome, report)
        named = [name for name in demand.ids if not name.endswith("*") and name.startswith("csv.") == is_of_csv]
        for name in named:
            if (name, *demand.places) not in asked and demand.must_run and _is_of(name, evidence):
                asked.add((name, *demand.places))
                yield Answer(f"check {name}", SKIP, f"{name} was not part of this run", check=name, known=demand.known)


def _is_of(check: str, evidence: Evidence) -> bool:
    """Whether the suite has a check for the version that was judged."""
    from conformance.registry import CHECKS

    return check not in CHECKS or evidence.spec in CHECKS[check].specs


def _is_named(check: str, name: str) -> bool:
    return check.startswith(name[:-1]) if name.endswith("*") else check == name


def _check(profile: Profile, demand: CheckDemand, outcome: Outcome, report: Report) -> Answer:
    name = f"check {outcome.id}"
    own = [notice for notice in report.findings if notice.check == outcome.id and _is_about(notice, demand.places)]
    # A finding that the vendor is known for blocks as well: the consumer does not know the vendor.
    grave = [notice for notice in own if ORDER[_severity(profile, notice)] <= ORDER[demand.at]]
    if grave:
        notice = grave[0]
        times = f" ({notice.count} times)" if notice.count > 1 else ""
        return Answer(
            name, FAIL, notice.message + times, demand.need, where=place(notice), expected=notice.expected, observed=notice.observed, remedy=notice.remedy,
            check=outcome.id, known=demand.known,
        )  # fmt: skip
    if outcome.outcome in (SKIP, "error"):
        need = demand.need if demand.must_run else USED
        return Answer(name, SKIP, f"{outcome.id}: {outcome.reason}", need, check=outcome.id, known=demand.known)
    return Answer(name, PASS, check=outcome.id, known=demand.known)


def _is_about(notice: Notice, places: tuple[str, ...]) -> bool:
    return not places or any(part in place(notice) for part in places)


def _severity(profile: Profile, notice: Notice) -> str:
    return profile.severity.get(notice.check) or notice.graded or notice.severity
