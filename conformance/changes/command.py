"""`oneroster check change`: two bundles against each other, or a series of them in their order.

Called by the front door through the check command; judging and wording are done elsewhere.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from conformance.changes.judging import judge_changes
from conformance.changes.series import is_days, members
from conformance.report import Report
from oneroster_harness.problems import UsageProblem
from oneroster_harness.terminal import progress

EPILOG = """
\b
Examples:
  oneroster check change yesterday.zip today.zip
  oneroster check change district district.days --report html:changes.html
"""


def judged(paths: tuple[Path, ...], spec: str | None, seed: int, as_of: date, *, each: bool = False) -> Report:
    """The report on bundles in their order; a folder of days stands for its bundles.

    Raises UsageProblem when there is nothing to compare.
    """
    found = members(paths)
    if len(found) < 2:
        raise UsageProblem("one bundle", "two bundles or more, the oldest first, or a folder of days", " ".join(map(str, paths)))
    if len(found) > 2 and len(paths) == 2 and is_days(paths[1]) and found[0].path == found[1].path:
        found = found[1:]
    target = str(paths[0]) if len(paths) == 1 else f"{paths[0]} -> {paths[-1]}"
    with progress() as bar:
        task = bar.add_task("bundles", total=len(found))

        def tell(label: str) -> None:
            bar.update(task, advance=1, description=label)

        return judge_changes(found, target=target, spec=spec, seed=seed, as_of=as_of, each=each, tell=tell)
