"""The report as one HTML file: sortable, filterable, printable; nothing is fetched, and only its own script may run."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from importlib.resources import files
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from conformance.report import Report, place

KINDS = ("pass", "fail", "settled", "skip", "error")
"""What became of a check, in the order of the bars; settled: the vendor is known for it, or a baseline accepts it."""


@dataclass(frozen=True, slots=True)
class Family:
    """Checks whose ids begin alike, counted by what became of them."""

    name: str
    counts: dict[str, int]

    @property
    def total(self) -> int:
        """All of its checks."""
        return sum(self.counts.values())


def html_report(report: Report, fail_on: str = "error") -> str:
    """One page: verdict, consumers, root causes with their consequences folded in, every check's outcome."""
    environment = Environment(
        loader=PackageLoader("conformance.reports"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.globals["place"] = place
    ordered = report.ordered()
    roots = report.roots()
    followers = {
        check: [notice for notice in ordered if notice.cause_of == check and not notice.is_settled] for check in roots
    }
    reasons: dict[str, list[str]] = {}
    for outcome in report.outcomes:
        if outcome.outcome == "skip":
            reasons.setdefault(outcome.reason, []).append(outcome.id)
    script = files(__package__).joinpath("templates", "report.js").read_text("utf-8")
    style = files(__package__).joinpath("templates", "report.css").read_text("utf-8")
    families = families_of(report)
    return environment.get_template("report.html.j2").render(
        report=report, counts=report.counts(), roots=roots, followers=followers, reasons=reasons, families=families, kinds=KINDS,
        widest=max((family.total for family in families), default=1), settled=[notice for notice in ordered if notice.is_settled],
        outcomes=[(outcome, _kind(report, outcome.id, outcome.outcome)) for outcome in report.outcomes],
        style=Markup(style), script=Markup(script), script_hash=hash_of(script),
    )  # fmt: skip


def hash_of(script: str) -> str:
    """The source expression that lets this very script run, and no other."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode()


def families_of(report: Report) -> list[Family]:
    """Families in order of name; bundles, whose rules all bear one prefix, by what a rule's id goes on with."""
    found = sorted((_family(outcome.id), _kind(report, outcome.id, outcome.outcome)) for outcome in report.outcomes)
    families = []
    for name, group in groupby(found, key=lambda one: one[0]):
        kinds = [kind for _, kind in group]
        families.append(Family(name, {kind: kinds.count(kind) for kind in KINDS}))
    return families


def _family(check: str) -> str:
    first, _, rest = check.partition(".")
    return f"{first}.{rest.partition('-')[0]}" if first == "csv" else first


def _kind(report: Report, check: str, outcome: str) -> str:
    if outcome != "fail":
        return outcome
    own = [notice for notice in report.findings if notice.check == check]
    return "settled" if own and all(notice.is_settled for notice in own) else "fail"
