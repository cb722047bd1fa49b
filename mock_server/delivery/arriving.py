"""Composed files come to lie in the drop folder: at once, in place, growing, cut.

Called by the courier. A file that arrives at once is never seen half; times of files are those of the mock's
calendar.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from oneroster_standard.writing.plan import STEPS, Arrival

UNFINISHED = ".part"
BLOCK = 1 << 20


def stamp(path: Path, moment: datetime) -> None:
    """Give a file a time of the mock's calendar."""
    os.utime(path, (moment.timestamp(), moment.timestamp()))


def _place_whole(source: Path, target: Path, moment: datetime) -> None:
    stamp(source, moment)
    try:
        source.replace(target)
    except OSError:
        # Another file system: the copy lies beside under another name until it is whole.
        beside = target.with_name(f".{target.name}{UNFINISHED}")
        shutil.copy2(source, beside)
        beside.replace(target)


def _row_cut(source: Path) -> int:
    """A place inside a row near the middle of a file."""
    size = source.stat().st_size
    with source.open("rb") as stream:
        stream.seek(size // 2)
        stream.readline()
        start = stream.tell()
        return max(1, min(start + min(12, len(stream.readline()) // 2), size - 2))


def _cut(source: Path) -> int:
    # A ZIP without its end has lost its directory.
    return max(1, source.stat().st_size * 3 // 5) if source.suffix == ".zip" else _row_cut(source)


def arrive(
    staged: Path, names: list[str], root: Path, arrival: Arrival, broken_off: str, moment: datetime
) -> Iterator[str]:
    """Bring files into the drop folder; yields the name of a file that is not whole yet, at every step of it.

    staged: where the composed files are. broken_off: the one that stays cut. The caller decides how long a step
    lasts, and stops asking when the drop is given up.
    """
    for name in names:
        source, target = staged / name, root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if arrival.growing or arrival.in_place or name == broken_off:
            yield from _written(source, target, arrival, name == broken_off, moment)
        else:
            _place_whole(source, target, moment)


def _written(
    source: Path, target: Path, arrival: Arrival, is_broken_off: bool, moment: datetime
) -> Iterator[str]:
    whole = _cut(source) if is_broken_off else source.stat().st_size
    place = target.with_name(target.name + UNFINISHED) if arrival.temporary_name else target
    steps = STEPS if arrival.growing else 1
    with source.open("rb") as content, place.open("wb", buffering=0) as stream:
        for step in range(1, steps + 1):
            while block := content.read(min(BLOCK, whole * step // steps - content.tell())):
                stream.write(block)
            stamp(place, moment + timedelta(seconds=step))
            if step < steps:
                yield str(target.name)
    if arrival.temporary_name and not is_broken_off:
        place.replace(target)


def clear(root: Path, kept: set[str]) -> None:
    """Remove what earlier drops left, save the files that are kept; empty folders go too."""
    for path in sorted(root.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif str(path.relative_to(root)) not in kept:
            path.unlink()
