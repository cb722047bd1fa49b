"""What a path holds: the bundle's files under the standard's names, and how they differ from what was asked.

Called by the judge before any file is read. Tolerates one folder level, other letter cases and date tails, and
says so; never unpacks to disk.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from oneroster_harness.problems import CannotRun
from oneroster_standard.bundles import Bundle, BundleProblem, open_bundle

_TAIL = re.compile(r"[_-]?\d{6,14}\Z")
_JUNK = {"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"}


@dataclass(slots=True)
class Package:
    """An opened path. members: standard file name -> name in the bundle. trouble stops everything else."""

    path: Path
    bundle: Bundle | None = None
    members: dict[str, str] = field(default_factory=dict)
    misnamed: dict[str, str] = field(default_factory=dict)
    nested: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    trouble: BundleProblem | None = None

    @property
    def is_zip(self) -> bool:
        """Whether the path is an archive."""
        return not self.path.is_dir()

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open a file by its standard name."""
        assert self.bundle is not None
        with self.bundle.open_bytes(self.members[name]) as stream:
            yield stream

    def close(self) -> None:
        """Release the archive."""
        if self.bundle is not None:
            self.bundle.close()


def open_package(path: Path, file_names: set[str]) -> Package:
    """Open a folder or a ZIP and give its files to the standard's names.

    Raises CannotRun when there is nothing at the path or it may not be read.
    """
    package = Package(path)
    try:
        package.bundle = open_bundle(path)
        prefix = ""
        if path.is_dir() and not any(name.lower().endswith(".csv") for name in package.bundle.names):
            prefix = _only_folder_with_files(path)
            if prefix:
                package.bundle = open_bundle(path / prefix)
    except BundleProblem as problem:
        if problem.kind in ("missing", "not-allowed"):
            raise CannotRun(
                f"{problem.detail.partition(';')[0]}",
                expected="a folder or a .zip file with OneRoster CSV files",
                where=str(path),
                try_="check the path and that you may read it",
                id="csv.path",
            ) from problem
        package.trouble = problem
        return package
    _give_names(package, file_names, prefix)
    return package


def _only_folder_with_files(path: Path) -> str:
    folders = [entry for entry in path.iterdir() if entry.is_dir() and entry.name not in _JUNK]
    holding = [folder.name for folder in folders if any(folder.glob("*.csv"))]
    return holding[0] if len(holding) == 1 else ""


def _standard_name(base: str, file_names: set[str]) -> str:
    stem, _, extension = base.rpartition(".")
    if extension.lower() not in ("csv", "txt"):
        return ""
    bare = _TAIL.sub("", stem).lower()
    return next((name for name in sorted(file_names) if name.removesuffix(".csv").lower() == bare), "")


def _give_names(package: Package, file_names: set[str], prefix: str) -> None:
    assert package.bundle is not None
    found = [PurePosixPath(name.replace("\\", "/")) for name in package.bundle.names]
    pairs = [
        (path, original)
        for path, original in zip(found, package.bundle.names, strict=True)
        if not (set(path.parts) & _JUNK) and not path.name.startswith("._")
    ]
    # Exact names first, so that users.csv beside Users.csv is taken and the other one is listed.
    pairs.sort(key=lambda pair: (pair[0].name not in file_names, len(pair[0].parts), str(pair[0])))
    for path, original in pairs:
        name = path.name if path.name in file_names else _standard_name(path.name, file_names)
        if not name:
            package.unknown.append(original)
        elif name in package.members:
            package.repeated.append(name)
        else:
            package.members[name] = original
            if path.name != name:
                package.misnamed[name] = path.name
            if len(path.parts) > 1 or prefix:
                package.nested.append(name)
