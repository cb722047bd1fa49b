"""How old a credential is: since when a target has seen it, as a hash that tells nobody what it is.

Called by whoever has read a source, and by `sync status`. Keeps no secret and no name of an account.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from oneroster_standard.moments import format_instant, parse_instant
from sync_engine.sql_text import quoted
from sync_engine.targets.session import Session, Target

CREDENTIALS = "_oneroster_credentials"
_SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class Credential:
    """One credential of a tenant. place: `first` or `second` when it was last looked at. served_at: when it last served, None
    for never."""

    tenant: str
    place: str
    seen_since: datetime
    served_at: datetime | None


def _mark(salt: str, credential: str) -> str:
    """Slow to guess from, also where a secret is short."""
    return hashlib.scrypt(credential.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1, dklen=16).hex()


def note(session: Session, tenant: str, given: Mapping[str, str], served: str, at: datetime) -> None:
    """Remember the credentials of a tenant: place -> credential; served: the place of the one that was accepted."""
    text = session.text_type
    names = ("tenant", "place", "salt", "mark", "seen_since", "served_at")
    session.query(f"CREATE TABLE IF NOT EXISTS {quoted(CREDENTIALS)} ({', '.join(f'{name} {text} NOT NULL' for name in names)})")
    known = session.query(f"SELECT salt, mark FROM {quoted(CREDENTIALS)} WHERE tenant = ?", (tenant,))
    for place, credential in given.items():
        mark = next((str(mark) for salt, mark in known if hmac.compare_digest(_mark(str(salt), credential), str(mark))), None)
        moment = format_instant(at)
        if mark is None:
            salt = secrets.token_hex(_SALT_BYTES)
            mark = _mark(salt, credential)
            session.query(f"INSERT INTO {quoted(CREDENTIALS)} VALUES (?, ?, ?, ?, ?, '')", (tenant, place, salt, mark, moment))
        session.query(f"UPDATE {quoted(CREDENTIALS)} SET place = ? WHERE tenant = ? AND mark = ?", (place, tenant, mark))
        if place == served:
            session.query(f"UPDATE {quoted(CREDENTIALS)} SET served_at = ? WHERE tenant = ? AND mark = ?", (moment, tenant, mark))


class Served:
    """Hears which credential served and keeps it in the target once the run has ended."""

    def __init__(self) -> None:
        self.place = ""

    def hear(self, place: str) -> None:
        """Called when a source has been read."""
        self.place = place

    def keep(self, target: Target, tenant: str, given: Mapping[str, str], at: datetime) -> None:
        """Write it down; nothing for a source without a credential.

        Raises CannotRun when the target cannot be written.
        """
        if self.place and given:
            with target.writing() as session:
                note(session, tenant, given, self.place, at)


def listed(session: Session) -> list[Credential]:
    """All credentials that the target has seen, each tenant's oldest first."""
    if not session.columns(CREDENTIALS):
        return []
    rows = session.query(f"SELECT tenant, place, seen_since, served_at FROM {quoted(CREDENTIALS)} ORDER BY tenant, seen_since, mark")
    return [Credential(str(tenant), str(place), parse_instant(str(since)), parse_instant(str(served)) if served else None) for tenant, place, since, served in rows]


def serving(found: list[Credential], tenant: str) -> Credential | None:
    """The one that served last."""
    own = [one for one in found if one.tenant == tenant and one.served_at is not None]
    return max(own, key=lambda one: (one.served_at or one.seen_since, one.seen_since), default=None)
