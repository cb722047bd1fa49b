"""One look at the accounts of a tenant: rows, rules, collisions, exports, confirmations.

Called by `sync accounts`. Writes to the target only what a service confirmed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sync_engine.accounts import ledger, scim
from sync_engine.accounts.collisions import KINDS, Collision, collisions
from sync_engine.accounts.deciding import REASONS, WAITING, Account, Decider, settle
from sync_engine.accounts.exports import Export, write_csv, write_scim
from sync_engine.accounts.people import Organisations, people
from sync_engine.accounts.rules import ROLES, load
from sync_engine.landing import NEVER_LANDED
from sync_engine.live_rows import is_landed, require_landed
from sync_engine.sql_text import quoted
from sync_engine.targets.session import Session, Target


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked. today: ISO date for roles that begin and end; at: instant of a confirmation."""

    tenant: str
    rules: Path | None
    exports: Sequence[Export]
    answer: Path | None
    bulk_limit: int | None
    today: str
    at: str


@dataclass(frozen=True, slots=True)
class Found:
    """What the roster says. passwords: rows of the target that hold one. unconfirmed: operations of an answer that failed."""

    target: str
    order: Order
    accounts: Sequence[Account]
    shared: Sequence[Collision]
    changes: Mapping[str, int]
    passwords: int
    confirmed: int
    unconfirmed: int
    files: Sequence[str]

    @property
    def waiting(self) -> int:
        """People whose sign-in is shared."""
        return sum(account.reason == WAITING for account in self.accounts)

    @property
    def reasons(self) -> list[str]:
        """What a person should know, one sentence each."""
        found = []
        if self.passwords:
            found.append(
                f"{self.passwords:,} rows of the target hold a password; run a sync, which takes the column out"
            )
        if self.waiting:
            found.append(f"{self.waiting:,} people wait: {REASONS[WAITING]}")
        if self.unconfirmed:
            found.append(f"{self.unconfirmed:,} operations of the answer failed or speak of nobody here")
        kinds = Counter(one.kind for one in self.shared)
        found += [f"{number:,} times {KINDS[kind]}" for kind, number in sorted(kinds.items())]
        return found

    def document(self) -> dict[str, Any]:
        """The machine form: counts, and people as redacted signs only."""
        active = [account for account in self.accounts if account.active]
        return {
            "target": self.target, "tenant": self.order.tenant, "as_of": self.order.today, "users": len(self.accounts),
            "accounts": {
                "active": len(active), "by_role": {role: sum(one.role == role for one in active) for role in ROLES},
                "by_provider": dict(sorted(Counter(one.provider for one in active).items())),
                "deactivate": sum(one.is_lost for one in self.accounts),
            },
            "without_account": dict(sorted(Counter(one.reason for one in self.accounts if one.reason).items())),
            "collisions": [one.document() for one in self.shared], "changes": dict(self.changes),
            "confirmed": self.confirmed, "unconfirmed": self.unconfirmed, "passwords": self.passwords,
            "exports": list(self.files), "reasons": self.reasons,
        }  # fmt: skip

    def text(self) -> str:
        """The same for a person."""
        said = self.document()
        lines = [f"users      {said['users']:,}", f"accounts   {said['accounts']['active']:,}"]
        lines += [f"  {role:<16} {number:>9,}" for role, number in said["accounts"]["by_role"].items()]
        lines += [
            f"  through {name:<8} {number:>9,}" for name, number in said["accounts"]["by_provider"].items()
        ]
        lines.append(f"switch off {said['accounts']['deactivate']:,}")
        lines += [
            f"no account {number:>9,}  {REASONS[reason]}"
            for reason, number in said["without_account"].items()
        ]
        lines.append(
            "to send    " + ", ".join(f"{number:,} {kind}" for kind, number in said["changes"].items())
        )
        lines += [f"note: {reason}" for reason in said["reasons"]]
        lines += [f"wrote {path}" for path in said["exports"]]
        return "\n".join(lines)


def look(target: Target, order: Order) -> Found:
    """Decide every account of a tenant, take an answer in, and write the exports.

    Raises CannotRun when no users have landed, UsageProblem for rules or answers that mean nothing.
    """
    rules = load(order.rules)
    answer = scim.read_answer(order.answer) if order.answer else []
    with target.reading() as session:
        require_landed(session, "users", order.tenant, target.address)
        decider = Decider(rules, order.tenant, Organisations(session, order.tenant))
        known = ledger.confirmed(session, order.tenant)
        decided = [decider.decide(person) for person in people(session, order.tenant, order.today)]
        passwords = _passwords(session)
    accounts = settle(decided, ledger.holders(known))
    told, failed = scim.confirmations(answer, accounts, known, order.tenant, order.at)
    if told:
        with target.writing() as session:
            ledger.keep(session, told)
        known = known | {one.user: one for one in told}
    changed = list(scim.changes(accounts, known, order.tenant))
    counts = {kind: sum(one.kind == kind for one in changed) for kind in ("create", "update", "deactivate")}
    counts["unchanged"] = sum(account.active for account in accounts) - counts["create"] - counts["update"]
    files = _export(order, accounts, changed)
    shared = collisions(order.tenant, (account.person for account in accounts))
    return Found(target.address, order, accounts, shared, counts, passwords, len(told), failed, files)


def _export(order: Order, accounts: Sequence[Account], changed: Sequence[scim.Change]) -> list[str]:
    written: list[str] = []
    for export in order.exports:
        if export.format == "scim":
            written += map(str, write_scim(export.path, scim.requests(changed, order.bulk_limit)))
        else:
            listed = (account for account in accounts if account.active or account.is_lost)
            write_csv(export.path, listed, order.tenant)
            written.append(str(export.path))
    return written


def _passwords(session: Session) -> int:
    """Rows that hold what must not be kept: of an earlier release, or of another hand."""
    found = 0
    for table in ("users", "userProfiles"):
        for name in session.columns(table).intersection(NEVER_LANDED) if is_landed(session, table) else ():
            found += int(session.query(f"SELECT count({quoted(name)}) FROM {quoted(table)}")[0][0])
    return found
