"""`oneroster check api|csv|change|consumer` and `oneroster checks`.

Called by the front door; judging is done by the judges, wording by the reports.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import click

from conformance.api_judge import DEFAULT_BUDGET, Order, version_of
from conformance.api_judge import judge as judge_api
from conformance.baselines import Entry, apply_baseline, baseline_of, read_baseline
from conformance.catalogue import entries
from conformance.changes import command as changes
from conformance.changes.series import is_days
from conformance.comparing import compare, markdown_of, read_run, text_of
from conformance.consumer import command as consumers
from conformance.csv_judge import judge as judge_csv
from conformance.known import mark_known
from conformance.profiles.loading import load_profiles
from conformance.quiet_hours import QuietHours
from conformance.report import Report
from conformance.reports import read_order, write_reports
from conformance.reports.text import text_report
from conformance.services import described_token_url
from conformance.staged import check_bundles
from oneroster_harness.problems import EXIT_CLEAN, EXIT_FINDINGS, CannotRun, UsageProblem, unknown
from oneroster_harness.providers import resolve
from oneroster_harness.terminal import (
    as_of_option,
    auth_options,
    echo_json,
    echo_text,
    fail_on_option,
    hints,
    json_option,
    progress,
    seed_option,
    spec_option,
    today,
    vendor_option,
)
from oneroster_standard.dialects import Dialect, DialectProblem, load_dialect

F = TypeVar("F", bound=Callable[..., Any])

API_EPILOG = """
\b
Examples:
  oneroster check api https://sis.example.org/ims/oneroster/v1p1 --token-url https://sis.example.org/token
  oneroster check api springfield --vendor powerschool --report html:springfield.html
"""
CSV_EPILOG = """
\b
Examples:
  oneroster check csv district.zip
  oneroster check csv ./bundle --vendor infinite-campus --report junit:bundle.xml
"""
COMPARE_EPILOG = """
\b
Examples:
  oneroster check compare last-week.json today.json
  oneroster check compare main.json branch.json --markdown comment.md
"""
CHECKS_EPILOG = """
\b
Examples:
  oneroster checks
  oneroster checks --json -
"""


def judging_options(function: F) -> F:
    """What every kind of check takes: selection, formats, seed, exit code."""
    for option in (
        json_option,
        fail_on_option,
        as_of_option,
        seed_option,
        click.option("--baseline", "baseline_file", type=click.Path(path_type=Path), metavar="FILE", help="Accepted findings, each with a reason and an end"),
        click.option("--write-baseline", type=click.Path(path_type=Path), metavar="FILE", help="Write a baseline of what this run finds"),
        click.option("--report", "reports", multiple=True, metavar="FORMAT:PATH", help="text, json, html, junit, sarif, markdown or github; repeatable"),
        click.option("--skip", "skipped", multiple=True, metavar="ID", help="Leave a check or a family out, repeatable"),
        click.option("--only", multiple=True, metavar="ID", help="Put only these checks or families, repeatable"),
    ):
        function = option(function)
    return function


def run_options(function: F) -> F:
    """What checks of a provider and of a bundle take."""
    profile = click.option("--profile", "profile_names", multiple=True, metavar="NAME|FILE", help="Consumer to ask for, repeatable; see oneroster profiles")
    return judging_options(profile(function))


@click.group()
def check() -> None:
    """Judge a provider's API or a CSV bundle against the standard, or what a consumer landed against the truth."""


