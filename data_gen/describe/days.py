"""What happens in a folder of days: changes by kind and reason, and how the full bundles grow and shrink.

Called by `oneroster describe`. Counts only; reads the expected differences that stand beside the bundles.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from data_gen.describe.reading import tables
from oneroster_harness.problems import CannotRun

EXPECTED = "expected-diff.json"
FULL = "full"


def day_folders(path: Path) -> list[Path]:
    """Folders of single days in order; none when the path is something else."""
    if not path.is_dir():
        return []
    return sorted(folder for folder in path.glob("day-*") if folder.joinpath(EXPECTED).is_file())


def bundle_of(folder: Path) -> Path:
    """The full bundle of a day, a folder or an archive."""
    archive = folder / f"{FULL}.zip"
    return archive if archive.is_file() else folder / FULL


def series(folders: list[Path]) -> list[dict[str, Any]]:
    """Each day with its changes by collection and kind, their reasons, and the rows of its full bundle."""
    return [_day(folder) for folder in folders]


def _day(folder: Path) -> dict[str, Any]:
    where = f"{folder.name}/{EXPECTED}"
    try:
        raw = json.loads(folder.joinpath(EXPECTED).read_text("utf-8"))
        expected: dict[str, dict[str, list[dict[str, Any]]]] = raw["expected"]
        changes = {entity: {kind: len(found) for kind, found in kinds.items()} for entity, kinds in expected.items()}
        reasons: Counter[str] = Counter(
            str(one["reason"]) for kinds in expected.values() for found in kinds.values() for one in found
        )
        date = str(raw["date"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CannotRun("the expected difference of a day cannot be read", "what `oneroster generate --days` writes", where) from error
    rows = {table.file: sum(1 for _ in table.rows) for table in tables(bundle_of(folder), lambda file: None)}
    return {"day": folder.name, "date": date, "changes": changes, "reasons": dict(sorted(reasons.items())), "rows": rows}
