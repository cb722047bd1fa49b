"""Planting defects into a clean bundle, and the answer key that says where they lie.

Called by the `generate` command. The same seed plants the same faults in the same places.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_gen.defects.draft import Draft, Hides, Place, TooFew
from data_gen.defects.registry import DEFECTS, STAGES, Defect
from oneroster_harness.problems import UsageProblem, unknown
from oneroster_standard.bundle_writer import BundleWriter

ANSWER_KEY = "answer-key.json"


@dataclass(frozen=True, slots=True)
class Order:
    """A defect that was asked for, and in how many places."""

    defect: Defect
    count: int


def orders(texts: Iterable[str]) -> list[Order]:
    """Read ID or ID=COUNT texts; the same id twice adds up.

    Raises UsageProblem for an unknown id (naming the nearest) and for a count that is no number above 0.
    """
    counts: dict[str, int] = {}
    for text in texts:
        id, equals, number = text.partition("=")
        if id not in DEFECTS:
            raise unknown("defect", id, DEFECTS, "`oneroster explain ID` tells about one")
        if equals and not (number.isascii() and number.isdigit() and int(number)):
            raise UsageProblem(f"--defect {text}", "ID or ID=COUNT, COUNT a number from 1")
        counts[id] = counts.get(id, 0) + int(number or "1")
    for id, count in counts.items():
        if DEFECTS[id].once and count > 1:
            raise UsageProblem(f"--defect {id}={count}", "no COUNT: a bundle has one place for it")
    return [Order(DEFECTS[id], count) for id, count in counts.items()]


def plant(draft: Draft, wanted: Sequence[Order]) -> list[dict[str, Any]]:
    """Plant all of them; returns the entries of the answer key in the order that was asked.

    Raises UsageProblem when the bundle has too few places for one.
    """
    planted: dict[str, list[Place]] = {}
    for order in sorted(wanted, key=lambda found: (STAGES.index(found.defect.stage), found.defect.id)):
        try:
            planted[order.defect.id] = order.defect.plant(draft, order.count)
        except TooFew as error:
            raise UsageProblem(
                f"--defect {order.defect.id}={order.count}",
                f"at most {error.args[0]}: the district has no more places for it",
                try_="ask for fewer, or for more students",
            ) from error
        except Hides as error:
            raise UsageProblem(
                f"--defect {order.defect.id} beside other defects of {error.args[0] or 'the bundle'}",
                "defects that do not take each other away",
                try_="plant them in two bundles",
            ) from error
    return [_entry(order.defect, planted[order.defect.id]) for order in wanted]


def _entry(defect: Defect, places: list[Place]) -> dict[str, Any]:
    found = [place.document() for place in places]
    return {"defect": defect.id, "rule": defect.trips, **found[0], "count": len(found), "places": found}


def write_draft(path: Path, draft: Draft) -> None:
    """Write a draft as a bundle to a folder or a ZIP."""
    if not draft.is_zip:
        path.joinpath(draft.prefix).mkdir(parents=True)
    with BundleWriter(path) as writer:
        for name, chunks in draft.members():
            writer.write(name, chunks)
    if draft.archive_transforms:
        data = path.read_bytes()
        for transform in draft.archive_transforms:
            data = transform(data)
        path.write_bytes(data)
