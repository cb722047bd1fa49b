"""Which landed rows count: what the application may act on.

Called by courses, accounts and visibility. A row that was removed, or that waits in any other state of the sync, gives
nobody an account and shows nobody anything.
"""

from __future__ import annotations

from oneroster_harness.problems import CannotRun
from sync_engine.landing import ACTIVE, PRESENT
from sync_engine.sql_text import literal, quoted
from sync_engine.targets.session import Session


def live(alias: str = "") -> str:
    """SQL that holds for rows that count. alias: of the table, when the statement names one."""
    prefix = f"{alias}." if alias else ""
    return f"{prefix}{quoted('status')} = {literal(ACTIVE)} AND {prefix}{quoted('_state')} = {literal(PRESENT)}"


def is_landed(session: Session, table: str) -> bool:
    """Whether a table of that name holds landed rows."""
    return {"tenant", "sourcedId", "status", "_state"} <= session.columns(table)


def require_landed(session: Session, table: str, tenant: str, where: str) -> None:
    """Raises CannotRun when no row of the tenant has landed in the table."""
    if is_landed(session, table):
        found = session.query(f"SELECT 1 FROM {quoted(table)} WHERE {quoted('tenant')} = ? LIMIT 1", (tenant,))
        if found:
            return
    raise CannotRun(
        f"no {table} of this tenant have landed", "a target that a sync has filled", f"{where}, tenant {tenant}",
        "oneroster sync run SOURCE TARGET --yes, or another --tenant", "sync.nothing-landed",
    )  # fmt: skip
