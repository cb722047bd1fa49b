"""How far each collection of an API has been read: kept in the target, in the transaction that lands the rows.

Written by the apply, read before an incremental run. A mark is an instant of the provider's, never of ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from sync_engine.sql_text import quoted
from sync_engine.targets.session import Session

WATERMARKS = "_oneroster_watermarks"


@dataclass(frozen=True, slots=True)
class Mark:
    """How far one entity of one source was read.

    at: every change up to this instant has landed. served: rows that the provider has, by our count. audited: the day of
    the last whole read. tells: False when rows have vanished from it without a word. scope: fingerprint of who asked and
    of whom.
    """

    entity: str
    at: str
    served: int
    audited: str
    tells: bool
    scope: str


_COLUMNS = ("tenant", "source", *(one.name for one in fields(Mark)))
_TYPES = {"served": "BIGINT", "tells": "BOOLEAN"}


def keep(session: Session, tenant: str, source: str, marks: Iterable[Mark]) -> None:
    """Keep marks in place of earlier ones."""
    found = list(marks)
    if not found:
        return
    columns = ", ".join(f"{quoted(name)} {_TYPES.get(name, session.text_type)} NOT NULL" for name in _COLUMNS)
    key = ", ".join(map(quoted, _COLUMNS[:3]))
    session.query(f"CREATE TABLE IF NOT EXISTS {quoted(WATERMARKS)} ({columns}, PRIMARY KEY ({key}))")
    replaced = ", ".join(f"{quoted(name)} = excluded.{quoted(name)}" for name in _COLUMNS[3:])
    for mark in found:
        session.query(
            f"INSERT INTO {quoted(WATERMARKS)} ({', '.join(map(quoted, _COLUMNS))}) VALUES ({', '.join('?' for _ in _COLUMNS)})"
            f" ON CONFLICT ({key}) DO UPDATE SET {replaced}",
            (tenant, source, *asdict(mark).values()),
        )


def forget(session: Session, tenant: str) -> None:
    """Forget a tenant's marks: its rows are no longer what was read."""
    if session.columns(WATERMARKS):
        session.query(f"DELETE FROM {quoted(WATERMARKS)} WHERE tenant = ?", (tenant,))


def marks_of(session: Session, tenant: str, source: str) -> dict[str, Mark]:
    """The marks of one source, by entity."""
    if not session.columns(WATERMARKS):
        return {}
    rows = session.query(
        f"SELECT {', '.join(map(quoted, _COLUMNS[2:]))} FROM {quoted(WATERMARKS)} WHERE tenant = ? AND source = ?",
        (tenant, source),
    )
    return {str(row[0]): Mark(*row) for row in rows}


def read_mark(found: Mapping[str, Any]) -> Mark:
    """A mark of a plan's file. Raises KeyError, TypeError or ValueError for something else."""
    return Mark(
        str(found["entity"]), str(found["at"]), int(found["served"]), str(found["audited"]), bool(found["tells"]),
        str(found["scope"]),
    )  # fmt: skip
