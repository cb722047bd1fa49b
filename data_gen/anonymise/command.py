"""`oneroster anonymise`: a real bundle with its shape, its defects and its relations, and nobody in it.

Called by the front door. Never prints a value or the key.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from data_gen.anonymise.bundles import Outcome, opened, write
from data_gen.anonymise.replacements import Replacements
from data_gen.anonymise.secret import is_open_to_others, read_or_create
from data_gen.destination import beside, move_into_place, refuse_existing, size_of
from oneroster_harness.problems import UsageProblem
from oneroster_harness.terminal import echo_json, echo_text, hints, json_option, progress

EPILOG = """
\b
Examples:
  oneroster anonymise export.zip safe.zip --key district.key
  oneroster anonymise /data/roster-2026-09-01 /data/safe --key district.key --force --json -
"""


@click.command(epilog=EPILOG)
@click.argument("real", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--key", required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Secret that decides every replacement; made, for its owner only, when it does not exist",
)
@click.option("--force", is_flag=True, help="Replace an earlier result at OUT")
@json_option
def anonymise(real: Path, out: Path, key: Path, force: bool, json_target: str | None) -> None:
    """Write the bundle REAL (a folder or a .zip) to OUT with every personal value replaced.

    The same key replaces the same value in the same way each time, so that deliveries of several days still fit
    together. Keep the key secret, or delete it: without it nobody can tell which value stood where. Dates of the
    calendar, scores, roles, sex and race stay as they are.
    """
    started = time.perf_counter()
    _refuse_overlaps(real, out, key)
    with opened(real) as bundle:
        refuse_existing(out, force=force)
        with beside(out) as folder, progress() as display:
            task = display.add_task("anonymise", total=None)
            secret, is_new = read_or_create(key)
            part = folder / f"part{out.suffix}"
            outcome = write(bundle, part, Replacements(secret), lambda name: display.update(task, description=name))
            move_into_place(part, out)
    if is_open_to_others(key):
        hints().print("the key file can be read by others; chmod 600 it")
    document: dict[str, Any] = {
        "out": str(out), "rows": outcome.rows, "left_out": outcome.left_out, "key_created": is_new, "bytes": size_of(out),
        "elapsed_s": round(time.perf_counter() - started, 3),
    }  # fmt: skip
    echo_text(_summary(document, outcome, key), json_target)
    echo_json(document, json_target)


def _refuse_overlaps(real: Path, out: Path, key: Path) -> None:
    there, here, secret = real.resolve(), out.resolve(), key.resolve()
    if here == there or there in here.parents or here in there.parents:
        raise UsageProblem("OUT lies at REAL, in it or around it", "a place of its own", str(out), "name another path")
    if secret == here or here in secret.parents:
        raise UsageProblem("the key would lie in OUT", "a key that is never handed on with the result", str(key), "name another path")


def _summary(document: dict[str, Any], outcome: Outcome, key: Path) -> str:
    lines = [
        f"{document['out']}: anonymised",
        *(f"  {name:<32} {count:>12,}" for name, count in outcome.rows.items()),
        f"  {document['bytes']:,} bytes in {document['elapsed_s']:.1f} s",
    ]
    if outcome.left_out:
        lines.append(f"  {outcome.left_out} file(s) that are no CSV files were left out")
    if document["key_created"]:
        lines.append(f"  key made: {key}; whoever has it and a value can find what stands in its place")
    return "\n".join(lines)
