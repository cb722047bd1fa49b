"""The `.district` store: rendered records in order of sourcedId, with an index of their places.

Written by the generator, read by the server; a codec only. One district lies behind both versions: a collection whose
records are the same in 1.1 and 1.2 is written once, any other a second time beside it under the prefix `v1p2.`.
Roots of services are marks, see marks.py.
"""

from __future__ import annotations

import hashlib
import json
import mmap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from oneroster_standard.marks import ROOT, parse

FORMAT = 2
SEPARATOR = b",\n"
_BOTH = (
    "orgs",
    "academicSessions",
    "courses",
    "classes",
    "users",
    "enrollments",
    "demographics",
    "resources",
    "categories",
    "lineItems",
    "results",
)
COLLECTIONS: Mapping[str, tuple[str, ...]] = {
    "1.1": _BOTH,
    "1.2": (*_BOTH, "scoreScales", "assessmentLineItems", "assessmentResults"),
}
"""Version -> names of its collections."""
_PREFIX = {"1.1": "", "1.2": "v1p2."}
KEY = b'{"sourcedId":"'
__all__ = [
    "COLLECTIONS",
    "FORMAT",
    "ROOT",
    "SEPARATOR",
    "CollectionWriter",
    "Store",
    "StoreCollection",
    "StoreProblem",
    "StoreWriter",
    "sourced_id_of",
]


class StoreProblem(Exception):
    """A folder that is not a readable store; the text says what was met and what was expected."""


def sourced_id_of(record: bytes) -> str:
    """Read the sourcedId from a rendered record, which starts with it."""
    if not record.startswith(KEY):
        raise StoreProblem("a record does not start with its sourcedId")
    end = record.index(b'"', len(KEY))
    if b"\\" in record[len(KEY) : end]:
        return str(parse(record)["sourcedId"])
    return record[len(KEY) : end].decode("utf-8")


class CollectionWriter:
    """Appends rendered records of one collection; they must come in order of sourcedId."""

    def __init__(self, folder: Path, name: str) -> None:
        self._slab = folder.joinpath(f"{name}.slab").open("wb", buffering=1 << 20)
        self._offsets = folder.joinpath(f"{name}.offsets").open("wb", buffering=1 << 20)
        self._digest = hashlib.sha256()
        self._position = 0
        self.count = 0

    @classmethod
    def beside(cls, folder: Path, name: str, version: str = "1.1") -> Self:
        """A writer of one collection of a store that a StoreWriter of another process keeps; see StoreWriter.adopt."""
        return cls(folder, _stem(name, version))

    def append(self, record: bytes) -> None:
        """Add one record: compact JSON, sourcedId first."""
        self.extend((record,))

    def extend(self, records: Iterable[bytes]) -> None:
        """Add many records, given without their separator."""
        batch = list(records)
        if not batch:
            return
        lengths = np.fromiter(map(len, batch), dtype="<u8", count=len(batch))
        self.extend_joined(
            SEPARATOR.join(batch) + SEPARATOR, lengths + len(SEPARATOR)
        )

    def extend_joined(self, body: bytes | memoryview, lengths: NDArray[Any]) -> None:
        """Add records that stand one after the other, each with its separator; lengths count the separators."""
        if not len(lengths):
            return
        starts = np.empty(len(lengths), dtype="<u8")
        starts[0] = self._position
        np.cumsum(lengths[:-1], out=starts[1:])
        starts[1:] += np.uint64(self._position)
        self._slab.write(body)
        self._offsets.write(starts.tobytes())
        self._digest.update(body)
        self._position += len(body)
        self.count += len(lengths)

    def close(self) -> dict[str, Any]:
        """Finish the two files; returns count, bytes and sha256 of the slab."""
        self._offsets.write(np.array([self._position], dtype="<u8").tobytes())
        self._slab.close()
        self._offsets.close()
        return {
            "count": self.count,
            "bytes": self._position,
            "sha256": self._digest.hexdigest(),
        }


