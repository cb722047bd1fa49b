"""The demo's report.html: one page without scripts, nothing fetched."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from oneroster_harness.demo.loop import VendorResult
from oneroster_harness.terminal import VERSION


def page(results: list[VendorResult], *, students: int, seed: int, as_of: str) -> str:
    """The page: a summary per vendor, tables as compared, known deviations, what was not exercised and why."""
    environment = Environment(
        loader=PackageLoader("oneroster_harness.demo"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["grouped"] = lambda number: f"{number:,}"
    return environment.get_template("report.html.j2").render(
        results=results, students=students, seed=seed, as_of=as_of, version=VERSION, ok=all(found.ok for found in results)
    )