@check.command("api", epilog=API_EPILOG)
@click.argument("url")
@click.option("--budget", type=click.IntRange(1), default=DEFAULT_BUDGET, show_default=True, help="Requests at most")
@click.option("--rate", type=click.FloatRange(0), default=0.0, help="Requests per second at most, default no limit")
@click.option("--quiet-hours", "quiet", default="", metavar="HH:MM-HH:MM", help="Hours of the day without requests, several joined by commas")
@click.option("--resume", type=click.Path(path_type=Path), metavar="FILE", help="Keep the run in FILE when it is cut, and go on with the one kept there")
@click.option("--deep", is_flag=True, help="Every operator, field and collection, and ten times as many generated requests per law; default a draw by the seed")
@click.option("--wait-for-expiry", "patience_s", type=click.FloatRange(0), default=0.0, metavar="SECONDS", help="Wait so long at most at the end for the run's token to run out, default 0")
@click.option("--allow-writes", is_flag=True, help="Also create, replace and remove gradebook objects of our own")
@spec_option
@vendor_option()
@auth_options
@run_options
def check_api(
    url: str, budget: int, rate: float, quiet: str, resume: Path | None, deep: bool, patience_s: float, allow_writes: bool, spec: str | None, vendor: str | None,
    auth: str | None, token_url: str | None, providers_file: str | None, only: tuple[str, ...], skipped: tuple[str, ...],
    reports: tuple[str, ...], profile_names: tuple[str, ...], baseline_file: Path | None, write_baseline: Path | None, seed: int,
    as_of: date, fail_on: str, json_target: str | None,
) -> None:  # fmt: skip
    """Judge the provider at URL, a service root ending in /v1p1, any root of 1.2 or its discovery, or a name of the providers file.

    Secrets come from ONEROSTER_CLIENT_ID, ONEROSTER_CLIENT_SECRET or ONEROSTER_TOKEN, or the providers file.
    Two more are optional, and only used to see them refused: another district's credential in ONEROSTER_OTHER_CLIENT_ID and
    ONEROSTER_OTHER_CLIENT_SECRET or in ONEROSTER_OTHER_TOKEN, and a token that has run out in ONEROSTER_EXPIRED_TOKEN.
    """
    _refuse_unknown(only + skipped, "api")
    for order in reports:
        read_order(order)
    profiles = load_profiles(profile_names)
    baseline = Baseline.read(baseline_file, write_baseline)
    _dialect(vendor)
    endpoint = resolve(
        url, auth=auth, token_url=token_url, spec=spec, vendor=vendor, providers_file=providers_file, environ=os.environ
    )
    if version_of(endpoint) == "1.2" and not endpoint.token_url and auth in (None, "oauth2") and endpoint.auth != "bearer":
        described = described_token_url(endpoint.url)
        endpoint = replace(endpoint, auth="oauth2", token_url=described) if described else endpoint
    hours = QuietHours.read(quiet)
    until = hours.until()
    if until is not None:
        raise CannotRun("these are quiet hours", f"a start after {until:%H:%M}", f"--quiet-hours {quiet}", "start it later; nothing was sent")
    order_of_run = Order(seed, as_of, budget, rate, deep, allow_writes, only, skipped, profiles, hours, resume, patience_s)
    # Hypothesis keeps constants of the source it has seen; not in the user's current folder.
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(Path(tempfile.gettempdir(), "oneroster-harness-hypothesis")))
    with progress() as bar:
        task = bar.add_task("sign in", total=None)
        report = judge_api(endpoint, order_of_run, progress=lambda text: bar.update(task, description=text))
    _finish(report, baseline, reports, fail_on, json_target)


@check.command("csv", epilog=CSV_EPILOG)
@click.argument("path", type=click.Path(path_type=Path))
@spec_option
@vendor_option()
@run_options
def check_csv(
    path: Path, spec: str | None, vendor: str | None, only: tuple[str, ...], skipped: tuple[str, ...], reports: tuple[str, ...],
    profile_names: tuple[str, ...], baseline_file: Path | None, write_baseline: Path | None, seed: int, as_of: date, fail_on: str,
    json_target: str | None,
) -> None:  # fmt: skip
    """Judge the CSV bundle at PATH, a folder or a ZIP, or a folder of days: every bundle by itself, and each against the one before."""
    _refuse_unknown(only + skipped, "csv", "change")
    for order in reports:
        read_order(order)
    profiles = load_profiles(profile_names)
    baseline = Baseline.read(baseline_file, write_baseline)
    dialect = _dialect(vendor)
    if is_days(path):
        report = _days(path, profile_names, spec, seed, as_of)
    else:
        report = judge_csv(path, spec=spec, seed=seed, as_of=as_of, profiles=profiles)
    if dialect:
        mark_known(report, dialect)
    if only or skipped:
        report.keep(Order(only=only, skip=skipped).asks)
    _finish(report, baseline, reports, fail_on, json_target)


def _days(path: Path, profile_names: tuple[str, ...], spec: str | None, seed: int, as_of: date) -> Report:
    if profile_names:
        raise UsageProblem("--profile with a folder of days", "one bundle: a profile is a verdict on one", str(path), "give one of its bundles")
    return changes.judged((path,), spec, seed, as_of, each=True)


@check.command("change", epilog=changes.EPILOG)
@click.argument("bundles", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="OLD NEW...")
@spec_option
@judging_options
def check_change(
    bundles: tuple[Path, ...], spec: str | None, only: tuple[str, ...], skipped: tuple[str, ...], reports: tuple[str, ...],
    baseline_file: Path | None, write_baseline: Path | None, seed: int, as_of: date, fail_on: str, json_target: str | None,
) -> None:  # fmt: skip
    """Tell what changes from OLD to NEW, and what of it looks like an accident.

    Bundles come in their order, the oldest first; deltas stand between the full bundles that they lead from and to, and are judged against both. A
    folder of days, as `oneroster generate --days` writes it, stands for its bundles. Nothing but the two bundles is asked: no calendar, no target.
    """
    _refuse_unknown(only + skipped, "change")
    for order in reports:
        read_order(order)
    baseline = Baseline.read(baseline_file, write_baseline)
    report = changes.judged(bundles, spec, seed, as_of)
    if only or skipped:
        report.keep(Order(only=only, skip=skipped).asks)
    _finish(report, baseline, reports, fail_on, json_target)


