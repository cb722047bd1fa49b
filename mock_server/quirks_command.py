"""`oneroster quirks`: the catalogue of deviations.

Called by the front door.
"""

from __future__ import annotations

import click

from mock_server.catalogue import LEGAL, entries
from oneroster_harness.terminal import echo_json, echo_text, json_option

EPILOG = """
\b
Examples:
  oneroster quirks
  oneroster quirks --json -
"""


@click.command(epilog=EPILOG)
@json_option
def quirks(json_target: str | None) -> None:
    """List every quirk with its evidence and the check that finds it."""
    found = entries()
    lines = []
    for entry in found:
        assumed = "  (assumed)" if entry["assumed"] else ""
        lines.append(
            f"{entry['id']:<44} {entry['section'] or '-':<5} -> {', '.join(entry['trips']) or LEGAL}{assumed}"
        )
    echo_text("\n".join(lines), json_target)
    echo_json({"quirks": found}, json_target)
