"""Judging a provider: sign in, read everything once, put every check, tell root causes first.

Called by `oneroster check api`, by the pytest cases and by tests. Sends reads only, unless writes are allowed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import conformance.api_checks
from conformance.causes import attach_causes
from conformance.known import mark_known
from conformance.notices import Notice, fold
from conformance.placeholders import replayable, sealed
from conformance.probe import BudgetSpent, Exchange, Probe
from conformance.profiles.applying import judge_api_profiles
from conformance.profiles.model import Profile
from conformance.quiet_hours import QuietHours
from conformance.registry import CHECKS, Check, Skip
from conformance.report import Outcome, Report
from conformance.resuming import Kept
from conformance.run import SCOPES, Run, at
from conformance.services import services_of
from conformance.sign_in import NotSignedIn, SignIn
from conformance.survey import CORE, NO_ANSWER, OPTIONAL, Survey
from oneroster_harness.problems import CannotRun
from oneroster_harness.providers import Endpoint, redact
from oneroster_harness.terminal import AS_OF, DEFAULT_SEED, VERSION
from oneroster_standard.dialects import SHIPPED, Dialect, load_dialect
from oneroster_standard.standard import load

__all__ = ["DEFAULT_BUDGET", "Order", "conformance", "judge"]

DEFAULT_BUDGET = 20_000
SYMPTOM = "@"
INTERRUPTED = "the run was interrupted"
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What a run is to do. budget: requests at most; rate: requests per second, 0 for no limit; profiles: consumers to ask for;
    quiet: hours without requests; resume: file that a run which is cut is kept in; patience_s: how long may be waited for a token
    to run out."""

    seed: int = DEFAULT_SEED
    as_of: date = AS_OF
    budget: int = DEFAULT_BUDGET
    rate: float = 0.0
    deep: bool = False
    allow_writes: bool = False
    only: Collection[str] = field(default=())
    skip: Collection[str] = field(default=())
    profiles: tuple[Profile, ...] = ()
    quiet: QuietHours | None = None
    resume: Path | None = None
    patience_s: float = 0.0

    def asks(self, check_id: str) -> bool:
        """Whether a check belongs to the run; a family such as `paging.` stands for its checks."""
        named = not self.only or any(_is_named(check_id, name) for name in self.only)
        return named and not any(_is_named(check_id, name) for name in self.skip)


def _is_named(check_id: str, name: str) -> bool:
    return check_id == name or check_id.startswith(name.rstrip("*").rstrip(".") + ".")


def judge(endpoint: Endpoint, order: Order | None = None, *, progress: Progress | None = None) -> Report:
    """Judge one provider; returns the report that every format is made of.

    Raises CannotRun when nothing answers.
    """
    order = order or Order()
    tell = progress or (lambda text: None)
    started = time.perf_counter()
    spec = version_of(endpoint)
    standard = load(spec)
    services = services_of(endpoint.url, standard)
    probe = Probe(services.roots["rostering"], budget=order.budget, rate=order.rate, services=services, quiet=order.quiet)
    sign_in = SignIn(endpoint, probe, spec)
    dialect = load_dialect(endpoint.vendor) if endpoint.vendor else guessed_dialect(endpoint.url)
    run = Run(probe, sign_in, Survey(probe, sign_in, standard), standard, dialect, order.seed, order.deep, order.patience_s)
    report = Report(
        target=redact(endpoint.url), spec=spec, seed=order.seed, as_of=order.as_of.isoformat(), version=VERSION
    )
    kept = _kept(endpoint, order, spec)
    found: list[Notice] = []
    # Checks that write come last: what they leave behind would be another collection than the one surveyed.
    chosen = sorted((check for check in CHECKS.values() if spec in check.specs and order.asks(check.id)), key=lambda check: (check.last, check.writes))
    try:
        tell("sign in")
        sign_in.start()
        _read(run, tell)
    except NotSignedIn as refused:
        found.append(_refused(refused.exchange, dialect))
        report.outcomes = [_unasked(check, "the provider gave no token") for check in chosen]
        report.incomplete.append("sign-in was refused")
    except BudgetSpent as spent:
        report.outcomes = [_unasked(check, str(spent)) for check in chosen]
        report.incomplete.append(f"{spent} before all was read")
    else:
        report.incomplete += _unread(run)
        found += _put(run, chosen, order, report, kept, tell)
    report.findings = attach_causes(found)
    report.outcomes = [_seen(outcome, report.findings) for outcome in report.outcomes]
    if endpoint.vendor:
        mark_known(report, dialect)
    unread = "; ".join(report.incomplete) if not run.survey.is_whole else ""
    judge_api_profiles(report, run, order.profiles, allow_writes=order.allow_writes, unread=unread)
    report.findings = replayable(report.ordered())
    report.covered = {subject: sorted(found) for subject, found in sorted(run.covered.items())}
    report.requests = probe.sent
    report.elapsed_s = time.perf_counter() - started
    return report


def version_of(endpoint: Endpoint) -> str:
    """The version of the caller's choice, else of the URL; 1.1 when it tells none."""
    return endpoint.spec or ("1.2" if "v1p2" in endpoint.url else "1.1")