@check.command("consumer", epilog=consumers.EPILOG)
@consumers.options
@judging_options
def check_consumer(
    adapter: Path | None, example: bool, run: str | None, landed: str | None, channels: tuple[str, ...], vendors: tuple[str, ...], days: int,
    students: int, quirks: tuple[str, ...], faults: tuple[str, ...], hardships: bool, keep: Path | None, only: tuple[str, ...],
    skipped: tuple[str, ...], reports: tuple[str, ...], baseline_file: Path | None, write_baseline: Path | None, seed: int, as_of: date,
    fail_on: str, json_target: str | None,
) -> None:  # fmt: skip
    """Play days of a school year to the consumer that ADAPTER describes, and compare what it landed with the truth."""
    if example:
        consumers.print_example()
        return
    _refuse_unknown(only + skipped, "consumer")
    for order in reports:
        read_order(order)
    baseline = Baseline.read(baseline_file, write_baseline)
    chosen = consumers.adapter_of(adapter, run, landed, channels)
    report = consumers.judged(chosen, vendors, channels, days, students, seed, as_of, quirks, faults, hardships, keep)
    if only or skipped:
        report.keep(Order(only=only, skip=skipped).asks)
    _finish(report, baseline, reports, fail_on, json_target)


@click.command(epilog=CHECKS_EPILOG)
@json_option
def checks(json_target: str | None) -> None:
    """List every check with its severity and what it asks."""
    found = entries()
    echo_text("\n".join(f"{entry['id']:<36} {entry['severity']:<8} {entry['title']}" for entry in found), json_target)
    echo_json({"checks": found}, json_target)


check.add_command(check_bundles)


@check.command("compare", epilog=COMPARE_EPILOG)
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--markdown", type=click.Path(path_type=Path), metavar="PATH", help="Also write it for a pull request")
@json_option
def compare_runs(old: Path, new: Path, markdown: Path | None, json_target: str | None) -> None:
    """Put two runs side by side: what is new, mended, worse or better.

    OLD and NEW are machine forms (--json) of `check api` or `check csv`. Exit code 1 when NEW has new or more errors, when a profile no longer
    passes, or when NEW is incomplete.
    """
    found = compare(read_run(old), read_run(new), (str(old), str(new)))
    if markdown:
        _write(markdown, markdown_of(found))
    echo_text(text_of(found), json_target)
    echo_json(found.document(), json_target)
    raise SystemExit(EXIT_FINDINGS if found.fails else EXIT_CLEAN)


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a run accepts, and where a new baseline goes."""

    path: Path | None
    entries: tuple[Entry, ...]
    write_to: Path | None

    @classmethod
    def read(cls, path: Path | None, write_to: Path | None) -> Baseline:
        """The baseline of the options, read before anything is judged so that a wrong one costs nothing."""
        return cls(path, read_baseline(path) if path else (), write_to)

    def apply(self, report: Report) -> None:
        """Accept what it accepts, and write what is left when that is asked for."""
        if self.path:
            apply_baseline(report, self.entries, str(self.path), today())
        if self.write_to:
            _write(self.write_to, baseline_of(report, today()))
            hints().print(f"baseline: {self.write_to}", markup=False)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CannotRun(f"the file cannot be written: {error.strerror}", where=str(path)) from error


def _finish(report: Report, baseline: Baseline, reports: tuple[str, ...], fail_on: str, json_target: str | None) -> None:
    baseline.apply(report)
    for format_name, path in write_reports(report, reports, fail_on):
        hints().print(f"{format_name} report: {path}", markup=False)
    echo_text(text_report(report, fail_on).rstrip("\n"), json_target)
    echo_json(report.document(), json_target)
    raise SystemExit(EXIT_FINDINGS if report.fails_at(fail_on) else EXIT_CLEAN)


def _dialect(vendor: str | None) -> Dialect | None:
    try:
        return load_dialect(vendor) if vendor else None
    except DialectProblem as problem:
        raise UsageProblem(str(problem)) from problem


def _refuse_unknown(names: tuple[str, ...], *judges: str) -> None:
    ids = [entry["id"] for entry in entries() if entry["judges"] in judges]
    families = {id.partition(".")[0] for id in ids} | {id.rpartition(".")[0] for id in ids}
    for name in names:
        if name not in ids and name.rstrip("*").rstrip(".") not in families:
            raise unknown("check", name, [*ids, *families], "oneroster checks")
