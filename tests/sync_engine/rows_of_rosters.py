"""Rosters of the visibility model as landed rows, put straight into a target's tables. Test support."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sync_engine.landing import tables
from sync_engine.targets.session import Session
from tests.sync_engine.visibility_model import Roster

TABLES = ("orgs", "users", "roles", "academicSessions", "classes", "enrollments")
Rows = Mapping[str, Sequence[Mapping[str, Any]]]


def make_tables(session: Session, version: str) -> None:
    """Create the landed tables that the definition reads."""
    for name in TABLES:
        if name in tables(version):
            session.create(tables(version)[name])


def rows_of(roster: Roster, version: str) -> Rows:
    """Cells of every table; what the model does not know gets something that fits."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES if name in tables(version)}
    for org in roster.orgs:
        found["orgs"].append({"sourcedId": org.id, "parentSourcedId": org.parent, "_state": org.state})
    for term in roster.terms:
        found["academicSessions"].append({"sourcedId": term.id, "endDate": term.end, "_state": term.state})
    for one in roster.classes:
        found["classes"].append(
            {
                "sourcedId": one.id,
                "schoolSourcedId": one.school,
                "termSourcedIds": list(one.terms) or None,
                "_state": one.state,
            }
        )
    for one in roster.enrollments:
        found["enrollments"].append({
            "sourcedId": one.id, "classSourcedId": one.class_id, "userSourcedId": one.user, "role": one.role,
            "beginDate": one.begin, "endDate": one.end, "_state": one.state,
        })  # fmt: skip
    for user in roster.users:
        cells: dict[str, Any] = {
            "sourcedId": user.id, "enabledUser": user.enabled, "agentSourcedIds": list(user.agents) or None, "_state": user.state,
        }  # fmt: skip
        if version == "1.1":
            cells["role"] = user.roles[0].name if user.roles else None
            cells["orgSourcedIds"] = [role.org for role in user.roles if role.org] or None
        else:
            found["roles"] += [
                {"sourcedId": f"{user.id}-{number}", "userSourcedId": user.id, "role": role.name, "orgSourcedId": role.org,
                 "beginDate": role.begin, "endDate": role.end, "_state": "present"}
                for number, role in enumerate(user.roles)
            ]  # fmt: skip
        found["users"].append(cells)
    return found


def put(query: Callable[[str, Sequence[Any]], object], rows: Rows, tenant: str) -> None:
    """Insert rows of a tenant."""
    for table, listed in rows.items():
        for cells in listed:
            status = "active" if cells["_state"] == "present" else "tobedeleted"
            row = {"tenant": tenant, "status": status, **cells}
            names = ", ".join(f'"{name}"' for name in row)
            marks = ", ".join("?" for _ in row)
            query(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', list(row.values()))
