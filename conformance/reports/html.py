"""The report as one HTML file, without scripts or anything fetched."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from conformance.report import Report, place


def html_report(report: Report, fail_on: str = "error") -> str:
    """One page: verdict, root causes with their consequences folded in, known deviations, every check's outcome."""
    environment = Environment(
        loader=PackageLoader("conformance.reports"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.globals["place"] = place
    ordered = report.ordered()
    roots = report.roots()
    followers = {
        check: [notice for notice in ordered if notice.cause_of == check and not notice.known] for check in roots
    }
    reasons: dict[str, list[str]] = {}
    for outcome in report.outcomes:
        if outcome.outcome == "skip":
            reasons.setdefault(outcome.reason, []).append(outcome.id)
    return environment.get_template("report.html.j2").render(
        report=report, counts=report.counts(), roots=roots, followers=followers, reasons=reasons,
        known=[notice for notice in ordered if notice.known],
    )  # fmt: skip
