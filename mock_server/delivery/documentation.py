"""The reference page of the delivery habits, docs/delivery-habits.md, derived from the dialect files.

Called by `python -m mock_server.delivery.documentation DOCS` and by the test that keeps the page current.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from mock_server.documentation import GUESS, LEGEND, evidence, sources
from oneroster_standard.dialects import SHIPPED, QuirkFacts, load_dialect
from oneroster_standard.dialects.delivery import load_delivery, load_habits
from oneroster_standard.documentation import table


def all_sources() -> dict[str, str]:
    """Key -> public place, those that only habits of delivery cite included."""
    return {**tomllib.loads(files(__package__).joinpath("sources.toml").read_text("utf-8")), **sources()}


def _evidence_of(habit: QuirkFacts) -> str:
    marks = [
        f"{'' if vendor == 'any' else vendor + ' '}{GUESS if basis == 'guess' else basis}"
        for vendor, basis in habit.confidence.items()
    ]
    return f"{', '.join(marks)}: {habit.source}"


def _habits() -> Iterator[str]:
    yield from table(
        ("habit", "what a client sees", "found by", "evidence"),
        (
            (
                f"`{found.id}`",
                f"{found.title}. {found.description}",
                ", ".join(f"`{check}`" for check in found.trips) or "",
                _evidence_of(found),
            )
            for found in load_habits().values()
        ),
    )


def _vendor(name: str) -> Iterator[str]:
    way = load_delivery(name)
    yield f"### {load_dialect(name).title} (`{name}`)"
    yield ""
    yield from table(
        ("way", "value", "evidence"),
        (
            ("form", way.form.value, evidence(way.form.basis, way.form.source)),
            ("schedule", way.schedule.value, evidence(way.schedule.basis, way.schedule.source)),
        ),
    )
    yield ""
    if way.habits:
        yield from table(
            ("habit", "default", "evidence"),
            (
                (f"`{found.quirk}`", "on" if found.on else "on demand", evidence(found.basis, found.source))
                for found in way.habits
            ),
        )
        yield ""


def page() -> str:
    """Markdown of all habits and of each vendor's way of delivery."""
    lines = [
        "# Habits of delivery",
        "",
        "Generated from the dialect files; do not edit. How to use them: [delivery.md](delivery.md).",
        "",
    ]
    lines += [
        "What no check finds shows only to a watcher of the folder, or is allowed by the standard. A habit may name a file:",
        "`delivery.missing-file=users.csv`.",
        "",
        *_habits(),
        "",
        "## How each vendor delivers",
        "",
    ]
    for name in SHIPPED:
        lines += _vendor(name)
    cited = " ".join(lines)
    known = {key: place for key, place in all_sources().items() if key in cited}
    lines += ["## Evidence", "", *table(("mark", "meaning"), LEGEND.items()), ""]
    lines += ["## Sources", "", *table(("key", "place"), known.items())]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else "docs").joinpath("delivery-habits.md").write_text(
        page(), encoding="utf-8"
    )
