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


@defect("archive.unsafe-path", trips="csv.archive-safe", file="", stage="archive", source="D185", once=True)
def unsafe_path(draft: Draft, count: int) -> list[Place]:
    """An entry of the archive leads out of it, as an attack does.

    Only a ZIP can hold such an entry. answer-key.json names it by its number.
    """
    if not draft.is_zip:
        raise UsageProblem("--defect archive.unsafe-path", "OUT ending in .zip: a folder has no entries")
    draft.require_untouched()
    draft.extra["../evil.csv"] = b"sourcedId\r\n"
    number = sum(1 for _ in draft.members())
    return [Place(f"{draft.out_name}, entry {number}", None)]


@defect("archive.empty", trips="csv.bundle-empty", file="", stage="archive", source="pain list, row 1", once=True)
def empty(draft: Draft, count: int) -> list[Place]:
    """The bundle holds nothing: a delivery without a district."""
    draft.require_untouched()
    for name in draft.names:
        draft.names[name] = None
    return [Place(draft.out_name, None)]


@defect("archive.second-copy", trips="csv.file-unique", file="", stage="archive", source="D182", once=True)
def second_copy(draft: Draft, count: int) -> list[Place]:
    """An earlier courses.csv lies beside the newer one, with a date in its name."""
    draft.extra[f"{draft.prefix}courses_20260801.csv"] = draft.sheet("courses.csv").to_bytes()
    return [Place("courses.csv", None)]


@defect("archive.unknown-file", trips="csv.unknown-file", file="", stage="archive", source="D176", once=True)
def unknown_file(draft: Draft, count: int) -> list[Place]:
    """A file of the vendor's own lies beside those of the standard."""
    draft.extra[f"{draft.prefix}attendance.csv"] = b"studentId,day,mark\r\n"
    return [Place(f"{draft.prefix}attendance.csv", None)]
