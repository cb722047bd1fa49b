"""`oneroster demo`: the loop, its summary table, its page.

Called by the front door.
"""

from __future__ import annotations

import io
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from oneroster_harness.demo.loop import VendorResult, loop
from oneroster_harness.demo.page import page
from oneroster_harness.problems import EXIT_CLEAN, EXIT_FINDINGS, CannotRun
from oneroster_harness.terminal import (
    AS_OF,
    DEFAULT_STUDENTS,
    echo_json,
    echo_text,
    hints,
    json_option,
    progress,
    seed_option,
)

WORK = "oneroster-demo"
FACTS = (
    ("rows served", "rows_served"), ("requests made", "requests"), ("checks passed", "passed"), ("checks failed", "failed"),
    ("known deviations", "known"), ("checks not exercised", "skipped"), ("rows landed by API", "landed_api"),
    ("rows landed by CSV", "landed_csv"), ("rows that differ from the truth", "differ"), ("seconds", "elapsed_s"),
)  # fmt: skip
EPILOG = """
\b
Examples:
  oneroster demo
  oneroster demo --students 20000 --out /tmp/demo --json demo.json
"""


@click.command(epilog=EPILOG)
@click.option("--students", type=click.IntRange(1), default=DEFAULT_STUDENTS, show_default=True, help="Students of the district")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Folder for report.html, default the current one")
@seed_option
@json_option
def demo(students: int, out: Path, seed: int, json_target: str | None) -> None:
    """Run one loop end to end: generate, serve three vendors, check, sync by API and CSV, compare with the truth."""
    folder = (out / WORK).resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotRun(f"the folder cannot be made: {error.strerror}", where=str(folder)) from error
    console = hints()
    with progress() as bar:
        task = bar.add_task("start", total=None)

        def tell(text: str) -> None:
            bar.update(task, description=text)
            if not console.is_terminal:
                console.print(text)

        results = loop(folder, students=students, seed=seed, tell=tell)
    report = out / "report.html"
    try:
        report.write_text(page(results, students=students, seed=seed, as_of=AS_OF.isoformat()), encoding="utf-8")
    except OSError as error:
        raise CannotRun(f"the page cannot be written: {error.strerror}", where=str(report)) from error
    ok = all(found.ok for found in results)
    echo_text(summary(results, report), json_target)
    echo_json(
        {
            "ok": ok,
            "vendors": {found.vendor: found.document() for found in results},
            "databases": [str(path) for found in results for path in found.databases],
            "report": str(report),
        },
        json_target,
    )
    raise SystemExit(EXIT_CLEAN if ok else EXIT_FINDINGS)


def summary(results: list[VendorResult], report: Path) -> str:
    """The table and the sentences that a person reads at the end."""
    table = Table(title="One district, three vendors", title_justify="left")
    table.add_column("")
    rows = [found.document() for found in results]
    for found in results:
        table.add_column(found.vendor, justify="right")
    for title, key in FACTS:
        table.add_row(title, *(f"{row[key]:,}" for row in rows))
    text = io.StringIO()
    Console(file=text, width=100).print(table)
    lines = [text.getvalue().rstrip()]
    lines += [f"{found.vendor}: {trouble}" for found in results for trouble in found.trouble]
    lines += [
        f"{found.vendor}: {compared.entity}: {compared.differ:,} rows differ from the truth"
        for found in results for compared in found.api + found.csv if compared.differ
    ]  # fmt: skip
    lines.append("known: deviations that the vendor is documented for; not exercised: with their reasons on the page")
    lines.append("everything agrees" if all(found.ok for found in results) else "something disagrees, see above")
    lines.append(f"page: {report}")
    return "\n".join(lines)
