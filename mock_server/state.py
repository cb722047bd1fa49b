"""Whatever changes while a server runs, shared by its worker processes: one SQLite file and a stamp in mapped memory.

Called by every worker. A change is written in one transaction, which raises the stamp before it ends; a worker compares
24 mapped bytes per request and reads the file only when they differ. Survives the death of a worker, not of the machine.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import sqlite3
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

FILE, STAMP = "state.sqlite", "state.stamp"
BUSY_S = 20.0
_SLOTS = struct.Struct("<QQQ")
_TABLES = """
CREATE TABLE IF NOT EXISTS place (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER, written INTEGER, epoch INTEGER,
  since REAL);
CREATE TABLE IF NOT EXISTS document (name TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS written (number INTEGER PRIMARY KEY, owner TEXT, collection TEXT, sourced_id TEXT, record BLOB,
  UNIQUE (owner, collection, sourced_id));
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL, until REAL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS nonce (vendor TEXT, key TEXT, nonce TEXT, stamp INTEGER, until REAL,
  PRIMARY KEY (vendor, key, nonce, stamp)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS nonce_until ON nonce (until);
CREATE TABLE IF NOT EXISTS snapshot (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kept (snapshot TEXT, kind TEXT, a TEXT, b TEXT, c TEXT, body BLOB);
"""
_KEPT = {
    "document": "document (name, body)", "counter": "counter (name, value)",
    "written": "written (owner, collection, sourced_id, record)",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """A record that a client wrote; owner: vendor and version. An empty record was removed."""

    owner: str
    collection: str
    sourced_id: str
    record: bytes


@dataclass(frozen=True, slots=True)
class View:
    """The state as it was read at once.

    stamp: compare it with SharedState.stamp. epoch: another one means that written holds everything there is, not what came
    since. since: when the epoch began, in seconds since 1970.
    """

    stamp: bytes
    epoch: int
    since: float
    number: int
    documents: Mapping[str, Any]
    written: tuple[Written, ...]


class UnknownSnapshot(Exception):
    """No snapshot has this name; names: those that there are."""

    def __init__(self, name: str, names: list[str]) -> None:
        super().__init__(name)
        self.names = names


class SharedState:
    """The state of one server.

    folder: the command's, which removes it; every worker of a server is given the same one.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._local = threading.local()
        self._open: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self.followers: list[Callable[[], None]] = []
        """Called before a record is written, to take over what other workers wrote."""
        descriptor = os.open(folder / STAMP, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.ftruncate(descriptor, max(_SLOTS.size, os.fstat(descriptor).st_size))
            self._stamp = mmap.mmap(descriptor, _SLOTS.size)
        finally:
            os.close(descriptor)
        connection = self._connection()
        connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} COMMIT;")
        connection.execute("INSERT OR IGNORE INTO place VALUES (1, 0, 0, 0, ?)", (time.time(),))
        self._path.chmod(0o600)

    @property
    def stamp(self) -> bytes:
        """Differs from an earlier one when something was changed, in whichever process."""
        return self._stamp[:]

    def close(self) -> None:
        """Close the file; for those who open one in a process that lives on."""
        with self._lock:
            for connection in self._open:
                connection.close()
            self._open.clear()
        self._local = threading.local()

    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = sqlite3.connect(self._path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
            found.execute("PRAGMA journal_mode=WAL")
            # The file lives as long as its server: it has to outlive a killed worker, and the page cache does.
            found.execute("PRAGMA synchronous=OFF")
            self._local.connection = found
            with self._lock:
                self._open.append(found)
        return found

    @contextmanager
    def _changing(self, *, version: int = 0, written: int = 0, epoch: int = 0) -> Iterator[sqlite3.Connection]:
        """A transaction that alone may write; the stamp is raised before it ends, so that stamps never go back."""
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        before = self.stamp
        try:
            yield connection
            row = connection.execute(
                "UPDATE place SET version = version + ?, written = written + ?, epoch = epoch + ? RETURNING version, written, epoch",
                (version, written, epoch),
            ).fetchone()
            self._stamp[:] = _SLOTS.pack(*row)
            connection.execute("COMMIT")
        except BaseException:
            self._stamp[:] = before
            connection.execute("ROLLBACK")
            raise

    def read(self, epoch: int = -1, number: int = -1) -> View:
        """Everything that may have changed: all documents, and what was written after a number of an epoch."""
        connection = self._connection()
        connection.execute("BEGIN")
        try:
            *place, since = connection.execute("SELECT version, written, epoch, since FROM place").fetchone()
            documents = connection.execute("SELECT name, body FROM document").fetchall()
            after = number if place[2] == epoch else -1
            rows = connection.execute(
                "SELECT number, owner, collection, sourced_id, record FROM written WHERE number > ? ORDER BY number", (after,)
            ).fetchall()
        finally:
            connection.execute("COMMIT")
        return View(
            stamp=_SLOTS.pack(*place), epoch=place[2], since=since, number=rows[-1][0] if rows else after,
            documents={name: orjson.loads(body) for name, body in documents},
            written=tuple(Written(*row[1:]) for row in rows),
        )  # fmt: skip

    def put(self, name: str, document: Any) -> None:
        """Keep a document under a name; None forgets it."""
        self.change(name, lambda _: document)

    def change(self, name: str, function: Callable[[Any], Any]) -> Any:
        """Replace a document by what a function makes of it (None: there is none); returns the new one.

        No other process changes it in between. Whatever the function raises leaves it as it was.
        """
        with self._changing(version=1) as connection:
            row = connection.execute("SELECT body FROM document WHERE name = ?", (name,)).fetchone()
            document = function(orjson.loads(row[0]) if row else None)
            if document is None:
                connection.execute("DELETE FROM document WHERE name = ?", (name,))
            else:
                connection.execute("INSERT OR REPLACE INTO document VALUES (?, ?)", (name, orjson.dumps(document)))
        return document

    def first(self, name: str, document: Any) -> Any:
        """Keep a document unless there is one under the name; returns the one that is kept."""
        row = self._connection().execute("SELECT body FROM document WHERE name = ?", (name,)).fetchone()
        return orjson.loads(row[0]) if row else self.change(name, lambda found: document if found is None else found)

    def write(self, records: Sequence[Written]) -> None:
        """Keep written records in place of earlier ones, all or none."""
        with self._changing(written=len(records)) as connection:
            (number,) = connection.execute("SELECT written FROM place").fetchone()
            connection.executemany(
                "INSERT OR REPLACE INTO written VALUES (?, ?, ?, ?, ?)",
                [
                    (number + place, found.owner, found.collection, found.sourced_id, found.record)
                    for place, found in enumerate(records, 1)
                ],
            )

    @contextmanager
    def writing(self) -> Iterator[None]:
        """The right to write records: one thread of one worker has it, and sees what all others wrote before."""
        with self._writing, self._path.with_suffix(".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            for follow in self.followers:
                follow()
            yield

    def count(self, name: str) -> int:
        """Add one to a counter; returns its value."""
        row = self._connection().execute(
            "INSERT INTO counter VALUES (?, 1, NULL) ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value", (name,)
        ).fetchone()  # fmt: skip
        return int(row[0])

    def counted(self, name: str) -> int:
        """The value of a counter."""
        row = self._connection().execute("SELECT value FROM counter WHERE name = ?", (name,)).fetchone()
        return int(row[0]) if row else 0

    def hit(self, name: str, window_s: float, now: float, amount: int = 1) -> int:
        """Count in a window that begins with its first count; returns its value. now: seconds since 1970."""
        row = self._connection().execute(
            "INSERT INTO counter VALUES (?1, ?2, ?3 + ?4) ON CONFLICT (name) DO UPDATE SET"
            " value = CASE WHEN until <= ?3 THEN ?2 ELSE value + ?2 END, until = CASE WHEN until <= ?3 THEN ?3 + ?4 ELSE until END"
            " RETURNING value",
            (name, amount, now, window_s),
        ).fetchone()  # fmt: skip
        return int(row[0])

    def window(self, name: str, now: float) -> tuple[int, float]:
        """Value of a running window and when it ends; 0 and now when none runs."""
        row = self._connection().execute("SELECT value, until FROM counter WHERE name = ? AND until > ?", (name, now)).fetchone()
        return (int(row[0]), float(row[1])) if row else (0, now)

    def forget_counts(self, prefix: str) -> None:
        """Take the counters whose names begin so back to nothing."""
        self._connection().execute("DELETE FROM counter WHERE substr(name, 1, ?) = ?", (len(prefix), prefix))

    def is_new_nonce(self, vendor: str, key: str, nonce: str, stamp: int, *, until: float, now: float) -> bool:
        """Remember a pair of nonce and timestamp until its time is over; False when it was there."""
        connection = self._connection()
        row = connection.execute(
            "INSERT INTO nonce VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1", (vendor, key, nonce, stamp, until)
        ).fetchone()
        if stamp % 64 == 0:
            connection.execute("DELETE FROM nonce WHERE until < ?", (now,))
        return row is not None

    def reset(self, snapshot: str | None = None) -> None:
        """Go back to the first state, or to a snapshot.

        Nonces stay: a signed request is never good twice. Raises UnknownSnapshot.
        """
        with self._changing(version=1, written=1, epoch=1) as connection:
            if snapshot is not None and snapshot not in (names := self._names(connection)):
                raise UnknownSnapshot(snapshot, names)
            for table in ("document", "written", "counter"):
                connection.execute(f"DELETE FROM {table}")
            for kind, into in _KEPT.items():
                columns = "a, body" if kind != "written" else "a, b, c, body"
                connection.execute(
                    f"INSERT INTO {into} SELECT {columns} FROM kept WHERE snapshot = ? AND kind = ?", (snapshot, kind)
                )
            # Numbers of written records go on where the last epoch ended or a restored one begins anew, whichever is later.
            connection.execute(
                "UPDATE place SET since = ?, written = max(written, (SELECT ifnull(max(number), 0) FROM written))", (time.time(),)
            )

    def snapshot(self, name: str = "") -> str:
        """Keep the state under a name, in place of an earlier snapshot of that name; returns it, or the one that was made up."""
        with self._changing() as connection:
            name = name or f"snapshot-{len(self._names(connection)) + 1}"
            connection.execute("DELETE FROM kept WHERE snapshot = ?", (name,))
            connection.execute("INSERT OR REPLACE INTO snapshot VALUES (?)", (name,))
            connection.execute("INSERT INTO kept SELECT ?, 'document', name, NULL, NULL, body FROM document", (name,))
            connection.execute("INSERT INTO kept SELECT ?, 'counter', name, NULL, NULL, value FROM counter WHERE until IS NULL", (name,))
            connection.execute("INSERT INTO kept SELECT ?, 'written', owner, collection, sourced_id, record FROM written", (name,))
        return name

    def snapshots(self) -> list[str]:
        """Names of the snapshots, sorted."""
        return self._names(self._connection())

    @staticmethod
    def _names(connection: sqlite3.Connection) -> list[str]:
        return [row[0] for row in connection.execute("SELECT name FROM snapshot ORDER BY name")]
