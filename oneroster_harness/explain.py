"""`oneroster explain ID`: what a check, a quirk or a planted defect means.

Called by the front door; the entries come from the packages' catalogues by entry point.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

import click

from oneroster_harness.problems import unknown
from oneroster_harness.terminal import echo_json, echo_text, json_option

GROUP = "oneroster.catalogues"
EPILOG = """
\b
Examples:
  oneroster explain paging.total-matches-records
  oneroster explain users.duplicate-id --json -
"""


def catalogue() -> list[dict[str, Any]]:
    """Entries of every installed catalogue, in order of id."""
    found: list[dict[str, Any]] = []
    for point in entry_points(group=GROUP):
        found += point.load()()
    return sorted(found, key=lambda entry: (entry["id"], entry["kind"]))


def describe(entry: dict[str, Any]) -> str:
    """One entry as aligned lines."""
    trips = ", ".join(entry.get("trips", ())) or ("no check: legal" if entry.get("kind") == "quirk" else "")
    facts = (
        ("what", entry.get("description")), ("severity", entry.get("severity")), ("section", entry.get("section")),
        ("found by", trips), ("try", entry.get("remedy")), ("source", entry.get("source")),
    )  # fmt: skip
    lines = [f"{entry['id']} ({entry['kind']}): {entry['title']}"]
    lines += [f"  {name:<10} {text}" for name, text in facts if text]
    return "\n".join([*lines, *(f"  {detail}" for detail in entry.get("details", ()))])


@click.command(epilog=EPILOG)
@click.argument("id")
@json_option
def explain(id: str, json_target: str | None) -> None:
    """Explain a check, a quirk or a planted defect by its id."""
    entries = catalogue()
    found = [entry for entry in entries if entry["id"] == id]
    if not found:
        raise unknown("id", id, [entry["id"] for entry in entries], "oneroster checks, oneroster quirks")
    echo_text("\n\n".join(map(describe, found)), json_target)
    echo_json({"entries": found}, json_target)