def _stem(name: str, version: str) -> str:
    """Stem of a collection's own files in one version; ValueError for an unknown name."""
    known = COLLECTIONS.get(version, ())
    if name not in known:
        raise ValueError(
            f"unknown collection {name!r} of {version}; expected one of {', '.join(known) or ', '.join(COLLECTIONS)}"
        )
    return f"{_PREFIX[version]}{name}"


class StoreWriter:
    """Writes a store; a context manager. The description is written last, so a broken store has none.

    specs: the versions that it holds, the first one always whole.
    """

    def __init__(
        self,
        path: Path,
        meta: Mapping[str, Any],
        specs: Sequence[str] = ("1.1",),
    ) -> None:
        self.path = path
        self.path.mkdir(parents=True, exist_ok=True)
        self._meta = dict(meta)
        self._specs = tuple(specs)
        self._open: dict[str, CollectionWriter] = {}
        self._adopted: dict[str, dict[str, Any]] = {}

    def adopt(self, name: str, version: str, facts: dict[str, Any]) -> None:
        """Count a collection that was written into the folder by CollectionWriter.beside; facts: what its close gave."""
        self._adopted[_stem(name, version)] = facts

    def collection(self, name: str, version: str = "1.1") -> CollectionWriter:
        """Return the writer of one collection, opened on first use.

        A collection of 1.2 that is never opened is the one of 1.1.
        """
        stem = _stem(name, version)
        if stem not in self._open:
            self._open[stem] = CollectionWriter(self.path, stem)
        return self._open[stem]

    def _complete(self) -> None:
        """Open what has no records: a collection of a version is there, if only as empty files."""
        first, *others = self._specs
        wanted = [(name, first) for name in COLLECTIONS[first]]
        wanted += [(name, version) for version in others for name in COLLECTIONS[version] if name not in COLLECTIONS[first]]
        for name, version in wanted:
            if _stem(name, version) not in self._adopted:
                self.collection(name, version)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            for writer in self._open.values():
                writer.close()
            return
        self._complete()
        facts = {stem: writer.close() for stem, writer in self._open.items()} | self._adopted
        described = {
            "format": FORMAT,
            **self._meta,
            "specs": list(self._specs),
            "collections": facts,
        }
        text = json.dumps(described, indent=1, sort_keys=True)
        self.path.joinpath("district.json").write_text(text + "\n", encoding="utf-8")


