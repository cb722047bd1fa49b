"""`sync match`: a report of which record is which landed row, for a change of vendor or channel.

Called by the group. Changes nothing.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import click

from oneroster_harness.problems import UsageProblem
from oneroster_harness.terminal import echo_json, echo_text, progress
from sync_engine import matching
from sync_engine.commands.source_options import opened, source_options
from sync_engine.snapshot import Scratch


@click.command(epilog="""
\b
Examples:
  oneroster sync match new-vendor.zip duckdb:///roster.duckdb -o matches.csv
  oneroster sync match my-district postgresql://app@db/roster --json -
""")  # fmt: skip
@click.argument("source")
@click.argument("target")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Write the report here as CSV: keys only")
@source_options
def match(source: str, target: str, out: Path | None, **options: Any) -> None:
    """Find landed rows again under a source's new keys, by their other identifiers, for a person to review."""
    if out is not None and out.exists():
        raise UsageProblem("the file exists", "a new name", str(out))
    found, goal = opened(source, target, options)
    with tempfile.TemporaryDirectory(prefix="oneroster-snapshot-") as rows, Scratch(Path(rows)) as scratch, progress() as bar:
        task = bar.add_task("reading", total=None)
        snapshot = found.read(scratch, lambda name: bar.update(task, description=f"reading {name}"))
        matches = matching.compare(snapshot, goal, options["tenant"])
    if out is not None:
        matching.write(matches, out)
    counts: dict[str, Counter[str]] = {}
    for one in matches:
        counts.setdefault(one.entity, Counter())[one.verdict] += 1
    width = max([len("entity"), *map(len, counts)])
    lines = ["entity".ljust(width) + "".join(f"{name:>12}" for name in matching.VERDICTS)]
    lines += [
        entity.ljust(width) + "".join(f"{numbers[name]:>12,}" for name in matching.VERDICTS) for entity, numbers in counts.items()
    ]
    if out is not None:
        lines.append(f"review {out}, then: oneroster sync aliases {goal.address} --accept {out} --by NAME")
    echo_text("\n".join(lines), options["json_target"])
    told = {entity: {name: numbers[name] for name in matching.VERDICTS} for entity, numbers in counts.items()}
    echo_json({"source": found.shown, "target": goal.address, "matches": told}, options["json_target"])