def guessed_dialect(url: str) -> Dialect:
    """The dialect whose path stands in a URL, for its remedies only; reference when there is none."""
    matches = [
        (len(path.value), name)
        for name in SHIPPED
        for path in load_dialect(name).paths()
        if path.value.rstrip("/") in url
    ]
    return load_dialect(max(matches)[1] if matches else "reference")


def _read(run: Run, tell: Progress) -> None:
    for name in CORE:
        tell(f"read {name}")
        run.survey.read(name)
    for name in OPTIONAL:
        if name in run.standard.collections and run.sign_in.may(SCOPES[name]):
            tell(f"read {name}")
            run.survey.read(name)


def _unread(run: Run) -> list[str]:
    unread = [name for name in CORE if not run.survey.collections[name].is_read]
    if not unread:
        return []
    answers = {run.survey.collections[name].pages[-1].status for name in unread}
    told = sorted("no answer" if status == NO_ANSWER else f"status {status}" for status in answers)
    return [f"could not be read: {', '.join(unread)} ({', '.join(told)})"]


def _kept(endpoint: Endpoint, order: Order, spec: str) -> Kept | None:
    """What an earlier part of this run has learnt, when it is to be gone on with."""
    if order.resume is None:
        return None
    key = {
        "version": VERSION, "target": redact(endpoint.url), "spec": spec, "seed": order.seed, "deep": order.deep, "allow_writes": order.allow_writes,
        "vendor": endpoint.vendor, "only": sorted(order.only), "skip": sorted(order.skip), "auth": endpoint.auth,
    }  # fmt: skip
    return Kept.read(order.resume, key)


def _put(run: Run, chosen: list[Check], order: Order, report: Report, kept: Kept | None, tell: Progress) -> list[Notice]:
    """Put the checks that no earlier part has put; returns the findings of all."""
    found: list[Notice] = []
    cut = ""
    if kept:
        kept.meets({name: len(item.records) for name, item in run.survey.collections.items()})
        run.covered |= kept.covered
        tell(kept.started_over or "go on")
    for check in chosen:
        earlier = kept.of(check.id) if kept else None
        is_over = cut == INTERRUPTED
        outcome, notices = earlier or (_unasked(check, cut), [])
        if earlier is None and not is_over:
            tell(check.id)
            try:
                outcome, notices = _ask(run, check, order)
                if kept and outcome.outcome != "error":
                    kept.keep(outcome, notices, run.covered)
            except BudgetSpent as spent:
                cut = str(spent)
                outcome = _unasked(check, cut)
            except KeyboardInterrupt:
                cut = INTERRUPTED
                outcome = _unasked(check, cut)
        report.outcomes.append(outcome)
        found += notices
    if cut:
        report.incomplete.append(cut + (f"; go on with --resume {order.resume}" if kept else ""))
    elif kept:
        kept.end()
    return found


def _ask(run: Run, check: Check, order: Order) -> tuple[Outcome, list[Notice]]:
    if check.writes and not order.allow_writes:
        return _unasked(check, "it writes, and writes are not allowed (--allow-writes)"), []
    try:
        notices = [_filled(notice, check, run.dialect) for notice in sealed(fold(list(check.judge(run))), run.survey.collections)]
    except Skip as skip:
        return _unasked(check, str(skip)), []
    except BudgetSpent:
        raise
    except CannotRun as silent:
        return Outcome(check.id, "error", silent.met, check.section), []
    except Exception as fault:  # noqa: BLE001 - a fault of one check must not take the other verdicts with it
        return Outcome(check.id, "error", f"the check failed itself: {type(fault).__name__}", check.section), []
    return Outcome(check.id, "fail" if notices else "pass", "", check.section), notices


def _unasked(check: Check, reason: str) -> Outcome:
    return Outcome(check.id, "skip", reason, check.section)


def _filled(notice: Notice, check: Check, dialect: Dialect) -> Notice:
    return replace(
        notice,
        check=check.id,
        severity=notice.severity or check.severity,
        section=notice.section or check.section,
        remedy=notice.remedy or _remedy(check.remedy, dialect),
    )


def _remedy(text: str, dialect: Dialect) -> str:
    if not text.startswith(SYMPTOM):
        return text
    symptom = text.removeprefix(SYMPTOM)
    return dialect.remedies.get(symptom, load_dialect("reference").remedies[symptom])


def _refused(exchange: Exchange, dialect: Dialect) -> Notice:
    """The finding of a token request that gave no token."""
    if exchange.status in (404, 405) or exchange.is_html:
        return _filled(
            at(exchange, "there is no token endpoint under this address", expected="200 and a token",
               observed=f"{exchange.status}{', a web page' if exchange.is_html else ''}",
               remedy=_remedy("@wrong-url", dialect)),
            CHECKS["auth.token-issued"], dialect,
        )  # fmt: skip
    return _filled(
        at(exchange, "the token request is refused", expected="200 and a token", observed=str(exchange.status)),
        CHECKS["auth.token-issued"], dialect,
    )  # fmt: skip


def _seen(outcome: Outcome, findings: list[Notice]) -> Outcome:
    """An outcome, failed when a finding bears its check although it was not put: a refused sign-in."""
    own = any(notice.check == outcome.id for notice in findings)
    return replace(outcome, outcome="fail", reason="") if own and outcome.outcome == "skip" else outcome