class StoreCollection:
    """Read access to one collection by row number; rows are in order of sourcedId."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        # Mapped, not read: a reader's memory does not grow with the district.
        with folder.joinpath(f"{name}.offsets").open("rb") as index:
            size = index.seek(0, 2)
            self._index: mmap.mmap | bytes = mmap.mmap(index.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
        self.offsets: NDArray[np.uint64] = np.frombuffer(self._index, dtype="<u8")
        self._file = folder.joinpath(f"{name}.slab").open("rb")
        size = int(self.offsets[-1])
        self._slab: mmap.mmap | bytes = (
            mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
        )

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def slice_bytes(self, start: int, stop: int) -> bytes:
        """Records start to stop - 1, joined by `,\\n`, without a trailing comma; out of range is empty."""
        start, stop = max(start, 0), min(stop, len(self))
        if start >= stop:
            return b""
        return self._slab[
            int(self.offsets[start]) : int(self.offsets[stop]) - len(SEPARATOR)
        ]

    def record_bytes(self, row: int) -> bytes:
        """One rendered record; IndexError out of range."""
        if not 0 <= row < len(self):
            raise IndexError(row)
        return self.slice_bytes(row, row + 1)

    def gather(self, rows: NDArray[np.integer[Any]]) -> bytes:
        """Records of some rows in the order given, joined like a slice; neighbours are read at once."""
        if not len(rows):
            return b""
        breaks = np.flatnonzero(np.diff(rows) != 1) + 1
        starts = self.offsets[rows[np.concatenate(([0], breaks))]].tolist()
        stops = self.offsets[rows[np.concatenate((breaks - 1, [len(rows) - 1]))] + 1].tolist()
        slab, tail = self._slab, len(SEPARATOR)
        return SEPARATOR.join([slab[start : stop - tail] for start, stop in zip(starts, stops, strict=True)])

    def iter_bytes(self) -> Iterator[bytes]:
        """All rendered records in order."""
        for row in range(len(self)):
            yield self.slice_bytes(row, row + 1)

    def find(self, sourced_id: str) -> int | None:
        """Row number of a sourcedId, by binary search; None when it is not there."""
        wanted = sourced_id.encode("utf-8")
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            found = sourced_id_of(self.record_bytes(middle)).encode("utf-8")
            if found < wanted:
                low = middle + 1
            else:
                high = middle
        if low < len(self) and sourced_id_of(self.record_bytes(low)) == sourced_id:
            return low
        return None

    def release(self) -> None:
        """Give back the memory of what was read so far, for who reads all of it once."""
        for mapped in (self._slab, self._index):
            if isinstance(mapped, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
                mapped.madvise(mmap.MADV_DONTNEED)

    def close(self) -> None:
        """Release the file; slices already taken stay valid."""
        if isinstance(self._slab, mmap.mmap):
            self._slab.close()
        self._file.close()


class Store:
    """An opened store: its description and its collections."""

    def __init__(self, path: Path, meta: dict[str, Any]) -> None:
        self.path = path
        self.meta = meta
        self._open: dict[str, StoreCollection] = {}

    @classmethod
    def open(cls, path: Path) -> Store:
        """Open a store folder.

        Raises StoreProblem when the folder has no readable description or another format.
        """
        description = path / "district.json"
        try:
            meta = json.loads(description.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise StoreProblem(
                f"{path}: no readable district.json; expected a finished .district store"
            ) from error
        if not isinstance(meta, dict) or meta.get("format") != FORMAT:
            raise StoreProblem(
                f"{path}: another store format; expected {FORMAT}, write the district again"
            )
        return cls(path, meta)

    @property
    def specs(self) -> tuple[str, ...]:
        """The versions that the store holds."""
        return tuple(self.meta["specs"])

    @property
    def contents(self) -> tuple[tuple[str, str], ...]:
        """Version and name of every collection, one that both versions share only once."""
        found: dict[str, tuple[str, str]] = {}
        for version in self.specs:
            for name in COLLECTIONS[version]:
                found.setdefault(self.stem(name, version), (version, name))
        return tuple(found.values())

    def is_shared(self, name: str) -> bool:
        """Whether a collection is written once for all versions of the store."""
        return name in COLLECTIONS["1.1"] and all(self.stem(name, version) == name for version in self.specs)

    def stem(self, name: str, version: str = "1.1") -> str:
        """Stem of the files that hold a collection; the same for both versions when its records are the same.

        Raises StoreProblem when the store does not hold the version, ValueError for an unknown name.
        """
        own = _stem(name, version)
        if version not in self.specs:
            raise StoreProblem(
                f"{self.path}: a store of {', '.join(self.specs)}; expected one that holds {version}: write the district again"
            )
        return name if version != "1.1" and own not in self.meta["collections"] else own

    def count(self, name: str, version: str = "1.1") -> int:
        """How many records a collection has, without opening it."""
        return int(self.meta["collections"][self.stem(name, version)]["count"])

    def collection(self, name: str, version: str = "1.1") -> StoreCollection:
        """Return one collection as a version has it, mapped on first use."""
        stem = self.stem(name, version)
        if stem not in self._open:
            try:
                self._open[stem] = StoreCollection(self.path, stem)
            except (OSError, IndexError, ValueError) as error:
                raise StoreProblem(
                    f"{self.path}: collection {stem} is missing or cut"
                ) from error
        return self._open[stem]

    def close(self) -> None:
        """Release all files."""
        for found in self._open.values():
            found.close()
        self._open.clear()
