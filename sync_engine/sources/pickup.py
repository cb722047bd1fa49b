"""Which of the bundles that lie in a drop folder is to be taken: the newest complete one that was not taken before.

Called by the SFTP source. Decides from names, sizes and times alone; never reads a file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

MANIFEST = "manifest.csv"
_PARTIAL_ENDS = (".part", ".partial", ".filepart", ".tmp", ".temp", ".crdownload", ".uploading", "~")


@dataclass(frozen=True, slots=True)
class Remote:
    """One file as the server lists it. modified: seconds since 1970."""

    name: str
    size: int
    modified: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A bundle in the drop folder. folder: where its files lie, below the drop folder; is_zip: one archive, else loose files."""

    name: str
    folder: str
    is_zip: bool
    files: tuple[Remote, ...]

    @property
    def modified(self) -> int:
        """When the last of its files changed."""
        return max(found.modified for found in self.files)

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(found.size for found in self.files)

    def mark(self, digest: str = "") -> str:
        """What is kept of a bundle that was taken, as the fragment of its source."""
        return urlencode({"name": self.name, "at": self.modified, "bytes": self.size, "sha256": digest})


def is_partial(name: str) -> bool:
    """Whether a name says that the file is not yet what it will be."""
    return name.startswith((".", "_")) or name.lower().endswith(_PARTIAL_ENDS)


def candidates(files: Iterable[Remote], subfolders: Mapping[str, Iterable[Remote]]) -> list[Candidate]:
    """All bundles of a drop folder, the newest first: archives, its own loose files, and folders of loose files."""
    top = [found for found in files if not is_partial(found.name)]
    found = [Candidate(one.name, "", True, (one,)) for one in top if one.name.lower().endswith(".zip")]
    for folder, inside in {"": top, **subfolders}.items():
        loose = tuple(one for one in inside if one.name.lower().endswith(".csv") and not is_partial(one.name))
        if loose and not is_partial(folder):
            found.append(Candidate(folder or "loose files", folder, False, loose))
    return sorted(found, key=lambda one: (-one.modified, one.name))


def unfinished(candidate: Candidate, before: Candidate | None, *, manifest_last: bool) -> str:
    """Why a bundle is not yet whole, empty when it may be. before: the same a moment ago.

    manifest_last: the district uploads the manifest after all other loose files, which shows that they are there.
    """
    if before != candidate:
        return "it changed while it was looked at"
    if not candidate.size or any(not found.size for found in candidate.files):
        return "a file of it is empty"
    if candidate.is_zip:
        return ""
    manifest = next((found for found in candidate.files if found.name == MANIFEST), None)
    if manifest is None:
        return f"{MANIFEST} has not come yet"
    if manifest_last and manifest.modified < candidate.modified:
        return f"files came after {MANIFEST} (manifest_last = false in providers.toml for a district that uploads so)"
    return ""


class Taken:
    """What a tenant took from one drop folder before. sources: those of earlier runs that were applied in full."""

    def __init__(self, sources: Iterable[str], base: str) -> None:
        marks = [parse_qs(found.removeprefix(f"{base}#")) for found in sources if found.startswith(f"{base}#")]
        self._digests = {mark["sha256"][0] for mark in marks if "sha256" in mark}
        self._files = {tuple(mark[name][0] for name in ("name", "at", "bytes")) for mark in marks if "bytes" in mark}
        self._newest = max((int(at) for _, at, _ in self._files), default=0)

    def has_seen(self, candidate: Candidate) -> bool:
        """Whether this very file was taken, or a newer one was, so that taking it would turn the roster back."""
        key = (candidate.name, str(candidate.modified), str(candidate.size))
        return key in self._files or candidate.modified < self._newest

    def has_content(self, digest: str) -> bool:
        """Whether the same bytes were taken, under whatever name."""
        return digest in self._digests


def steady(first: Collection[Candidate], second: Collection[Candidate], *, manifest_last: bool) -> list[tuple[Candidate, str]]:
    """The bundles of the second look, each with why it is not yet whole."""
    before = {(found.folder, found.name): found for found in first}
    return [
        (found, unfinished(found, before.get((found.folder, found.name)), manifest_last=manifest_last)) for found in second
    ]
