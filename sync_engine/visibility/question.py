"""What one user may see, asked of a target that need not know of views.

Called by `sync visible`. Reads only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oneroster_harness.problems import CannotRun
from sync_engine.landing import ACTIVE, PRESENT
from sync_engine.live_rows import require_landed
from sync_engine.sql_text import literal, quoted
from sync_engine.targets.session import Session, Target
from sync_engine.visibility.definition import KINDS, chain

NOTHING = {
    "removed": "the user is no longer in the roster and sees nothing",
    "disabled": "the user may not sign in and sees nothing",
}
"""Why a user sees nothing: id -> what it means."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The answer. ids: kind -> sourcedIds in order. reason: of NOTHING, empty for a user who may look."""

    target: str
    tenant: str
    user: str
    today: str
    ids: Mapping[str, Sequence[str]]
    reason: str

    def document(self) -> dict[str, Any]:
        """The machine form."""
        return {
            "target": self.target, "tenant": self.tenant, "user": self.user, "as_of": self.today, "reason": self.reason or None,
            "counts": {kind: len(found) for kind, found in self.ids.items()},
            "visible": {kind: list(found) for kind, found in self.ids.items()},
        }  # fmt: skip

    def text(self) -> str:
        """The same for a person: numbers, no ids but the one that was given."""
        lines = [f"user {self.user} of tenant {self.tenant} on {self.today}"]
        lines += [f"  {kind:<12} {len(found):>9,}" for kind, found in self.ids.items()]
        if self.reason:
            lines.append(f"note: {NOTHING[self.reason]}")
        return "\n".join(lines)


def ask(target: Target, tenant: str, user: str, today: str) -> Seen:
    """What a user may see on a day.

    Raises CannotRun when nothing has landed, or nobody of that id.
    """
    with target.reading() as session:
        require_landed(session, "users", tenant, target.address)
        reason = _reason(session, target, tenant, user)
        head = chain(session, literal(today), '"tenant" = ? AND "sourcedId" = ?')
        found = {
            kind: sorted(
                str(row[0])
                for row in session.query(
                    f'{head} SELECT DISTINCT "sourcedId" FROM {quoted(f"visible_{kind}")}', (tenant, user)
                )
            )
            for kind in KINDS
        }
    return Seen(target.address, tenant, user, today, found, reason)


def _reason(session: Session, target: Target, tenant: str, user: str) -> str:
    found = session.query(
        'SELECT "status", "_state", "enabledUser" FROM "users" WHERE "tenant" = ? AND "sourcedId" = ?',
        (tenant, user),
    )
    if not found:
        raise CannotRun(
            "nobody of this id has landed", "the sourcedId of a user", f"{target.address}, tenant {tenant}, user {user}",
            "check the id's case and the tenant", "sync.unknown-user",
        )  # fmt: skip
    status, state, enabled = found[0]
    if (status, state) != (ACTIVE, PRESENT):
        return "removed"
    return "disabled" if str(enabled or "").lower() in ("false", "0", "no") else ""
