"""A whole bundle, folder or ZIP: each file as it is called, with other values; what is no CSV file is left out.

Called by `oneroster anonymise`. Streams file by file; nothing of the old values is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from data_gen.anonymise.columns import known_columns
from data_gen.anonymise.records import LONGEST_LINE, LineTooLong
from data_gen.anonymise.replacements import Replacements
from data_gen.anonymise.sheets import Sheet
from oneroster_harness.problems import CannotRun
from oneroster_standard.bundle_writer import BundleWriter
from oneroster_standard.bundles import MAX_ENTRIES, Bundle, BundleProblem, open_bundle
from oneroster_standard.standard import VERSIONS, load

_JUNK = {"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"}
_TAIL = re.compile(r"[_-]?\d{6,14}\Z")
_FILES = {name.removesuffix(".csv").lower(): name for version in VERSIONS for name in load(version).csv_files}


@dataclass(slots=True)
class Outcome:
    """Rows by name in the new bundle, and how many files were left out."""

    rows: dict[str, int] = field(default_factory=dict)
    left_out: int = 0


def opened(path: Path) -> Bundle:
    """Open a folder, files of its folders included, or a ZIP. Raises CannotRun when it cannot be read."""
    try:
        bundle = open_bundle(path)
    except BundleProblem as problem:
        met, _, expected = problem.detail.partition("; expected ")
        raise CannotRun(met, expected or "a folder or a complete .zip file", problem.where) from problem
    if not path.is_dir():
        return bundle
    names = sorted(str(PurePosixPath(*found.relative_to(path).parts)) for found in path.rglob("*") if found.is_file())
    if len(names) > MAX_ENTRIES:
        raise CannotRun(f"{len(names):,} files in the folder", f"at most {MAX_ENTRIES:,}: a bundle", str(path))
    return Bundle(path, tuple(names), None)


def standard_name(name: str) -> str:
    """The standard's file that a name means, whatever its letter case and date; empty for none."""
    stem, _, extension = PurePosixPath(name.replace("\\", "/")).name.rpartition(".")
    return _FILES.get(_TAIL.sub("", stem).lower(), "") if extension.lower() in ("csv", "txt") else ""


def write(bundle: Bundle, out: Path, values: Replacements, tell: Callable[[str], None]) -> Outcome:
    """Write the anonymised bundle. Raises CannotRun when a file cannot be read to its end."""
    outcome = Outcome()
    with BundleWriter(out) as writer:
        for name in bundle.names:
            path = PurePosixPath(name.replace("\\", "/"))
            is_csv = path.suffix.lower() in (".csv", ".txt") and not path.name.startswith("._")
            if not is_csv or set(path.parts) & _JUNK or not (standard_name(name) or path.suffix.lower() == ".csv"):
                outcome.left_out += 1
                continue
            new = _new_name(name, values)
            tell(standard_name(name) or "another file")
            if out.suffix != ".zip":
                out.joinpath(new).parent.mkdir(parents=True, exist_ok=True)
            with bundle.open_bytes(name) as stream:
                sheet = Sheet(stream, standard_name(name), values)
                writer.write(new, _guarded(sheet, name))
            outcome.rows[new] = sheet.rows
    return outcome


def _new_name(name: str, values: Replacements) -> str:
    """Names of the standard's files stay; folders and other names may tell whose they are."""
    *folders, base = re.split(r"[\\/]", name)
    stem, dot, extension = base.rpartition(".")
    new = base if standard_name(name) or known_columns(base) else f"{values.scrambled(stem)}{dot}{extension}"
    return "/".join([*(values.scrambled(folder) for folder in folders), new])


def _guarded(sheet: Sheet, name: str) -> Iterator[bytes]:
    where = standard_name(name) or "a file of another name"
    try:
        yield from sheet.parts()
    except LineTooLong as error:
        raise CannotRun("a line is too long to be read", f"at most {LONGEST_LINE:,} signs", where) from error
    except UnicodeDecodeError as error:
        raise CannotRun("the file's encoding cannot be read", "UTF-8, UTF-16, UTF-32 or a single-byte one", where) from error
    except BundleProblem as problem:
        raise CannotRun(problem.detail.partition(";")[0], "a complete file", where) from problem
