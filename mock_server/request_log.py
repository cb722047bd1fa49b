"""Lines that several processes append to one file, in the order they came.

Called by the journal. A line is one write of the system, so no lock is needed; starting anew puts another file in its
place, which every process notices at its next line.
"""

from __future__ import annotations

import os
import tempfile
import threading
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Place:
    """How far a reader has come: a file and an offset in it."""

    file: int = 0
    offset: int = 0


class RequestLog(Protocol):
    """What the journal needs of its log."""

    def append(self, line: bytes) -> None:
        """Add a line, which ends with a line break."""
        ...

    def read(self, place: Place) -> tuple[Place, bytes]:
        """What was added after a place, and where that ends; the file is another one when the log started anew."""
        ...

    def clear(self) -> None:
        """Start anew."""
        ...


_HEAD_BYTES = 256


class SharedLog:
    """A log of all processes that are given the same folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "journal.jsonl"
        self._lock = threading.Lock()
        self._descriptor, self._file = -1, 0

    def _current(self) -> int:
        try:
            file = os.stat(self._path).st_ino
        except FileNotFoundError:
            file = 0
        if file != self._file or not file:
            with self._lock:
                fresh = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
                self._file = os.fstat(fresh).st_ino
                if self._descriptor < 0:
                    self._descriptor = fresh
                else:
                    # The number stays: another thread may be about to write to it.
                    os.dup2(fresh, self._descriptor)
                    os.close(fresh)
        return self._descriptor

    def append(self, line: bytes) -> None:
        """Add a line, which ends with a line break."""
        os.write(self._current(), line)

    def read(self, place: Place) -> tuple[Place, bytes]:
        """What was added after a place, and where that ends; the file is another one when the log started anew."""
        descriptor = self._current()
        found = os.fstat(descriptor)
        # The number of a file that is gone may come again: its first line, which bears its time, tells two files apart.
        head = os.pread(descriptor, _HEAD_BYTES, 0).partition(b"\n")[0]
        file = found.st_ino << 32 | zlib.crc32(head)
        begin = place.offset if place.file == file else 0
        added = os.pread(descriptor, found.st_size - begin, begin)
        # A line that is being written is left for the next time.
        whole = added[: added.rfind(b"\n") + 1]
        return Place(file, begin + len(whole)), whole

    def clear(self) -> None:
        """Start anew, for all processes; of two that do so at once, the last one's file stays."""
        with tempfile.NamedTemporaryFile(dir=self._path.parent, prefix="journal-", delete=False) as fresh:
            os.replace(fresh.name, self._path)


class MemoryLog:
    """A log of this process alone."""

    def __init__(self) -> None:
        self._lines = bytearray()
        self._file = 1

    def append(self, line: bytes) -> None:
        """Add a line, which ends with a line break."""
        self._lines += line

    def read(self, place: Place) -> tuple[Place, bytes]:
        """What was added after a place, and where that ends; the file is another one when the log started anew."""
        begin = place.offset if place.file == self._file else 0
        return Place(self._file, len(self._lines)), bytes(self._lines[begin:])

    def clear(self) -> None:
        """Start anew."""
        self._lines.clear()
        self._file += 1
