"""The judge that one writes first: the csv module, sets and compiled patterns, row by row. What the real one is measured against.

Called by the benchmarks only. Judges width, tokens, dates, instants, references and ids of the rostering files of a 1.1 bundle.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

from oneroster_standard.standard import CsvColumn, Standard, load

_FORMS = {
    "date": re.compile(r"\d{4}-\d{2}-\d{2}\Z"), "dateTime": re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z\Z"),
    "year": re.compile(r"\d{4}\Z"), "guid": re.compile(r"[0-9A-Za-z._/@\-]{1,255}\Z"),
}  # fmt: skip


def judge_by_loop(bundle: Path) -> int:
    """How many faults there are in a folder, each found in a pass over its file; ids are read in a pass before."""
    standard = load("1.1")
    ids = {name: _ids(bundle / name) for name in standard.csv_files if name != "manifest.csv" and (bundle / name).exists()}
    return sum(_faults(bundle / name, standard, ids) for name in ids)


def _ids(path: Path) -> set[str]:
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream, strict=True)
        next(reader)
        return {row[0] for row in reader}


def _faults(path: Path, standard: Standard, ids: dict[str, set[str]]) -> int:
    found, seen = 0, set()
    columns = standard.csv_files[path.name].columns
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream, strict=True)
        next(reader)
        for row in reader:
            found += len(row) != len(columns) or row[0] in seen
            seen.add(row[0])
            found += sum(_is_wrong(column, cell, standard, ids) for column, cell in zip(columns, row, strict=False))
    return found


def _is_wrong(column: CsvColumn, cell: str, standard: Standard, ids: dict[str, set[str]]) -> bool:
    if not cell:
        return column.required == "yes"
    if column.references in ids:
        known = ids[column.references]
        return not all(item in known for item in cell.split(",")) if column.is_list else cell not in known
    if column.enumeration and column.item_format == "enum":
        tokens = standard.enumerations[column.enumeration]
        return not all(item in tokens for item in cell.split(",")) if column.is_list else cell not in tokens
    form = _FORMS.get(column.format)
    return form is not None and not form.match(cell)
