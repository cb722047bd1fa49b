"""A platform's catalogue of courses, as a CSV or TOML file.

Called by the alignment. Columns or keys: code and title, optional aliases (other codes; in CSV with semicolons).
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oneroster_harness.problems import CannotRun, UsageProblem
from sync_engine.courses.codes import code_key

_EXPECTED = "code and title of each course, optional aliases"


@dataclass(frozen=True, slots=True)
class Entry:
    """One course of the catalogue. aliases: other codes that mean it."""

    code: str
    title: str
    aliases: tuple[str, ...] = ()


def load(path: Path) -> dict[str, Entry]:
    """Read a catalogue: code -> entry, in order of the codes.

    Raises UsageProblem for a file that is no catalogue or names a code twice, CannotRun for one that cannot be read.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise CannotRun(f"the catalogue cannot be read: {error.strerror}", "a .csv or .toml file", str(path)) from error
    try:
        text = raw.decode("utf-8-sig")
        rows = _toml_rows(text) if path.suffix.lower() == ".toml" else _csv_rows(text)
        found = [_entry(row, f"{path}, course {number}") for number, row in enumerate(rows, 1)]
    except (ValueError, csv.Error, TypeError) as error:
        raise UsageProblem("the catalogue cannot be understood", _EXPECTED + ", in UTF-8", str(path)) from error
    return _by_code(found, path)


def _toml_rows(text: str) -> Iterable[Mapping[str, Any]]:
    rows = tomllib.loads(text).get("course")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("no [[course]]")
    return rows


def _csv_rows(text: str) -> Iterable[Mapping[str, Any]]:
    rows = csv.DictReader(text.splitlines())
    if not {"code", "title"} <= set(rows.fieldnames or ()):
        raise ValueError("header")
    return rows


def _entry(row: Mapping[str, Any], where: str) -> Entry:
    code, title = str(row.get("code") or "").strip(), str(row.get("title") or "").strip()
    if not code_key(code) or not title:
        raise UsageProblem("a course of the catalogue lacks its code or its title", _EXPECTED, where)
    aliases = row.get("aliases") or ()
    listed = aliases.split(";") if isinstance(aliases, str) else [str(alias) for alias in aliases]
    return Entry(code, title, tuple(alias.strip() for alias in listed if code_key(alias)))


def _by_code(found: list[Entry], path: Path) -> dict[str, Entry]:
    seen: dict[str, str] = {}
    for number, entry in enumerate(found, 1):
        key = code_key(entry.code)
        if key in seen:
            raise UsageProblem(
                f"the catalogue names the code {entry.code!r} twice", "each course once", f"{path}, course {number}"
            )
        seen[key] = entry.code
    return {entry.code: entry for entry in sorted(found, key=lambda one: one.code)}
