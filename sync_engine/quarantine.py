"""Rows of a source that were set aside: which, why, since when, and where they stand. Their last good version stays landed.

Found by the sources, kept by the apply in the transaction that lands the rest, listed by `sync quarantine`. Holds keys and names of columns, and
no other value of a row. An entry leaves when its row is good again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from typing import Any

from sync_engine.sql_text import quoted
from sync_engine.targets.session import Session

QUARANTINE = "_oneroster_quarantine"
KEPT = 1_000
"""So many entries of one entity are kept one by one; a run counts them all."""
_BATCH = 500
NO_KEY, UNFIT, NO_RECORD, TWO_CONTENTS = "no sourcedId", "cells do not fit the header", "no record", "one key with several contents"


@dataclass(frozen=True, slots=True)
class Aside:
    """One row that was set aside. key: its sourcedId, empty where it has none. columns: where its copies differ. place: file
    and lines, or the request. rows: how many rows the entry stands for. since: the first day; empty until a plan knows."""

    entity: str
    key: str
    reason: str
    columns: str
    place: str
    rows: int = 1
    since: str = ""


_COLUMNS = ("tenant", "source", *(one.name for one in fields(Aside)))


def keep(session: Session, tenant: str, source: str, entities: Iterable[str], found: Sequence[Aside]) -> None:
    """Keep what a source sets aside now, in place of what it set aside of these entities before."""
    if session.columns(QUARANTINE):
        for entity in entities:
            session.query(
                f"DELETE FROM {quoted(QUARANTINE)} WHERE tenant = ? AND source = ? AND entity = ?", (tenant, source, entity)
            )
    if not found:
        return
    columns = ", ".join(f"{quoted(name)} {'BIGINT' if name == 'rows' else session.text_type} NOT NULL" for name in _COLUMNS)
    session.query(f"CREATE TABLE IF NOT EXISTS {quoted(QUARANTINE)} ({columns})")
    marks = f"({', '.join('?' for _ in _COLUMNS)})"
    for first in range(0, len(found), _BATCH):
        batch = found[first : first + _BATCH]
        session.query(
            f"INSERT INTO {quoted(QUARANTINE)} ({', '.join(map(quoted, _COLUMNS))}) VALUES {', '.join([marks] * len(batch))}",
            [cell for one in batch for cell in (tenant, source, *astuple(one))],
        )


def listed(session: Session, tenant: str, source: str | None = None) -> list[Aside]:
    """A tenant's entries, of one source or of all, in order."""
    if not session.columns(QUARANTINE):
        return []
    only, values = ("", [tenant]) if source is None else (" AND source = ?", [tenant, source])
    rows = session.query(
        f"SELECT {', '.join(map(quoted, _COLUMNS[2:]))} FROM {quoted(QUARANTINE)} WHERE tenant = ?{only} ORDER BY 1, 2, 3, 4, 5", values
    )
    return [Aside(*row) for row in rows]


def dated(now: Iterable[Aside], before: Iterable[Aside], day: str) -> list[Aside]:
    """What is set aside now, each with the day that it was first; one that stood there before keeps its day."""
    known = {(one.entity, one.key, one.reason): one.since for one in before}
    return [replace(one, since=known.get((one.entity, one.key, one.reason), day)) for one in now]


def read_aside(found: Sequence[Any]) -> Aside:
    """An entry of a plan's file. Raises TypeError or ValueError for something else."""
    entity, key, reason, columns, place, rows, since = found
    return Aside(str(entity), str(key), str(reason), str(columns), str(place), int(rows), str(since))
