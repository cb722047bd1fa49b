"""Who gets an account: one decision per user row, then whoever would share a sign-in waits.

Called by `sync accounts`. Gives no account in doubt; says for everybody else why not.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sync_engine.accounts.people import Organisations, Person, Role
from sync_engine.accounts.rules import NONE, ROLES, Provider, Rules

REASONS = {
    "removed": "the roster no longer holds the person",
    "disabled": "enabledUser is false",
    "role-ended": "no role with an account counts today",
    "no-account-role": "the rules give this role no account",
    "no-organisation": "none of the organisations is in the roster",
    "no-provider": "no identity provider serves these organisations and this role",
    "no-subject": "what the identity provider knows people by is blank",
    "shared-sign-in": "another person would sign in by the same name",
}
"""Why somebody has no account: id -> what it means."""
LOST = ("removed", "disabled", "role-ended")
"""Reasons that come with time: an account that was there is switched off."""
WAITING = "shared-sign-in"


@dataclass(frozen=True, slots=True)
class Account:
    """One person's account. active: may sign in now; else reason says why not. roles and orgs: of today, or the last ones."""

    person: Person
    role: str = ""
    roles: tuple[str, ...] = ()
    orgs: tuple[str, ...] = ()
    provider: str = ""
    subject: str = ""
    reason: str = ""

    @property
    def active(self) -> bool:
        """Whether the person may sign in."""
        return not self.reason

    @property
    def is_lost(self) -> bool:
        """Whether there was a reason for an account that is gone."""
        return self.reason in LOST and bool(self.role)


def folded(text: str) -> str:
    """A name for signing in as it is compared: most systems make no difference of case."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


class Decider:
    """The rules with the organisations that they speak of."""

    def __init__(self, rules: Rules, tenant: str, orgs: Organisations) -> None:
        self._rules = rules
        self._tenant = tenant
        self._orgs = orgs

    def decide(self, person: Person) -> Account:
        """One person's account, collisions aside."""
        entitled = [role for role in person.roles if self._rules.roles.get(role.name, NONE) != NONE]
        now = [role for role in entitled if role.is_now]
        account = self._described(person, now or entitled)
        reason = self._refusal(person, entitled, now, account)
        return replace(account, reason=reason)

    def _refusal(self, person: Person, entitled: list[Role], now: list[Role], account: Account) -> str:
        if not person.is_live:
            return "removed"
        if not entitled:
            return "no-account-role"
        if not person.is_enabled:
            return "disabled"
        if not now:
            return "role-ended"
        if not account.orgs:
            return "no-organisation"
        if not account.provider:
            return "no-provider"
        return "" if account.subject else "no-subject"

    def _described(self, person: Person, counting: list[Role]) -> Account:
        names = {self._rules.roles[role.name] for role in counting if role.org in self._orgs}
        names = names or {self._rules.roles[role.name] for role in counting}
        roles = tuple(name for name in ROLES if name in names)
        orgs = tuple(sorted({role.org for role in counting if role.org in self._orgs}))
        if not roles:
            return Account(person)
        provider = self._provider(roles[0], orgs)
        subject = (
            next((found for name in provider.subject if (found := person.field(name))), "")
            if provider
            else ""
        )
        return Account(person, roles[0], roles, orgs, provider.name if provider else "", subject)

    def _provider(self, role: str, orgs: tuple[str, ...]) -> Provider | None:
        for one in self._rules.providers:
            if one.tenants and self._tenant not in one.tenants:
                continue
            if one.roles and role not in one.roles:
                continue
            if not one.schools or any(
                self._orgs.is_within(org, school) for org in orgs for school in one.schools
            ):
                return one
        return None


def settle(accounts: Iterable[Account], holders: Mapping[tuple[str, str], str]) -> list[Account]:
    """Accounts in their order; of several with one sign-in all wait but the one who has it already.

    holders: (provider, folded subject) -> id of the person whose account there is confirmed.
    """
    found = list(accounts)
    shared: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, account in enumerate(found):
        if account.active:
            shared[account.provider, folded(account.subject)].append(place)
    for key, places in shared.items():
        if len(places) < 2:
            continue
        for place in places:
            if found[place].person.id != holders.get(key):
                found[place] = replace(found[place], reason=WAITING)
    return found
