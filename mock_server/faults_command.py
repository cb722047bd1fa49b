"""`oneroster faults`: the catalogue of what can go wrong on demand.

Called by the front door.
"""

from __future__ import annotations

import click

from mock_server.faults.catalogue import SELECTING, entries
from oneroster_harness.terminal import echo_json, echo_text, json_option

EPILOG = """
\b
Examples:
  oneroster faults
  oneroster faults --json -
"""


@click.command(epilog=EPILOG)
@json_option
def faults(json_target: str | None) -> None:
    """List every fault with its keys, and the keys by which any of them chooses its requests."""
    found = entries()
    lines = []
    for entry in found:
        keys = ", ".join(f"{one['name']}={one['default']}" for one in entry["parameters"])
        lines.append(f"{entry['id']:<34} {entry['title']}{f'  [{keys}]' if keys else ''}")
    lines += ["", "any of them takes", *(f"  {name:<10} {says.replace('`', '')}" for name, says in SELECTING.items())]
    echo_text("\n".join(lines), json_target)
    echo_json({"faults": found, "selecting": SELECTING}, json_target)
