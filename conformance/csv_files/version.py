"""Which version of the standard a bundle is of: its files' names and columns count, the manifest breaks a tie.

Called by the judge before files are read. Reads header rows only.
"""

from __future__ import annotations

from pathlib import Path

from conformance.csv_files.package import Package, open_package
from oneroster_standard.bundles import BundleProblem
from oneroster_standard.standard import VERSIONS, load

_HEAD_BYTES = 65_536
_DEFAULT = "1.1"


def all_file_names() -> set[str]:
    """Names of the files of every version."""
    return {name for version in VERSIONS for name in load(version).csv_files}


def _head(package: Package, name: str) -> str:
    try:
        with package.open(name) as stream:
            head = stream.read(_HEAD_BYTES)
    except (BundleProblem, OSError, NotImplementedError, RuntimeError):
        return ""
    return head.decode("utf-8-sig", errors="replace")


def _said(package: Package) -> str:
    if "manifest.csv" not in package.members:
        return ""
    for line in _head(package, "manifest.csv").splitlines():
        name, _, value = line.replace('"', "").partition(",")
        if name.strip() == "oneroster.version":
            return value.strip()
    return ""


def _fit(package: Package, version: str) -> int:
    """How well names and columns fit a version: columns met less columns missing."""
    files = load(version).csv_files
    score = 0
    for name in package.members:
        if name == "manifest.csv":
            continue
        if name not in files:
            score -= 10
            continue
        cells = set(_head(package, name).partition("\n")[0].replace('"', "").strip("\r").split(","))
        wanted = set(files[name].headers)
        if cells & wanted:
            score += len(cells & wanted) - len(wanted - cells)
    return score


def find_version(package: Package, asked: str | None) -> str:
    """The version whose columns the files have; in doubt what the manifest says, then what was asked."""
    if package.trouble is not None or not package.members:
        return asked or _DEFAULT
    fits = {version: _fit(package, version) for version in VERSIONS}
    best = [version for version in VERSIONS if fits[version] == max(fits.values())]
    for preferred in (_said(package), asked, _DEFAULT):
        if preferred in best:
            return str(preferred)
    return best[0]


def open_any(path: Path) -> Package:
    """Open a path with the file names of every version. Raises CannotRun like open_package."""
    return open_package(path, all_file_names())
