"""How a target stands: its tenants, their last runs, and how many rows are in which state.

Called by `sync status`. Reads counts and the record of runs only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from oneroster_standard.standard import VERSIONS
from sync_engine.landing import Table, tables
from sync_engine.monitoring.credentials import listed, serving
from sync_engine.monitoring.measures import GOOD, Expectations, Measures, measure
from sync_engine.run_log import Entry, entries
from sync_engine.sql_text import quoted
from sync_engine.targets.session import Session


@dataclass(frozen=True, slots=True)
class Standing:
    """One tenant. runs: its record, oldest first. rows: entity -> own state -> rows. drifted: the landed rows are not
    those that the last run left, so something else wrote to them; None where that cannot be told. measures: what the record
    tells at this moment."""

    tenant: str
    runs: Sequence[Entry]
    rows: dict[str, dict[str, int]]
    drifted: bool | None
    measures: Measures

    @property
    def last(self) -> Entry:
        """The run that says how things stand."""
        return self.runs[-1]

    @property
    def last_settled(self) -> Entry | None:
        """The last run that landed all that it found."""
        return next((one for one in reversed(self.runs) if one.status in GOOD), None)

    def document(self) -> dict[str, Any]:
        """The machine form."""
        settled = self.last_settled
        # A run that failed found nothing out, so what waited before it waits still.
        told = next((one for one in reversed(self.runs) if one.after), self.last)
        return {
            "tenant": self.tenant, "status": self.last.status, "last_run": self.last.run, "last_at": self.last.at,
            "last_settled_run": settled.run if settled else None, "last_settled_at": settled.at if settled else None,
            "source": self.last.source, "spec": self.last.spec, "reasons": list(self.last.reasons),
            "held": {name: found["held"] for name, found in told.changes.items() if found["held"]},
            "quarantined": {name: found["quarantined"] for name, found in told.changes.items() if found["quarantined"]},
            "runs": {status: sum(one.status == status for one in self.runs)
                     for status in ("applied", "held", "refused", "failed")},
            "success_rate": round(sum(one.status in GOOD for one in self.runs) / len(self.runs), 4),
            "rows": self.rows, "drifted": self.drifted, "measures": self.measures.document(),
        }  # fmt: skip


def standings(session: Session, now: datetime, expected: Expectations | None = None) -> list[Standing]:
    """Every tenant that a run speaks of, in order of its name. now: when ages are told."""
    every = entries(session)
    return [
        _standing(session, tenant, [one for one in every if one.tenant == tenant], now, expected or Expectations())
        for tenant in sorted({one.tenant for one in every})
    ]


def measured(session: Session, tenant: str, now: datetime, expected: Expectations) -> Measures:
    """The measures of one tenant."""
    return measure(tenant, entries(session, tenant), now, expected, serving(listed(session), tenant), _modified(session, tenant))


def _standing(session: Session, tenant: str, runs: Sequence[Entry], now: datetime, expected: Expectations) -> Standing:
    last = next((one for one in reversed(runs) if one.after), None)
    rows = row_states(session, tenant)
    measures = measure(tenant, runs, now, expected, serving(listed(session), tenant), _modified(session, tenant))
    return Standing(tenant, runs, rows, None if last is None else _digest(session, last) != last.after, measures)


def row_states(session: Session, tenant: str) -> dict[str, dict[str, int]]:
    """A tenant's landed rows: entity -> own state -> rows."""
    names = sorted({name for version in VERSIONS for name in tables(version)})
    return {name: found for name in names if (found := _by_state(session, name, tenant))}


def _modified(session: Session, tenant: str) -> str | None:
    """The newest moment at which the source says that a record changed."""
    found: list[str] = []
    for name in sorted({name for version in VERSIONS for name in tables(version)}):
        if {"tenant", "_state", "dateLastModified"} <= session.columns(name):
            rows = session.query(f'SELECT max("dateLastModified") FROM {quoted(name)} WHERE "tenant" = ? AND "_state" = \'present\'', (tenant,))
            found += [str(row[0]) for row in rows if row[0]]
    return max(found, default=None)


def _digest(session: Session, last: Entry) -> str:
    known = tables(last.spec)
    told: list[Table] = [known[name] for name in last.changes if name in known]
    return session.digest(told, last.tenant)


def _by_state(session: Session, name: str, tenant: str) -> dict[str, int]:
    if not {"tenant", "_state"} <= session.columns(name):
        return {}
    found = session.query(
        f'SELECT "_state", count(*) FROM {quoted(name)} WHERE "tenant" = ? GROUP BY 1 ORDER BY 1', (tenant,)
    )
    return {str(state): int(rows) for state, rows in found}
