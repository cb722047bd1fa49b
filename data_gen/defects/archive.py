"""Defects of the bundle as a whole: its archive and where its files lie."""

from __future__ import annotations

from data_gen.defects.draft import Draft, Place
from data_gen.defects.registry import defect
from oneroster_harness.problems import UsageProblem

FOLDER = "OneRoster/"


@defect(
    "archive.truncated-zip",
    trips="csv.archive-readable",
    file="",
    stage="archive",
    source="D181",
    once=True,
)
def truncated_zip(draft: Draft, count: int) -> list[Place]:
    """The archive is cut in its middle, as when it is picked up while it is being sent.

    Only a ZIP can be cut. answer-key.json names the archive as the file.
    """
    if not draft.is_zip:
        raise UsageProblem("--defect archive.truncated-zip", "OUT ending in .zip: a folder cannot be cut")
    draft.require_untouched()
    draft.archive_transforms.append(lambda data: data[: len(data) // 2])
    return [Place(draft.out_name, None)]


@defect(
    "archive.nested-folder",
    trips="csv.archive-layout",
    file="",
    stage="archive",
    source="D167",
    once=True,
)
def nested_folder(draft: Draft, count: int) -> list[Place]:
    """All files lie in a folder inside the bundle instead of at its root."""
    draft.prefix = FOLDER
    return [Place(next(iter(draft.names)), None)]
