"""Where a result is put: written beside its place and moved there when it is whole.

Called by the `generate` command. An existing result is replaced only when asked, and never half.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from oneroster_harness.problems import CannotRun, UsageProblem

_OWN_SUFFIXES = {".csv", ".slab", ".offsets"}
_OWN_NAMES = {"district.json"}


def refuse_existing(out: Path, *, force: bool) -> None:
    """Raise UsageProblem when something is at the path that may not be replaced.

    With force an earlier result is replaced; a folder that holds anything else, or a file where a folder is to be,
    never is.
    """
    if not out.exists() and not out.is_symlink():
        return
    if not force:
        raise UsageProblem(
            "OUT exists", "a path where nothing is", str(out), "name another path, or add --force"
        )
    if out.is_file() and out.suffix != ".zip":
        raise UsageProblem(
            "OUT is a file", "a folder, or a name that ends in .zip", str(out), "name another path"
        )
    if out.is_dir():
        foreign = [
            entry.name
            for entry in out.iterdir()
            if not _is_own(entry) and not (entry.is_dir() and all(map(_is_own, entry.iterdir())))
        ]
        if foreign:
            raise UsageProblem(
                f"OUT holds {len(foreign)} thing(s) that are no part of a bundle or a district",
                "an earlier result, which --force replaces as a whole",
                str(out),
                "name another path",
            )


def refuse_days(folder: Path, *, force: bool) -> None:
    """Raise UsageProblem when earlier days may not be replaced; with force they are removed."""
    if not folder.exists():
        return
    if not force:
        raise UsageProblem("the folder of later days exists", "a path where nothing is", str(folder), "name another OUT, or add --force")
    if any(not entry.name.startswith("day-") for entry in folder.iterdir()):
        raise UsageProblem("the folder of later days holds something else", "days of an earlier run", str(folder), "name another OUT")
    shutil.rmtree(folder)


def _is_own(entry: Path) -> bool:
    return entry.is_file() and (entry.suffix in _OWN_SUFFIXES or entry.name in _OWN_NAMES)


@contextmanager
def beside(out: Path) -> Iterator[Path]:
    """A folder beside the place, for parts; it is removed at the end. Raises CannotRun when it cannot be made."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".oneroster-", dir=out.parent))
    except OSError as error:
        raise CannotRun(f"OUT cannot be written: {error.strerror}", where=str(out.parent)) from error
    try:
        yield folder
    except OSError as error:
        raise CannotRun(f"OUT cannot be written: {error.strerror}", where=str(out)) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def move_into_place(part: Path, out: Path) -> None:
    """Put a whole result in its place; what was there before is moved aside first, and back if that fails."""
    if not out.is_dir() or out.is_symlink():
        part.replace(out)
        return
    aside = part.with_name("replaced")
    out.rename(aside)
    try:
        part.rename(out)
    except OSError:
        aside.rename(out)
        raise


def size_of(out: Path) -> int:
    """Bytes of a file, or of all files of a folder."""
    if out.is_file():
        return out.stat().st_size
    return sum(entry.stat().st_size for entry in out.rglob("*") if entry.is_file())
