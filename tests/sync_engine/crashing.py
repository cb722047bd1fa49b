"""A target whose connection dies at a chosen statement: by an exception in this process, or by SIGKILL in one of its own.

Run as `python -m tests.sync_engine.crashing PLAN TARGET STATEMENT` it kills itself there.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import psycopg
import pytest

from sync_engine import plan as plans
from sync_engine.applying import apply
from sync_engine.targets.duckdb_target import DuckDbTarget
from sync_engine.targets.opening import open_target
from tests.sync_engine.engine import stamp


class Crash(BaseException):
    """Nothing in the product catches this."""


def crash() -> None:
    raise Crash


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Fuse:
    """Counts statements, the commit included; blows before or after one of them, or around the commit."""

    def __init__(self, at: int | str, *, after: bool = False, blow: Callable[[], None] = crash) -> None:
        self.statements = 0
        self._at, self._after, self._blow = at, after, blow

    def around(self, what: str, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Do one statement."""
        is_it = self._at in (self.statements, what)
        self.statements += 1
        if is_it and not self._after:
            self._blow()
        found = call(*arguments, **named)
        if is_it and self._after:
            self._blow()
        return found


class _Connection:
    """A DuckDB connection behind a fuse."""

    def __init__(self, db: Any, fuse: Fuse) -> None:
        self._db, self._fuse = db, fuse

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def execute(self, sql: str, *values: Any) -> Any:
        if sql == "ROLLBACK":
            return self._db.execute(sql)
        return self._fuse.around(sql, self._db.execute, sql, *values)


@contextmanager
def fused(fuse: Fuse) -> Iterator[None]:
    """Every statement to a target goes through the fuse."""
    whole_duckdb, whole_postgres = DuckDbTarget._connect, psycopg.connect

    class Connection(psycopg.Connection[Any]):
        def execute(self, *arguments: Any, **named: Any) -> Any:
            return fuse.around("execute", super().execute, *arguments, **named)

        def cursor(self, *arguments: Any, **named: Any) -> Any:
            return fuse.around("cursor", super().cursor, *arguments, **named)

        def commit(self) -> None:
            fuse.around("COMMIT", super().commit)

    def connect(target: DuckDbTarget, *, read_only: bool) -> Any:
        return _Connection(whole_duckdb(target, read_only=read_only), fuse)

    patch = pytest.MonkeyPatch()
    patch.setattr(DuckDbTarget, "_connect", connect)
    patch.setattr(psycopg, "connect", Connection.connect)
    try:
        yield
    finally:
        patch.undo()
    assert psycopg.connect == whole_postgres


if __name__ == "__main__":
    made = plans.load(Path(sys.argv[1]))
    with fused(Fuse(int(sys.argv[3]), blow=kill)):
        every = [{"hold": hold.id} for hold in made.holds]
        apply(made, open_target(sys.argv[2]), stamp("killed", made, "apply"), every)
