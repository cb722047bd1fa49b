"""Accounts that the application confirmed, kept in the target: what the next export need not repeat.

Called by `sync accounts`. Written only from the answer of a SCIM service: a file that was written is not yet an account.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields

from sync_engine.accounts.deciding import folded
from sync_engine.sql_text import quoted
from sync_engine.targets.session import Session

ACCOUNTS = "_oneroster_accounts"


@dataclass(frozen=True, slots=True)
class Confirmed:
    """One account as the application has it. scim_id: its id there; content: digest of what was sent; active: true or false."""

    tenant: str
    user: str
    scim_id: str
    provider: str
    subject: str
    content: str
    active: str
    confirmed_at: str


_COLUMNS = tuple(one.name for one in fields(Confirmed))


def confirmed(session: Session, tenant: str) -> dict[str, Confirmed]:
    """User -> confirmed account."""
    if not session.columns(ACCOUNTS):
        return {}
    names = ", ".join(map(quoted, _COLUMNS))
    rows = session.query(
        f'SELECT {names} FROM {quoted(ACCOUNTS)} WHERE "tenant" = ? ORDER BY "user"', (tenant,)
    )
    return {found.user: found for found in (Confirmed(*row) for row in rows)}


def holders(known: Mapping[str, Confirmed]) -> dict[tuple[str, str], str]:
    """(provider, folded subject) -> who signs in by it."""
    return {(one.provider, folded(one.subject)): one.user for one in known.values() if one.active == "true"}


def keep(session: Session, told: Iterable[Confirmed]) -> None:
    """Keep what the application confirmed, inside the session's transaction."""
    columns = ", ".join(f"{quoted(name)} {session.text_type} NOT NULL" for name in _COLUMNS)
    session.query(
        f'CREATE TABLE IF NOT EXISTS {quoted(ACCOUNTS)} ({columns}, PRIMARY KEY ("tenant", "user"))'
    )
    names, marks = ", ".join(map(quoted, _COLUMNS)), ", ".join("?" for _ in _COLUMNS)
    replaced = ", ".join(f"{quoted(name)} = excluded.{quoted(name)}" for name in _COLUMNS[2:])
    for one in told:
        session.query(
            f'INSERT INTO {quoted(ACCOUNTS)} ({names}) VALUES ({marks}) ON CONFLICT ("tenant", "user") DO UPDATE SET {replaced}',
            astuple(one),
        )
