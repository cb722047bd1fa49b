"""The delta between two bundles: what a district has now, against an earlier bundle of it.

Called by the `generate` command. Rows are compared cell by cell under their key; the earlier bundle's rows are held in
memory, the new one's are read once.
"""

from __future__ import annotations

import csv
from pathlib import Path

from data_gen.bundle import MANIFEST
from data_gen.year.bundles import STAMP, STATUS, Rows
from oneroster_harness.problems import UsageProblem
from oneroster_standard.standard import Standard


def difference(standard: Standard, before: Path, now: Path, stamp: str) -> Rows:
    """Rows of the delta by file. before and now: folders of bulk files; stamp: dateLastModified of every row.

    Raises UsageProblem for an earlier file that is not one of this version.
    """
    found: Rows = {}
    for name, file in standard.csv_files.items():
        if name == MANIFEST:
            continue
        old, new = _read(before / name, file.headers), _read(now / name, file.headers)
        rows = [_flagged(row, "active", stamp) for key, row in new.items() if old.get(key) != row]
        rows += [_flagged(row, "tobedeleted", stamp) for key, row in old.items() if key not in new]
        if rows:
            found[name] = sorted(rows, key=lambda row: row[0].encode("utf-8"))
    return found


def _flagged(row: list[str], status: str, stamp: str) -> list[str]:
    return [*row[:STATUS], status, stamp, *row[STAMP + 1 :]]


def _read(path: Path, headers: tuple[str, ...]) -> dict[str, list[str]]:
    """Rows by key, status and stamp blank; a file that is not there has none."""
    if not path.exists():
        return {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            header = next(reader, [])
            if tuple(header[: len(headers)]) != headers:
                raise UsageProblem(
                    f"{path.name} of the earlier bundle has other columns", "a bulk bundle of the same version", str(path),
                    "give --spec, or a bundle that `oneroster generate` wrote",
                )  # fmt: skip
            return {row[0]: _flagged(row[: len(headers)], "", "") for row in reader if row}
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageProblem(f"{path.name} of the earlier bundle cannot be read", "UTF-8 and CSV", str(path), "check it: oneroster check csv") from error
