"""Who sees what, worked out by walking over objects: the judge of the SQL. Written without looking at it. Test support."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

TODAY = "2026-10-01"
ADMINISTRATORS = {
    "administrator",
    "principal",
    "districtAdministrator",
    "siteAdministrator",
    "systemAdministrator",
}
RELATIVES = {"guardian", "parent", "relative"}
LEADERS = {"teacher", "administrator"}


@dataclass(frozen=True, slots=True)
class Role:
    """One role of a user at one organisation; begin and end as in 1.2."""

    name: str
    org: str | None
    begin: str | None = None
    end: str | None = None

    def counts(self) -> bool:
        """Whether it counts today; its last day is no longer one."""
        return (self.begin is None or self.begin <= TODAY) and (self.end is None or TODAY < self.end)


@dataclass(frozen=True, slots=True)
class User:
    """One user row."""

    id: str
    roles: tuple[Role, ...]
    agents: tuple[str, ...] = ()
    enabled: str | None = "true"
    state: str = "present"


@dataclass(frozen=True, slots=True)
class Org:
    """One organisation."""

    id: str
    parent: str | None
    state: str = "present"


@dataclass(frozen=True, slots=True)
class Term:
    """One academic session."""

    id: str
    end: str | None
    state: str = "present"


@dataclass(frozen=True, slots=True)
class Class:
    """One class."""

    id: str
    school: str
    terms: tuple[str, ...]
    state: str = "present"


@dataclass(frozen=True, slots=True)
class Enrollment:
    """One enrollment."""

    id: str
    class_id: str
    user: str
    role: str
    begin: str | None = None
    end: str | None = None
    state: str = "present"


@dataclass(frozen=True, slots=True)
class Roster:
    """A tenant's rows."""

    orgs: Sequence[Org] = ()
    users: Sequence[User] = ()
    terms: Sequence[Term] = ()
    classes: Sequence[Class] = ()
    enrollments: Sequence[Enrollment] = ()


@dataclass(slots=True)
class Sight:
    """What one user sees."""

    orgs: set[str] = field(default_factory=set)
    classes: set[str] = field(default_factory=set)
    users: set[str] = field(default_factory=set)
    enrollments: set[str] = field(default_factory=set)


class Eyes:
    """A roster without everything that does not count today."""

    def __init__(self, roster: Roster) -> None:
        self.orgs = {one.id: one for one in roster.orgs if one.state == "present"}
        self.users = {one.id: one for one in roster.users if one.state == "present"}
        ends = {one.id: one.end for one in roster.terms if one.state == "present"}
        self.classes = {
            one.id: one for one in roster.classes if one.state == "present" and not self._is_over(one, ends)
        }  # fmt: skip
        self.enrollments = [one for one in roster.enrollments if self._counts(one)]

    @staticmethod
    def _is_over(one: Class, ends: dict[str, str | None]) -> bool:
        known = [ends[term] for term in one.terms if term in ends]
        return bool(known) and all(end is not None and end < TODAY for end in known)

    def _counts(self, one: Enrollment) -> bool:
        if one.state != "present" or one.class_id not in self.classes or one.user not in self.users:
            return False
        return not (one.begin and one.begin > TODAY) and not (one.end and one.end < TODAY)

    def roles(self, user: str) -> list[Role]:
        """A user's roles of today."""
        return [role for role in self.users[user].roles if role.counts()]

    def homes(self, user: str) -> set[str]:
        """Organisations of a user that are there."""
        return {role.org for role in self.roles(user) if role.org in self.orgs and role.org is not None}

    def lies_below(self, org: str, head: str) -> bool:
        """Whether a walk upwards from an organisation meets another one."""
        at: str | None = org
        for _ in range(len(self.orgs) + 1):
            if at not in self.orgs or at is None:
                return False
            if at == head:
                return True
            at = self.orgs[at].parent
        return False

    def realm(self, heads: set[str]) -> set[str]:
        """Organisations with what lies below them."""
        return {org for org in self.orgs for head in heads if self.lies_below(org, head)}

    def children(self, user: str) -> set[str]:
        """Pupils whom a relative looks after."""
        if not any(role.name in RELATIVES for role in self.roles(user)):
            return set()
        named = {one.id for one in self.users.values() if user in one.agents} | set(self.users[user].agents)
        return {
            child
            for child in named
            if child in self.users and any(role.name == "student" for role in self.roles(child))
        }

    def look(self, user: str) -> Sight:
        """Everything that a user sees."""
        if user not in self.users or self.users[user].enabled == "false":
            return Sight()
        children = self.children(user)
        seen = Sight(orgs=self.realm(self.homes(user)).union(*(self.homes(child) for child in children)))
        ruled = self.realm(
            {role.org for role in self.roles(user) if role.name in ADMINISTRATORS and role.org}
        )
        for one in self.classes.values():
            members = [found for found in self.enrollments if found.class_id == one.id]
            is_member = any(found.user == user for found in members)
            has_child = any(found.user in children and found.role == "student" for found in members)
            if one.school in ruled or (one.school in seen.orgs and (is_member or has_child)):
                seen.classes.add(one.id)
        met = {one.user for one in self.enrollments if one.class_id in seen.classes and one.role in LEADERS}
        led = {
            one.class_id for one in self.enrollments
            if one.user == user and one.role in LEADERS and one.class_id in seen.classes
        }  # fmt: skip
        met |= {one.user for one in self.enrollments if one.class_id in led and one.role == "student"}
        seen.users = {user} | children
        seen.users |= {one for one in met if self.homes(one) & seen.orgs}
        seen.users |= {one for one in self.users if self.homes(one) & ruled}
        seen.enrollments = {
            one.id for one in self.enrollments if one.class_id in seen.classes and one.user in seen.users
        }  # fmt: skip
        return seen
