"""`oneroster check bundles`: judge the bundles that changed files belong to, for a hook before a commit.

Called with the names of files, as hooks are; finds each bundle once and judges it whole, since one file is no bundle.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path

import click

from conformance.baselines import apply_baseline, read_baseline
from conformance.csv_judge import judge
from conformance.profiles.loading import load_profiles
from conformance.report import Report
from conformance.reports.text import text_report
from oneroster_harness.problems import EXIT_CLEAN, EXIT_FINDINGS
from oneroster_harness.terminal import (
    echo_json,
    echo_text,
    fail_on_option,
    hints,
    json_option,
    spec_option,
    today,
)
from oneroster_standard.standard import VERSIONS, load

EPILOG = """
\b
Examples:
  oneroster check bundles exports/manifest.csv exports/users.csv
  oneroster check bundles district.zip --profile lingco
"""
MANIFEST = "manifest.csv"


@click.command("bundles", epilog=EPILOG)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")
@click.option("--profile", "profile_names", multiple=True, metavar="NAME|FILE", help="Consumer to ask for, repeatable")
@click.option("--baseline", "baseline_file", type=click.Path(path_type=Path), metavar="FILE", help="Accepted findings, each with a reason and an end")
@spec_option
@fail_on_option
@json_option
def check_bundles(
    files: tuple[Path, ...], profile_names: tuple[str, ...], baseline_file: Path | None, spec: str | None, fail_on: str, json_target: str | None
) -> None:  # fmt: skip
    """Judge each bundle that one of FILES belongs to: a ZIP is one, a file stands for its folder.

    Files that belong to no bundle are left alone, so that a hook may be given whatever has changed. What changes from one bundle to
    another is told by `oneroster check change OLD NEW`.
    """
    profiles = load_profiles(profile_names)
    entries = read_baseline(baseline_file) if baseline_file else ()
    found: list[Report] = []
    for path in bundles_of(files):
        report = judge(path, spec=spec, profiles=profiles)
        if baseline_file:
            apply_baseline(report, entries, str(baseline_file), today())
        found.append(report)
        echo_text(text_report(report, fail_on).rstrip("\n"), json_target)
    if not found:
        hints().print("no bundle among the files", markup=False)
    echo_json({"runs": [report.document() for report in found]}, json_target)
    raise SystemExit(EXIT_FINDINGS if any(report.fails_at(fail_on) for report in found) else EXIT_CLEAN)


def bundles_of(files: Iterable[Path]) -> list[Path]:
    """ZIPs and folders that hold a manifest or another file of the standard, in order of name, each once."""
    names = {name for version in VERSIONS for name in load(version).csv_files}
    found: set[Path] = set()
    for path in files:
        if path.suffix.lower() == ".zip":
            found |= {path} if _holds(path, names) else set()
        elif path.name in names and path.parent.is_dir() and _is_bundle(path, names):
            found.add(path.parent)
    return sorted(found)


def _is_bundle(path: Path, names: set[str]) -> bool:
    """Whether a file's folder is a bundle: one users.csv may be anybody's, with a manifest or a second one it is a bundle's."""
    others = {one.name for one in path.parent.iterdir()} & names
    return MANIFEST in others or len(others) > 1


def _holds(path: Path, names: set[str]) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.rpartition("/")[2] in names for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        # An archive that cannot be opened is for the judge to tell, when there is one at all.
        return path.is_file()


__all__ = ["bundles_of", "check_bundles"]
