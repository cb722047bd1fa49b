"""Rules of accounts: which role signs in as what, and through which identity provider, as a TOML file.

Called by the decision. What a file does not say stays as shipped; a role that no rule knows gets no account.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from oneroster_harness.problems import CannotRun, UsageProblem, nearest

ROLES = ("administrator", "teacher", "student")
"""Roles of accounts, the mightiest first."""
NONE = "none"
SUBJECTS = ("username", "email", "identifier", "sourcedId")
USER_IDS = "userIds:"
_KEYS = {"name", "subject", "tenants", "schools", "roles"}


@dataclass(frozen=True, slots=True)
class Provider:
    """One identity provider and whom it serves; an empty list is everybody.

    subject: fields that name a person there, the first filled one counts. schools: orgs, with what lies below them.
    """

    name: str
    subject: tuple[str, ...]
    tenants: tuple[str, ...] = ()
    schools: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """What a district decided. roles: role of OneRoster -> role of an account or none; providers: the first that fits counts."""

    roles: Mapping[str, str]
    providers: tuple[Provider, ...]


def load(path: Path | None) -> Rules:
    """The shipped rules with a file's on top; a file that names providers replaces the shipped one.

    Raises UsageProblem for a rule that means nothing, CannotRun for a file that cannot be read.
    """
    shipped = tomllib.loads(files(__package__).joinpath("roles.toml").read_text("utf-8"))
    given: dict[str, Any] = _read(path) if path else {}
    where = str(path or "roles.toml")
    for name in given.keys() - {"roles", "provider"}:
        raise UsageProblem(f"unknown table {name!r}; {nearest(name, ('roles', 'provider'))}", where=where)
    roles = {**shipped["roles"], **_table(given.get("roles", {}), where)}
    for role, account in roles.items():
        if account not in (*ROLES, NONE):
            raise UsageProblem(
                f"{role} cannot become {account!r}", ", ".join((*ROLES, NONE)), f"{where}, roles.{role}"
            )
    listed = given.get("provider", shipped["provider"])
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise UsageProblem("providers are written [[provider]]", "a list of tables", where)
    return Rules(
        roles, tuple(_provider(one, f"{where}, provider {number}") for number, one in enumerate(listed, 1))
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise CannotRun(f"the rules cannot be read: {error.strerror}", "a .toml file", str(path)) from error
    except ValueError as error:
        raise UsageProblem("the rules are not TOML", "[roles] and [[provider]]", str(path)) from error


def _table(found: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise UsageProblem("roles is no table", '[roles] with lines like aide = "teacher"', where)
    return found


def _provider(one: Mapping[str, Any], where: str) -> Provider:
    for key in one.keys() - _KEYS:
        raise UsageProblem(f"unknown key {key!r}; {nearest(key, _KEYS)}", where=where)
    name, subject = one.get("name"), one.get("subject", "username")
    if not isinstance(name, str) or not name:
        raise UsageProblem("an identity provider has no name", "name = ...", where)
    fields = _texts(subject, f"{where}, subject")
    for field in fields:
        if field not in SUBJECTS and not (field.startswith(USER_IDS) and field != USER_IDS):
            raise UsageProblem(
                f"{field!r} names nobody", f"{', '.join(SUBJECTS)} or {USER_IDS}TYPE", f"{where}, subject"
            )
    wanted = _texts(one.get("roles", []), f"{where}, roles")
    for role in wanted:
        if role not in ROLES:
            raise UsageProblem(f"unknown role {role!r}; {nearest(role, ROLES)}", where=f"{where}, roles")
    tenants, schools = (_texts(one.get(key, []), f"{where}, {key}") for key in ("tenants", "schools"))
    return Provider(name, fields, tenants, schools, wanted)


def _texts(found: Any, where: str) -> tuple[str, ...]:
    listed = [found] if isinstance(found, str) else found
    if not isinstance(listed, list) or not all(isinstance(one, str) and one for one in listed):
        raise UsageProblem("a list of texts is expected", '["one", "other"]', where)
    return tuple(listed)
