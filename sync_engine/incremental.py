"""What an incremental run may ask of each collection: changes since a mark, or the whole of it, and why.

Called before a source is read. Whatever speaks against the mark makes the read a whole one; nothing is removed because an
incremental read lacks it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from oneroster_harness.providers import Endpoint
from oneroster_standard.dialects import DialectProblem, load_dialect
from oneroster_standard.moments import format_instant, parse_instant
from sync_engine.aliases import ALIASES
from sync_engine.difference import read_files
from sync_engine.landing import tables
from sync_engine.policy import Incremental
from sync_engine.run_log import entries
from sync_engine.snapshot import Snapshot
from sync_engine.sql_text import quoted
from sync_engine.targets.session import Session, Target
from sync_engine.watermarks import Mark, marks_of

SILENT_QUIRK = "deletion.no-tombstones"


@dataclass(frozen=True, slots=True)
class Since:
    """How one collection is to be read. at: ask for what changed since then; empty for a whole read, with its reason in
    `why`. mark: what the last read left."""

    at: str = ""
    why: str = ""
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a target remembers of a source, for the reader of an API.

    asked: whether an incremental run is wanted at all. scope: fingerprint of who asks whom; marks of another one count
    for nothing.
    """

    target: Target
    tenant: str
    scope: str
    day: date
    limits: Incremental
    asked: bool
    vanishes: bool
    marks: Mapping[str, Mark] = field(default_factory=dict)
    spoiled: str = ""

    def since(self, entity: str) -> Since:
        """How to read an entity."""
        mark = self.marks.get(entity)
        if not self.asked:
            return Since(mark=mark)
        if why := self._against(mark):
            return Since(why=why, mark=mark)
        assert mark is not None
        at = parse_instant(mark.at) - timedelta(hours=self.limits.overlap_hours)
        return Since(format_instant(at), "", mark)

    def _against(self, mark: Mark | None) -> str:
        if mark is None:
            return "nothing was read of it that can be built upon"
        if mark.scope != self.scope:
            return "the vendor, the version or the credential is another one"
        if self.spoiled:
            return self.spoiled
        age = (self.day - date.fromisoformat(mark.audited)).days
        if age >= self.limits.audit_days or age < 0:
            return f"the last whole read is {age} days old"
        return ""

    def unknown(self, entity: str, snapshot: Snapshot) -> int:
        """How many keys of a snapshot's rows have not landed under any name."""
        db, folder = snapshot.scratch.db, snapshot.scratch.folder
        table = tables(snapshot.version)[entity]
        with self.target.reading() as session:
            known = self._keys(session, f"SELECT {quoted('sourcedId')} FROM {quoted(table.name)} WHERE tenant = ?",
                               (self.tenant,), folder / f"{entity}.known") if session.exists(table) else []  # fmt: skip
            if session.columns(ALIASES):
                known += self._keys(session, f"SELECT alias AS {quoted('sourcedId')} FROM {quoted(ALIASES)} WHERE tenant = ? AND entity = ?",
                                    (self.tenant, entity), folder / f"{entity}.named")  # fmt: skip
        own = f"SELECT \"sourcedId\" FROM {read_files([snapshot.path(entity)])}"
        where = f" WHERE \"sourcedId\" NOT IN (SELECT \"sourcedId\" FROM {read_files(known)})" if known else ""
        found = db.execute(f"SELECT count(*) FROM ({own}){where}").fetchone()
        for file in known:
            file.unlink()
        return int((found or (0,))[0])

    def _keys(self, session: Session, sql: str, values: tuple[str, ...], stem: Path) -> list[Path]:
        return session.export_rows(sql, values, {"sourcedId": pl.String}, stem)


def scope_of(endpoint: Endpoint, version: str) -> str:
    """Fingerprint of who asks whom; holds no secret."""
    said = "\x00".join((endpoint.auth, endpoint.client_id or "", endpoint.vendor or "", version))
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def remember(
    target: Target, endpoint: Endpoint, version: str, *, source: str, tenant: str, day: date, limits: Incremental, asked: bool
) -> Earlier:
    """Look up what a target remembers of a source."""
    with target.reading() as session:
        marks = marks_of(session, tenant, source)
        spoiled = _spoiled(session, tenant, version) if asked and marks else ""
    return Earlier(target, tenant, scope_of(endpoint, version), day, limits, asked, _vanishes(endpoint), marks, spoiled)


def _spoiled(session: Session, tenant: str, version: str) -> str:
    """Rows that something else wrote are repaired by a whole read only."""
    last = next((one for one in reversed(entries(session, tenant)) if one.after), None)
    if last is None:
        return ""
    known = tables(last.spec) if last.spec else tables(version)
    now = session.digest([known[name] for name in last.changes if name in known], tenant)
    return "" if now == last.after else "something other than a sync wrote to the landed rows"


def _vanishes(endpoint: Endpoint) -> bool:
    """Whether the vendor is known for showing no deleted row."""
    if not endpoint.vendor:
        return False
    try:
        return SILENT_QUIRK in {one.quirk for one in load_dialect(endpoint.vendor).deviations}
    except DialectProblem:
        return False
