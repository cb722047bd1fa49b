"""The store that a vendor serves: the district itself, or the district seen through the vendor's ids and scope.

Called before a server starts. A view of a large district takes minutes to make, so a folder may keep views: each is found
again by a digest of all that it depends on.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from oneroster_harness.problems import CannotRun, UsageProblem
from oneroster_harness.terminal import VERSION, hints
from oneroster_standard.dialects import Dialect, load_quirks
from oneroster_standard.store import Store, StoreProblem

Make = Callable[..., Path]
TOLD_FROM = 200_000
"""Records from which a person is told what takes so long."""


def _opened(base: Path) -> Store:
    try:
        return Store.open(base)
    except StoreProblem as error:
        raise CannotRun(
            str(error), "a .district store", try_="write one with `oneroster generate X.district`"
        ) from error


def view_of(
    make: Make, base: Path, folder: Path, kept: Path | None, dialect: Dialect, name: str, quirks: Sequence[str]
) -> Path:
    """The store that a vendor serves.

    make: writes a store again as a vendor shows it. folder: for a view that is not kept; kept: for those that are. name: the
    dialect as it was given, a vendor or a file. Raises CannotRun, UsageProblem.
    """
    known = load_quirks()
    lens = [quirk for quirk in quirks if known[quirk].scope]
    changes = lens or dialect.ids or dialect.scope or any(known[quirk].scope for quirk in dialect.default_quirks if quirk in known)
    meta = _opened(base).meta
    shown = str(meta.get("vendor", "reference"))
    if not lens and shown == dialect.name or (shown == "reference" and not changes):
        return base
    if shown != "reference":
        raise UsageProblem(
            f"this district is seen through {shown}; {dialect.name} cannot be shown from it",
            f"--vendor {shown}, or a district that was generated without --vendor",
            str(base),
        )
    if kept is None:
        _tell(meta, dialect)
        return make(base, folder / f"{dialect.name}.district", vendor=name, quirks=lens)
    return _kept(make, base, kept, dialect, name, lens)


def _kept(make: Make, base: Path, kept: Path, dialect: Dialect, name: str, lens: Sequence[str]) -> Path:
    place = kept / f"{dialect.name}-{_digest(base, dialect, lens)}.district"
    if place.joinpath("district.json").exists():
        return place
    _tell(_opened(base).meta, dialect)
    try:
        kept.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".view-", dir=kept) as folder:
            made = make(base, Path(folder) / "view.district", vendor=name, quirks=lens)
            # Of two servers that make the same view at once, the first one's stays.
            if not place.exists():
                made.rename(place)
    except OSError as error:
        raise CannotRun(f"a view cannot be kept: {error.strerror}", "a folder that may be written to", str(kept)) from error
    return place


def _digest(base: Path, dialect: Dialect, lens: Sequence[str]) -> str:
    """Names a view by all that it depends on: the district's content, the dialect, the quirks, this version."""
    description = base.joinpath("district.json").read_bytes()  # holds the digest of every collection
    return hashlib.sha256(repr((description, dialect, sorted(lens), VERSION)).encode()).hexdigest()[:20]


def _records(meta: Any) -> int:
    """Counts of a store's description, at whatever depth."""
    if not isinstance(meta, dict):
        return 0
    count = meta.get("count")
    return count if isinstance(count, int) else sum(map(_records, meta.values()))


def _tell(meta: dict[str, Any], dialect: Dialect) -> None:
    count = _records(meta.get("collections"))
    if count >= TOLD_FROM:
        hints().print(f"showing {count:,} records as {dialect.name} does; --views FOLDER keeps that for the next time")
