"""`oneroster describe`: what is in a bundle, a store or a folder of days.

Called by the front door. Tells numbers and shapes, never a value of a record.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from data_gen.describe.days import bundle_of, day_folders, series
from data_gen.describe.page import page, totals
from data_gen.describe.survey import survey
from oneroster_harness.problems import CannotRun, UsageProblem
from oneroster_harness.terminal import echo_json, echo_text, json_option

FORMAT = "html"
EPILOG = """
\b
Examples:
  oneroster describe district.zip --report html:district.html
  oneroster describe town.days --json -
"""


@click.command(epilog=EPILOG)
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--report", "reports", multiple=True, metavar="html:FILE", help="Write one HTML page with charts, repeatable")
@json_option
def describe(path: Path, reports: tuple[str, ...], json_target: str | None) -> None:
    """Tell what is in PATH: a folder, a .zip, a .district store, or the OUT.days of `generate --days`.

    Counts, class sizes, teacher loads, the calendar, how many references find their record, and what is odd; of days,
    the changes over time. No name, id or address of anybody is told.
    """
    pages = [_page_path(report) for report in reports]
    if not path.exists():
        raise CannotRun("nothing is there", "a bundle, a .district store or a folder of days", str(path))
    folders = day_folders(path)
    document = survey(bundle_of(folders[-1]) if folders else path)
    if folders:
        document |= {"path": str(path), "kind": "days", "days": series(folders)}
    for target in pages:
        try:
            target.write_text(page(document), encoding="utf-8")
        except OSError as error:
            raise CannotRun(f"the page cannot be written: {error.strerror}", where=str(target)) from error
    echo_text(_summary(document), json_target)
    echo_json(document, json_target)


def _page_path(report: str) -> Path:
    form, colon, target = report.partition(":")
    if form != FORMAT or not colon or not target:
        raise UsageProblem(f"--report {report}", "html:FILE", try_="--json PATH writes the machine form")
    return Path(target)


def _summary(document: dict[str, Any]) -> str:
    lines = [f"{document['path']}: {document['people'].get('student', 0):,} students at {len(document['schools']):,} schools"]
    lines += [f"  {file:<32} {count:>12,}" for file, count in document["rows"].items()]
    lines.append("people     " + ", ".join(f"{role} {count:,}" for role, count in document["people"].items()))
    lines.append("grades     " + ", ".join(f"{grade} {count:,}" for grade, count in document["grades"].items()))
    for name, title in (("class_sizes", "class size"), ("teacher_loads", "load")):
        found = document[name]
        lines.append(f"{title:<10} {found['min']} to {found['max']}, median {found['median']}, mean {found['mean']} ({found['count']:,})")
    dated = [found for found in document["sessions"] if found["start"] and found["end"]]
    if dated:
        lines.append(
            f"calendar   {len(document['sessions'])} sessions, {min(found['start'] for found in dated)} to {max(found['end'] for found in dated)}"
        )
    lost = [one for one in document["relations"] if one["resolved"] < one["references"]]
    lines.append(f"relations  {len(document['relations']) - len(lost)} of {len(document['relations'])} columns find every record")
    lines += [f"  {one['file']}, {one['column']}: {one['references'] - one['resolved']:,} of {one['references']:,} find none" for one in lost]
    odd = {title: count for title, count in document["oddities"].items() if count}
    lines.append("odd        " + (", ".join(f"{count:,} {title}" for title, count in odd.items()) or "nothing"))
    return "\n".join([*lines, *_day_lines(document)])


def _day_lines(document: dict[str, Any]) -> list[str]:
    days = document.get("days")
    if not days:
        return []
    lines = [f"days       {len(days)}, {days[0]['date']} to {days[-1]['date']}"]
    for day in days:
        changes = ", ".join(
            f"{entity} {'/'.join(f'{kind} {count:,}' for kind, count in kinds.items())}" for entity, kinds in day["changes"].items()
        )
        lines.append(f"  {day['date']} {changes or 'nothing changes'}")
    lines.append("reasons    " + (", ".join(f"{reason} {count:,}" for reason, count in totals(document).items()) or "none"))
    return lines
