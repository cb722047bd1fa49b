"""Bundles in their order: which of the arguments are full bundles and which are deltas, and the folders that `generate --days` writes.

Called by the commands. Reads the layout only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from oneroster_standard.standard import VERSIONS, load

_NAMES = {name for version in VERSIONS for name in load(version).csv_files}


@dataclass(frozen=True, slots=True)
class Member:
    """One bundle of a series and what reports call it. is_delta: it lies where deltas lie; of others the manifest tells."""

    path: Path
    label: str
    is_delta: bool = False


def is_days(path: Path) -> bool:
    """Whether a path is a folder of days: folders that hold bundles, and no file of a bundle in it."""
    return path.is_dir() and bool(_day_folders(path)) and not any((path / name).exists() for name in _NAMES)


def _day_folders(path: Path) -> list[Path]:
    return sorted(folder for folder in path.iterdir() if folder.is_dir() and _bundles(folder, "full"))


def _bundles(folder: Path, stem: str) -> list[Path]:
    return [found for found in (folder / stem, folder / f"{stem}.zip") if found.exists()]


def members(paths: Sequence[Path]) -> list[Member]:
    """Bundles in their order. A folder of days stands for its bundles: for each day the delta, then the full one."""
    found: list[Member] = []
    for path in paths:
        found += _of_days(path) if is_days(path) else [Member(path, str(path))]
    return found


def _of_days(path: Path) -> Iterator[Member]:
    """Day 0 lies beside the folder (district, district.zip), when it is still there."""
    stem = path.name.removesuffix(".days")
    if stem != path.name:
        yield from (Member(found, found.name) for found in _bundles(path.parent, stem)[:1])
    for folder in _day_folders(path):
        for kind in ("delta", "full"):
            yield from (Member(found, f"{folder.name}/{kind}", kind == "delta") for found in _bundles(folder, kind)[:1])
