"""Planting defects into a clean bundle, and the entries of the answer key that say where they lie.

Called when a bundle is generated. The same seed plants the same faults in the same places.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data_gen.defects.draft import Draft, Hides, Place, TooFew
from data_gen.defects.orders import Order
from data_gen.defects.registry import DEFECTS, STAGES, Defect
from oneroster_harness.problems import UsageProblem
from oneroster_standard.bundle_writer import BundleWriter

ANSWER_KEY = "answer-key.json"


def require_fits(wanted: Sequence[Order], *, spec: str, days: int) -> None:
    """Raise UsageProblem for a defect that files of this version cannot have, and for a day that is not written."""
    for order in wanted:
        found = DEFECTS[order.id]
        if spec not in found.specs:
            own = ", ".join(found.specs)
            raise UsageProblem(
                f"--defect {order.id} with --spec {spec}", f"--spec {own}: a fault of that version's files",
                try_=f"see the defects of {spec}: oneroster generate --list-defects",
            )  # fmt: skip
        if order.day > days:
            raise UsageProblem(f"--defect {order.text} with --days {days}", f"a day from 0 to {days}", try_="write more days: --days N")
        if found.needs_day and not order.day:
            raise UsageProblem(
                f"--defect {order.text}", f"{order.id}@day=N with --days: it shows only against the bundle of the day before"
            )


def plant(draft: Draft, wanted: Sequence[Order]) -> list[dict[str, Any]]:
    """Plant all of them; returns the entries of the answer key in the order that was asked.

    Raises UsageProblem when the bundle has too few places for one.
    """
    planted: dict[str, list[Place]] = {}
    for order in sorted(wanted, key=lambda found: (STAGES.index(DEFECTS[found.id].stage), found.id)):
        try:
            planted[order.id] = _planted(draft, order)
        except TooFew as error:
            raise UsageProblem(
                f"--defect {order.text}",
                f"at most {error.args[0]}: the district has no more places for it",
                try_="ask for fewer, or for more students",
            ) from error
        except Hides as error:
            raise UsageProblem(
                f"--defect {order.id} beside other defects of {error.args[0] or 'the bundle'}",
                "defects that do not take each other away",
                try_="plant them in two bundles",
            ) from error
    return [_entry(DEFECTS[order.id], planted[order.id], order.day) for order in wanted]


def _planted(draft: Draft, order: Order) -> list[Place]:
    defect = DEFECTS[order.id]
    if order.rate:
        return defect.plant(draft, order.places(draft.clean_records(defect.file)))
    return defect.plant(draft, order.count)


def _entry(defect: Defect, places: list[Place], day: int) -> dict[str, Any]:
    found = [place.document() for place in places]
    return {"defect": defect.id, "rule": defect.trips, **found[0], "count": len(found), "day": day, "places": found}


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
