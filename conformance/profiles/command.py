"""`oneroster profiles`: the consumers that a provider or a bundle can be judged for."""

from __future__ import annotations

import click

from conformance.profiles.catalogue import entries, entry
from conformance.profiles.loading import load_profile
from oneroster_harness.terminal import echo_json, echo_text, json_option

EPILOG = """
\b
Examples:
  oneroster profiles
  oneroster profiles ours.toml --json -
"""


@click.command(epilog=EPILOG)
@click.argument("files", nargs=-1, metavar="[FILE]...")
@json_option
def profiles(files: tuple[str, ...], json_target: str | None) -> None:
    """List the consumer profiles, or read FILE and show its demands.

    `oneroster explain NAME` shows one that is shipped; `oneroster check api|csv --profile NAME|FILE` judges by it.
    """
    found = [entry(load_profile(name)) for name in files] if files else entries()
    lines = []
    for one in found:
        reads = ", ".join([*(f"API {spec}" for spec in one["api"]), *(f"CSV {spec}" for spec in one["csv"])])
        lines.append(f"{one['id']:<16} {one['title']:<40} {reads}")
        lines += [f"  {detail}" for detail in one["details"]] if files else []
    echo_text("\n".join(lines), json_target)
    echo_json({"profiles": found}, json_target)
