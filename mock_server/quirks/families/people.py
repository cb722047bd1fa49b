"""Quirks of people: roles, names, mail, orgs, passwords."""

from __future__ import annotations

from mock_server.quirks.hooks import Quirk, Record, RecordContext, quirk

SHARED_MAIL = "Family.Mailbox@Families.Example.ORG "


@quirk("people.role-and-roles")
class RoleAndRoles(Quirk):
    """A 1.1 user has role and orgs, and 1.2's roles beside them (D109)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Add roles."""
        if collection != "users" or "role" not in record:
            return record
        roles = [{"roleType": "primary", "role": record["role"], "org": org} for org in record.get("orgs", ())]
        return {**record, "roles": roles}


@quirk("people.role-outside-list")
class RoleOutsideList(Quirk):
    """Staff bear a role that the standard does not have (D110)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Call aides staff."""
        return {**record, "role": "staff"} if collection == "users" and record.get("role") == "aide" else record


@quirk("people.parents-are-relatives")
class ParentsAreRelatives(Quirk):
    """Parents and guardians come as relatives (D111)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Change the role."""
        own = record.get("role")
        return {**record, "role": "relative"} if collection == "users" and own in ("parent", "guardian") else record


@quirk("people.name-blank")
class NameBlank(Quirk):
    """Some users have no given name (D114)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Blank every thirtieth."""
        return {**record, "givenName": ""} if collection == "users" and context.row % 30 == 7 else record


@quirk("people.email-shared")
class EmailShared(Quirk):
    """Parents share one mailbox, in mixed case and with a blank behind (D116)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Give all guardians one address."""
        own = record.get("role")
        return {**record, "email": SHARED_MAIL} if collection == "users" and own in ("parent", "guardian") else record


@quirk("people.password-present")
class PasswordPresent(Quirk):
    """Users carry a password (D93); a made-up one here."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Add it."""
        return {**record, "password": "not-a-real-password"} if collection == "users" else record


@quirk("people.same-org-twice")
class SameOrgTwice(Quirk):
    """A user names one school twice (D119)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Repeat the last org of every tenth user."""
        if collection != "users" or "orgs" not in record or context.row % 10:
            return record
        return {**record, "orgs": [*record["orgs"], record["orgs"][-1]]}
